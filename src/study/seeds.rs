//! The scorer and the notebook preset over many draws: no figure should rest
//! on a lucky seed.

use super::{
    Effect, Head, Measure, StudyError, TokenizedPrompt, YieldPoint, baseline, effects, notebook_preset,
    score_heads, stats,
};
use crate::model::Gpt2;

/// What one seed gives.
#[derive(Debug, Clone, PartialEq)]
pub struct SeedResult {
    /// The seed.
    pub seed: u32,
    /// How many prompts were scored.
    pub prompts: usize,
    /// The head's mean score.
    pub score: f64,
    /// The chance level.
    pub chance: f64,
    /// The head's place among all heads, 1 for the one with the most of the target.
    pub rank: usize,
    /// The head in the first place.
    pub best: Head,
    /// The notebook preset on the head.
    pub effects: Vec<Effect>,
}

impl SeedResult {
    /// Whether the claim holds for this seed: the head comes first of all heads,
    /// and shows more of the target than chance does.
    #[must_use]
    pub fn holds(&self, measure: &Measure) -> bool {
        let more =
            if measure.metric.higher_is_more() { self.score > self.chance } else { self.score < self.chance };
        self.rank == 1 && more
    }
}

/// Runs the study of one head on the draws of several seeds. A seed of which no
/// prompt can be scored gives no result.
///
/// # Errors
///
/// [`StudyError::Cancelled`], or the model's.
pub async fn over_seeds(
    model: &Gpt2,
    draws: &[(u32, Vec<TokenizedPrompt>)],
    head: Head,
    measure: Measure,
    pace: &impl YieldPoint,
) -> Result<Vec<SeedResult>, StudyError> {
    let mut results = Vec::with_capacity(draws.len());
    for (i, (seed, cases)) in draws.iter().enumerate() {
        let here = Within { pace, done: i, total: draws.len() };
        match one_seed(model, *seed, cases, head, &measure, &here).await {
            Ok(result) => results.push(result),
            Err(StudyError::NothingToScore) => {}
            Err(error) => return Err(error),
        }
    }
    pace.step(draws.len(), draws.len()).await?;
    Ok(results)
}

async fn one_seed(
    model: &Gpt2,
    seed: u32,
    cases: &[TokenizedPrompt],
    head: Head,
    measure: &Measure,
    pace: &impl YieldPoint,
) -> Result<SeedResult, StudyError> {
    let scores = score_heads(model, cases, measure, pace).await?;
    let ranking = scores.ranking();
    let place = ranking.iter().position(|(each, _)| *each == head).ok_or(StudyError::NothingToScore)?;
    let baseline = baseline(model, cases, head, pace).await?;
    let effects = effects(model, cases, &baseline, measure, &notebook_preset(head.layer), pace).await?;
    let own: Vec<f64> = scores.per_prompt.iter().map(|heads| heads[head.layer][head.head]).collect();
    Ok(SeedResult {
        seed,
        prompts: own.len(),
        score: stats::mean(&own),
        chance: scores.chance,
        rank: place + 1,
        best: ranking[0].0,
        effects,
    })
}

/// One of several equal parts of a longer computation.
struct Within<'a, P> {
    pace: &'a P,
    done: usize,
    total: usize,
}

impl<P: YieldPoint> YieldPoint for Within<'_, P> {
    async fn step(&self, _: usize, _: usize) -> Result<(), StudyError> {
        self.pace.step(self.done, self.total).await
    }
}
