//! The scorer: every head's score on every kept prompt.

use super::batch::{cut, filled, lengths};
use super::{Head, Measure, StudyError, TokenizedPrompt, YieldPoint, stats};
use crate::model::{ActivationCache, Gpt2, HookPoint, Hooks, Interest, ModelError, NoHooks};
use candle_core::Tensor;

/// Cells of all heads' patterns that are held at once: 16 MB of them.
const CELLS_AT_ONCE: usize = 4 << 20;

/// Scores of all heads under one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadScores {
    /// What was measured.
    pub measure: Measure,
    /// Its chance level, mean over the scored prompts.
    pub chance: f64,
    /// Numbers of the scored prompts. Prompts without a cell of the target
    /// have no score.
    pub sequences: Vec<usize>,
    /// Scores: (prompt, layer, head), prompts as in `sequences`.
    pub per_prompt: Vec<Vec<Vec<f64>>>,
}

impl HeadScores {
    /// Mean over the prompts, (layer, head).
    #[must_use]
    pub fn mean(&self) -> Vec<Vec<f64>> {
        self.over_prompts(stats::mean)
    }

    /// Standard deviation over the prompts, (layer, head); `None` for one prompt.
    #[must_use]
    pub fn sd(&self) -> Vec<Vec<Option<f64>>> {
        self.over_prompts(stats::sd)
    }

    /// All heads, the one that shows the most of the pattern first.
    #[must_use]
    pub fn ranking(&self) -> Vec<(Head, f64)> {
        let mean = self.mean();
        let layer = |(layer, scores): (usize, &Vec<f64>)| {
            let head = move |(head, &score): (usize, &f64)| (Head { layer, head }, score);
            scores.iter().enumerate().map(head).collect::<Vec<_>>()
        };
        let mut heads: Vec<(Head, f64)> = mean.iter().enumerate().flat_map(layer).collect();
        let sign = if self.measure.metric.higher_is_more() { -1.0 } else { 1.0 };
        heads.sort_by(|(_, a), (_, b)| (sign * a).total_cmp(&(sign * b)));
        heads
    }

    fn over_prompts<T>(&self, statistic: fn(&[f64]) -> T) -> Vec<Vec<T>> {
        let first = self.per_prompt.first().map_or(&[][..], Vec::as_slice);
        let cell = |l: usize, h: usize| {
            statistic(&self.per_prompt.iter().map(|scores| scores[l][h]).collect::<Vec<_>>())
        };
        let layer = |(l, heads): (usize, &Vec<f64>)| (0..heads.len()).map(|h| cell(l, h)).collect();
        first.iter().enumerate().map(layer).collect()
    }
}

/// Scores all heads on the prompts that have a cell of the target.
///
/// # Errors
///
/// [`StudyError::NothingToScore`] if none has one, or the model's error.
pub async fn score_heads(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    measure: impl Into<Measure>,
    pace: &impl YieldPoint,
) -> Result<HeadScores, StudyError> {
    let mut scorer = HeadScorer::new(cases, measure)?;
    let n_layer = model.config().n_layer;
    for l in 0..n_layer {
        pace.step(l, n_layer).await?;
        scorer.run_layer(model).await?;
    }
    pace.step(n_layer, n_layer).await?;
    Ok(scorer.scores())
}

/// Scores heads layer by layer, so that a layer can be scored while the next is
/// still being fetched.
#[derive(Debug)]
pub struct HeadScorer<'a> {
    measure: Measure,
    /// The prompts that have a cell of the target.
    cases: Vec<&'a TokenizedPrompt>,
    /// Layers scored so far.
    layers: usize,
    batches: Vec<Batch>,
    /// (prompt, layer, head).
    per_prompt: Vec<Vec<Vec<f64>>>,
}

/// Where the run of some of the prompts stands.
#[derive(Debug)]
enum Batch {
    /// Before the last scored layer, whose patterns need not be computed again.
    Before { resid_pre: Tensor, pattern: Tensor },
    /// After it.
    After { resid_post: Tensor },
}

