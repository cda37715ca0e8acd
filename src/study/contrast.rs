//! Several heads side by side on the same prompts.

use super::batch::{filled, lengths};
use super::{AttentionBreakdown, Head, Measure, StudyError, TokenizedPrompt, YieldPoint, stats};
use crate::model::{ActivationCache, Gpt2, HookPoint, ModelError, NoHooks};
use candle_core::Tensor;

/// One head on some prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// The head.
    pub head: Head,
    /// Its score on each prompt that has a cell of the target.
    pub scores: Vec<f64>,
    /// The chance level, mean over the same prompts; `None` if there is none.
    pub chance: Option<f64>,
    /// Where its attention goes, mean over all prompts.
    pub shares: AttentionBreakdown,
}

/// Scores several heads in one run of the model.
///
/// # Errors
///
/// [`StudyError::NothingToScore`] if there is no prompt, [`StudyError::Cancelled`]
/// or the model's.
pub async fn contrast(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    heads: &[Head],
    measure: impl Into<Measure>,
    pace: &impl YieldPoint,
) -> Result<Vec<Contrast>, StudyError> {
    let measure = measure.into();
    if cases.is_empty() {
        return Err(StudyError::NothingToScore);
    }
    let Some(last) = heads.iter().map(|head| head.layer).max() else { return Ok(Vec::new()) };
    let mut resid = model.embed(&filled(cases), &NoHooks).await?;
    let mut contrasts: Vec<Option<Contrast>> = vec![None; heads.len()];
    for l in 0..=last {
        pace.step(l, last + 1).await?;
        let pattern = if l == last {
            model.pattern(l, &resid, &NoHooks).await?
        } else {
            let recorder = ActivationCache::of(&[HookPoint::Pattern(l)]);
            resid = model.block(l, &resid, &recorder).await?;
            let missing = || ModelError::NoSuchTensor(HookPoint::Pattern(l).to_string());
            recorder.into_activations().remove(&HookPoint::Pattern(l)).ok_or_else(missing)?
        };
        for (contrast, &head) in contrasts.iter_mut().zip(heads) {
            if head.layer == l {
                *contrast = Some(of_head(&pattern, cases, head, &measure)?);
            }
        }
    }
    pace.step(last + 1, last + 1).await?;
    Ok(contrasts.into_iter().flatten().collect())
}

/// One head of a layer's patterns, (B, H, T, T).
fn of_head(
    pattern: &Tensor,
    cases: &[TokenizedPrompt],
    head: Head,
    measure: &Measure,
) -> Result<Contrast, StudyError> {
    let patterns = super::ablation::head_patterns(pattern, head.head, &lengths(cases))?.patterns;
    let pairs = || cases.iter().zip(&patterns);
    let shares: Vec<AttentionBreakdown> =
        pairs().map(|(case, pattern)| AttentionBreakdown::of(pattern, &case.relations)).collect();
    let chances: Vec<f64> = cases.iter().filter_map(|case| measure.chance(&case.relations)).collect();
    Ok(Contrast {
        head,
        scores: pairs().filter_map(|(case, pattern)| measure.score(pattern, &case.relations)).collect(),
        chance: (!chances.is_empty()).then(|| stats::mean(&chances)),
        shares: AttentionBreakdown::mean(&shares),
    })
}
