//! The detector: every head's score on every kept prompt.

use super::{Case, Head, Measure, Pace, StudyError, stats};
use crate::model::{Gpt2, HookPoint, Recorder};
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

    /// Standard deviation over the prompts, (layer, head).
    #[must_use]
    pub fn sd(&self) -> Vec<Vec<f64>> {
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

    fn over_prompts(&self, statistic: fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
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
    cases: &[Case],
    measure: impl Into<Measure>,
    pace: &impl Pace,
) -> Result<HeadScores, StudyError> {
    let measure = measure.into();
    let scored = |case: &&Case| measure.chance(&case.relations).is_some();
    let cases: Vec<&Case> = cases.iter().filter(scored).collect();
    let (n_layer, n_head) = (model.config().n_layer, model.config().n_head);
    let tokens = cases.first().ok_or(StudyError::NothingToScore)?.ids.len();
    let at_once = (CELLS_AT_ONCE / (n_head * tokens * tokens)).max(1);
    let steps = cases.len().div_ceil(at_once) * n_layer;
    let mut per_prompt = Vec::with_capacity(cases.len());
    for (batch_number, batch) in cases.chunks(at_once).enumerate() {
        let ids: Vec<Vec<u32>> = batch.iter().map(|case| case.ids.clone()).collect();
        let mut scores = vec![Vec::with_capacity(n_layer); batch.len()];
        let mut resid = model.embed(&ids, &crate::model::NoHooks)?;
        for l in 0..n_layer {
            pace.step(batch_number * n_layer + l, steps).await?;
            let pattern = if l + 1 == n_layer {
                model.pattern(l, &resid, &crate::model::NoHooks)?
            } else {
                let recorder = Recorder::of(&[HookPoint::Pattern(l)]);
                resid = model.block(l, &resid, &recorder)?;
                let mut seen = recorder.into_seen();
                seen.remove(&HookPoint::Pattern(l)).ok_or(StudyError::NothingToScore)?
            };
            for (scores, layer) in scores.iter_mut().zip(score_layer(&pattern, batch, measure)?) {
                scores.push(layer);
            }
        }
        per_prompt.extend(scores);
    }
    pace.step(steps, steps).await?;
    let chances: Vec<f64> = cases.iter().filter_map(|case| measure.chance(&case.relations)).collect();
    Ok(HeadScores {
        measure,
        chance: stats::mean(&chances),
        sequences: cases.iter().map(|case| case.sequence).collect(),
        per_prompt,
    })
}

/// Scores of one layer, (prompt, head), from its patterns (B, H, T, T).
fn score_layer(pattern: &Tensor, cases: &[&Case], measure: Measure) -> Result<Vec<Vec<f64>>, StudyError> {
    let (_, n_head, tokens, _) = pattern.dims4().map_err(crate::model::ModelError::from)?;
    let cells = pattern.flatten_all()?.to_vec1::<f32>()?;
    let prompts = cells.chunks_exact(n_head * tokens * tokens).zip(cases);
    let score =
        |cells: &[f32], case: &Case| measure.score(cells, &case.relations).ok_or(StudyError::NothingToScore);
    prompts
        .map(|(heads, case)| heads.chunks_exact(tokens * tokens).map(|cells| score(cells, case)).collect())
        .collect()
}