impl<'a> HeadScorer<'a> {
    /// Nothing scored yet.
    ///
    /// # Errors
    ///
    /// [`StudyError::NothingToScore`] if no prompt has a cell of the target.
    pub fn new(cases: &'a [TokenizedPrompt], measure: impl Into<Measure>) -> Result<Self, StudyError> {
        let measure = measure.into();
        let cases: Vec<&TokenizedPrompt> =
            cases.iter().filter(|case| measure.chance(&case.relations).is_some()).collect();
        if cases.is_empty() {
            return Err(StudyError::NothingToScore);
        }
        let per_prompt = vec![Vec::new(); cases.len()];
        Ok(Self { measure, cases, layers: 0, batches: Vec::new(), per_prompt })
    }

    /// Scores the next layer, l, which takes what `Depth::Pattern(l)` needs.
    ///
    /// # Errors
    ///
    /// The model's.
    pub async fn run_layer(&mut self, model: &Gpt2) -> Result<(), StudyError> {
        let l = self.layers;
        let tokens = lengths(&self.cases).into_iter().max().unwrap_or(1);
        let at_once = (CELLS_AT_ONCE / (model.config().n_head * tokens * tokens)).max(1);
        let mut batches = Vec::with_capacity(self.batches.len());
        let mut scores = Vec::with_capacity(self.cases.len());
        for (i, cases) in self.cases.chunks(at_once).enumerate() {
            let resid_pre = match self.batches.get(i) {
                Some(Batch::After { resid_post }) => resid_post.clone(),
                Some(Batch::Before { resid_pre, pattern }) => {
                    let known = Known { point: HookPoint::Pattern(l - 1), activation: pattern };
                    model.block(l - 1, resid_pre, &known).await?
                }
                None => model.embed(&filled(cases), &NoHooks).await?,
            };
            // A layer that another follows runs as a whole, if it is all there.
            let point = HookPoint::Pattern(l);
            let recorder = ActivationCache::of(&[point]);
            let whole = l + 1 < model.config().n_layer && model.has_layer(l);
            let (pattern, batch) = if whole {
                let resid_post = model.block(l, &resid_pre, &recorder).await?;
                let pattern = recorder.into_activations().remove(&point);
                (pattern.ok_or(ModelError::NotLoaded("a pattern"))?, Batch::After { resid_post })
            } else {
                let pattern = model.pattern(l, &resid_pre, &NoHooks).await?;
                (pattern.clone(), Batch::Before { resid_pre, pattern })
            };
            scores.extend(score_layer(&pattern, cases, &self.measure)?);
            batches.push(batch);
        }
        self.batches = batches;
        for (prompt, layer) in self.per_prompt.iter_mut().zip(scores) {
            prompt.push(layer);
        }
        self.layers += 1;
        Ok(())
    }

    /// The scores of the layers so far.
    #[must_use]
    pub fn scores(&self) -> HeadScores {
        let chances: Vec<f64> =
            self.cases.iter().filter_map(|case| self.measure.chance(&case.relations)).collect();
        HeadScores {
            measure: self.measure.clone(),
            chance: stats::mean(&chances),
            sequences: self.cases.iter().map(|case| case.sequence).collect(),
            per_prompt: self.per_prompt.clone(),
        }
    }
}

/// Has one activation cached, and leaves the others as they are.
struct Known<'a> {
    point: HookPoint,
    activation: &'a Tensor,
}

impl Hooks for Known<'_> {
    fn interest(&self, point: HookPoint) -> Interest {
        if point == self.point { Interest::Write } else { Interest::None }
    }

    fn cached(&self, point: HookPoint) -> Option<Tensor> {
        (point == self.point).then(|| self.activation.clone())
    }
}

/// Scores of one layer, (prompt, head), from its patterns (B, H, T, T).
fn score_layer(
    pattern: &Tensor,
    cases: &[&TokenizedPrompt],
    measure: &Measure,
) -> Result<Vec<Vec<f64>>, StudyError> {
    let (_, n_head, tokens, _) = pattern.dims4().map_err(ModelError::from)?;
    let cells = pattern.flatten_all()?.to_vec1::<f32>()?;
    let prompts = cells.chunks_exact(n_head * tokens * tokens).zip(cases);
    let score = |cells: &[f32], case: &TokenizedPrompt| {
        measure.score(&cut(cells, tokens, case.ids.len()), &case.relations).ok_or(StudyError::NothingToScore)
    };
    prompts
        .map(|(heads, case)| heads.chunks_exact(tokens * tokens).map(|cells| score(cells, case)).collect())
        .collect()
}
