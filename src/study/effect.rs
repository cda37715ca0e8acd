//! What an ablation does to a head's score: always paired with the un-ablated
//! score of the same prompt.

use super::ablation::{Baseline, ablate_together};
use super::{Ablation, AttentionBreakdown, Measure, StudyError, TokenizedPrompt, YieldPoint, stats};
use crate::model::Gpt2;

/// Scores of one head, before and after an ablation.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What was replaced by what.
    pub ablation: Ablation,
    /// Numbers of the scored prompts; those without a cell of the
    /// target have no score.
    pub sequences: Vec<usize>,
    /// Scores without the ablation, prompts as in `sequences`.
    pub baseline: Vec<f64>,
    /// Scores with it.
    pub ablated: Vec<f64>,
    /// Where the head's attention goes without the ablation, mean over prompts.
    pub shares_before: AttentionBreakdown,
    /// Where it goes with it.
    pub shares_after: AttentionBreakdown,
}

impl Effect {
    /// Ablated minus baseline, prompt by prompt.
    #[must_use]
    pub fn differences(&self) -> Vec<f64> {
        self.ablated.iter().zip(&self.baseline).map(|(after, before)| after - before).collect()
    }

    /// Mean of the differences.
    #[must_use]
    pub fn mean(&self) -> f64 {
        stats::mean(&self.differences())
    }

    /// Standard deviation of the differences; `None` for one prompt.
    #[must_use]
    pub fn sd(&self) -> Option<f64> {
        stats::sd(&self.differences())
    }

    /// Bootstrap 95 % interval of the mean difference; `None` for one prompt.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        stats::bootstrap(&self.differences())
    }

    /// Two-sided p-value of the mean difference, by a sign-flip test.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        stats::sign_flip(&self.differences())
    }
}

/// Runs ablations of what feeds the baseline's head, on the prompts that it ran.
///
/// # Errors
///
/// [`StudyError::NothingToScore`] if no prompt has a cell of the target, an ablation's own
/// error, or [`StudyError::Cancelled`].
pub async fn effects(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    baseline: &Baseline,
    measure: impl Into<Measure>,
    ablations: &[impl Clone + Into<Ablation>],
    pace: &impl YieldPoint,
) -> Result<Vec<Effect>, StudyError> {
    let measure = measure.into();
    let before = scored(cases, &baseline.pattern.patterns, &measure);
    if before.is_empty() {
        return Err(StudyError::NothingToScore);
    }
    let mut effects = Vec::with_capacity(ablations.len());
    for (i, ablation) in ablations.iter().cloned().enumerate() {
        pace.step(i, ablations.len()).await?;
        let ablation = ablation.into();
        let after = scored(cases, &ablate_together(model, baseline, &ablation).await?.patterns, &measure);
        effects.push(Effect {
            ablation,
            sequences: before.iter().map(|s| s.sequence).collect(),
            baseline: before.iter().map(|s| s.score).collect(),
            ablated: after.iter().map(|s| s.score).collect(),
            shares_before: mean_shares(&before),
            shares_after: mean_shares(&after),
        });
    }
    pace.step(ablations.len(), ablations.len()).await?;
    Ok(effects)
}

/// A prompt that has a cell of the target, under some pattern.
struct Scored {
    sequence: usize,
    score: f64,
    shares: AttentionBreakdown,
}

fn scored(cases: &[TokenizedPrompt], patterns: &[Vec<f32>], measure: &Measure) -> Vec<Scored> {
    let score = |(case, pattern): (&TokenizedPrompt, &Vec<f32>)| {
        Some(Scored {
            sequence: case.sequence,
            score: measure.score(pattern, &case.relations)?,
            shares: AttentionBreakdown::of(pattern, &case.relations),
        })
    };
    cases.iter().zip(patterns).filter_map(score).collect()
}

fn mean_shares(scored: &[Scored]) -> AttentionBreakdown {
    AttentionBreakdown::mean(&scored.iter().map(|s| s.shares).collect::<Vec<_>>())
}
