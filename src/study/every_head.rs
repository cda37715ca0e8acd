//! Ablations scored on every head that comes after them, in one run each: what a sweep
//! over many seeds is made of. For one head alone [`super::effects`] computes less.

use super::ablation::head_patterns;
use super::batch::{filled, lengths};
use super::{Ablation, Measure, Patch, StudyError, TokenizedPrompt, YieldPoint};
use crate::model::{ActivationCache, Gpt2, HookPoint, Hooks, Interest, ModelError, NoHooks};
use candle_core::Tensor;
use std::cell::RefCell;
use std::collections::HashMap;

/// Scores of heads, (prompt, layer, head), prompts and layers as somebody counts them.
pub type Scores = Vec<Vec<Vec<f64>>>;

/// An un-ablated run of prompts, scored on all heads up to a layer, for ablations to start
/// from.
#[derive(Debug)]
pub struct EveryHead<'a> {
    cases: &'a [TokenizedPrompt],
    measure: Measure,
    /// The last layer that is scored.
    last: usize,
    ids: Vec<Vec<u32>>,
    /// Tokens of each prompt.
    lengths: Vec<usize>,
    clean: HashMap<HookPoint, Tensor>,
    /// (scored prompt, layer, head), un-ablated.
    pub scores: Scores,
}

impl<'a> EveryHead<'a> {
    /// Runs the prompts, and scores those that have a cell of the target. It takes what
    /// `Depth::Pattern(last)` needs.
    ///
    /// # Errors
    ///
    /// [`StudyError::NothingToScore`] if no prompt has a cell of the target, the model's,
    /// or [`StudyError::Cancelled`].
    pub async fn run(
        model: &Gpt2,
        cases: &'a [TokenizedPrompt],
        measure: impl Into<Measure>,
        last: usize,
        pace: &impl YieldPoint,
    ) -> Result<Self, StudyError> {
        let measure = measure.into();
        if !cases.iter().any(|case| measure.chance(&case.relations).is_some()) {
            return Err(StudyError::NothingToScore);
        }
        let (ids, lengths) = (filled(cases), lengths(cases));
        let recorder = ActivationCache::of(&[HookPoint::Embed, HookPoint::PosEmbed]);
        let mut resid = model.embed(&ids, &recorder).await?;
        let mut clean = recorder.into_activations();
        let mut scores = nothing_scored(cases, &measure);
        for l in 0..last {
            pace.step(l, last + 1).await?;
            let pattern = HookPoint::Pattern(l);
            let recorder = ActivationCache::of(&[
                HookPoint::ResidPre(l),
                pattern,
                HookPoint::Z(l),
                HookPoint::AttnOut(l),
                HookPoint::ResidMid(l),
                HookPoint::MlpOut(l),
            ]);
            resid = model.block(l, &resid, &recorder).await?;
            clean.extend(recorder.into_activations());
            let pattern = clean.remove(&pattern).ok_or(ModelError::NotLoaded("a pattern"))?;
            add_layer(&mut scores, &pattern, cases, &lengths, &measure)?;
        }
        let pattern = model.pattern(last, &resid, &NoHooks).await?;
        add_layer(&mut scores, &pattern, cases, &lengths, &measure)?;
        pace.step(last + 1, last + 1).await?;
        Ok(Self { cases, measure, last, ids, lengths, clean, scores })
    }

    /// The first layer whose heads an ablation can change.
    #[must_use]
    pub fn first_layer(ablation: &Ablation) -> usize {
        let layer = |(component, _): &(super::Component, _)| component.layer().map_or(0, |l| l + 1);
        ablation.parts().iter().map(layer).max().unwrap_or(0)
    }

    /// Scores of every head from [`EveryHead::first_layer`] on, with all components of the
    /// ablation replaced.
    ///
    /// # Errors
    ///
    /// [`StudyError::NotApplicable`], [`StudyError::NoOthers`] or the model's.
    pub async fn ablated(&self, model: &Gpt2, ablation: &Ablation) -> Result<Scores, StudyError> {
        let Self { cases, measure, last, lengths, clean, .. } = self;
        let patch = Patch::new(model, ablation, clean, lengths).await?;
        let from = Self::first_layer(ablation);
        let mut scores = nothing_scored(cases, measure);
        if from > *last {
            return Ok(scores);
        }
        let first = ablation.parts().iter().map(|(component, _)| component.layer()).min().flatten();
        let (first, mut resid) =
            match first.and_then(|l| Some((l, clean.get(&HookPoint::ResidPre(l))?.clone()))) {
                Some(start) => start,
                None => (0, model.embed(&self.ids, &patch).await?),
            };
        for l in first..*last {
            if l < from {
                resid = model.block(l, &resid, &patch).await?;
                continue;
            }
            let seen =
                WithPattern { patch: &patch, point: HookPoint::Pattern(l), pattern: RefCell::default() };
            resid = model.block(l, &resid, &seen).await?;
            let pattern = seen.pattern.take().ok_or(ModelError::NotLoaded("a pattern"))?;
            add_layer(&mut scores, &pattern, cases, lengths, measure)?;
        }
        let pattern = model.pattern(*last, &resid, &NoHooks).await?;
        add_layer(&mut scores, &pattern, cases, lengths, measure)?;
        Ok(scores)
    }
}

/// No layer yet, of every prompt that has a cell of the target.
fn nothing_scored(cases: &[TokenizedPrompt], measure: &Measure) -> Scores {
    let scored = cases.iter().filter(|case| measure.chance(&case.relations).is_some());
    vec![Vec::new(); scored.count()]
}

/// Adds the scores of a layer's heads, from its patterns (B, H, T, T).
fn add_layer(
    scores: &mut Scores,
    pattern: &Tensor,
    cases: &[TokenizedPrompt],
    lengths: &[usize],
    measure: &Measure,
) -> Result<(), StudyError> {
    let n_head = pattern.dims4().map_err(ModelError::from)?.1;
    scores.iter_mut().for_each(|prompt| prompt.push(Vec::with_capacity(n_head)));
    for head in 0..n_head {
        let patterns = head_patterns(pattern, head, lengths)?.patterns;
        let scored = cases.iter().zip(&patterns);
        let scored = scored.filter_map(|(case, pattern)| measure.score(pattern, &case.relations));
        for (prompt, score) in scores.iter_mut().zip(scored) {
            prompt.last_mut().into_iter().for_each(|heads| heads.push(score));
        }
    }
    Ok(())
}

/// A patch, and the pattern that it leaves of one layer.
struct WithPattern<'a> {
    patch: &'a Patch<'a>,
    point: HookPoint,
    pattern: RefCell<Option<Tensor>>,
}

impl Hooks for WithPattern<'_> {
    fn interest(&self, point: HookPoint) -> Interest {
        let patch = self.patch.interest(point);
        if point == self.point { patch.max(Interest::Read) } else { patch }
    }

    fn cached(&self, point: HookPoint) -> Option<Tensor> {
        self.patch.cached(point)
    }

    fn hook(&self, point: HookPoint, activation: Tensor) -> crate::model::Result<Tensor> {
        let activation = self.patch.hook(point, activation)?;
        if point == self.point {
            self.pattern.replace(Some(activation.clone()));
        }
        Ok(activation)
    }
}
