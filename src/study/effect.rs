//! What an ablation does to a head's score: always paired with the un-ablated
//! score of the same prompt.

use super::ablation::{Baseline, Component, Kind, ablate};
use super::{Case, Metric, Pace, Shares, StudyError, stats};
use crate::model::Gpt2;

/// Scores of one head, with and without a component.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// What was replaced.
    pub component: Component,
    /// By what.
    pub kind: Kind,
    /// Numbers of the scored prompts; those with an empty mask have no score.
    pub sequences: Vec<usize>,
    /// Scores without the ablation, prompts as in `sequences`.
    pub baseline: Vec<f64>,
    /// Scores with it.
    pub ablated: Vec<f64>,
    /// Where the head's attention goes without the ablation, mean over prompts.
    pub shares_before: Shares,
    /// Where it goes with it.
    pub shares_after: Shares,
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

    /// Standard deviation of the differences.
    #[must_use]
    pub fn sd(&self) -> f64 {
        stats::sd(&self.differences())
    }

    /// Bootstrap 95 % interval of the mean difference; `None` for one prompt.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        stats::bootstrap(&self.differences())
    }
}

/// Runs ablations of what feeds the baseline's head, on the prompts that it ran.
///
/// # Errors
///
/// [`StudyError::NothingToScore`] if no prompt has a mask, an ablation's own
/// error, or [`StudyError::Cancelled`].
pub async fn effects(
    model: &Gpt2,
    cases: &[Case],
    baseline: &Baseline,
    metric: Metric,
    ablations: &[(Component, Kind)],
    pace: &impl Pace,
) -> Result<Vec<Effect>, StudyError> {
    let before = scored(cases, &baseline.pattern.patterns, metric);
    if before.is_empty() {
        return Err(StudyError::NothingToScore);
    }
    let mut effects = Vec::with_capacity(ablations.len());
    for (i, &(component, kind)) in ablations.iter().enumerate() {
        pace.step(i, ablations.len()).await?;
        let after = scored(cases, &ablate(model, baseline, component, kind)?.patterns, metric);
        effects.push(Effect {
            component,
            kind,
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

/// A prompt that has a mask, under some pattern.
struct Scored {
    sequence: usize,
    score: f64,
    shares: Shares,
}

fn scored(cases: &[Case], patterns: &[Vec<f32>], metric: Metric) -> Vec<Scored> {
    let score = |(case, pattern): (&Case, &Vec<f32>)| {
        Some(Scored {
            sequence: case.sequence,
            score: metric.score(pattern, &case.relations)?,
            shares: Shares::of(pattern, &case.relations),
        })
    };
    cases.iter().zip(patterns).filter_map(score).collect()
}

fn mean_shares(scored: &[Scored]) -> Shares {
    Shares::mean(&scored.iter().map(|s| s.shares).collect::<Vec<_>>())
}
