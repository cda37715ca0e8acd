//! The whole model on a text: the loss of each token, the likeliest next ones, and
//! how the text goes on; with or without an ablation.

use crate::model::{Gpt2, Hooks, NextToken, Past};
use crate::study::ablation::Patch;
use crate::study::{Ablation, StudyError, Uninterrupted, YieldPoint};
use crate::tokens::Tokens;
use candle_core::Tensor;
use rand::SeedableRng;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use std::collections::HashMap;

/// How many of the likeliest next tokens are given, at the end and elsewhere.
const TOP: usize = 10;
const TOP_ELSEWHERE: usize = 5;
/// Positions that are read at once: a step of the progress that is shown.
pub const POSITIONS_AT_ONCE: usize = 256;
/// Temperatures below draw nothing: they take the likeliest token.
const COLDEST: f64 = 1e-7;

/// Losses and next tokens of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLoss {
    /// Loss of each token but the first, in nats: -ln of the probability that the
    /// model gave it from what comes before.
    pub losses: Vec<f64>,
    /// The likeliest next tokens with their probabilities, likeliest first.
    pub next: Vec<(u32, f64)>,
    /// The same tokens' logits.
    pub logits: Vec<f64>,
    /// The likeliest at every position, some fewer of them: (T, 5).
    pub next_at: Vec<Vec<(u32, f64)>>,
}

/// Runs the model on one text, of at least one token.
///
/// # Errors
///
/// [`StudyError::NotApplicable`], [`StudyError::NoOthers`] (one text has no
/// other beside it), [`StudyError::Cancelled`] or the model's.
pub async fn evaluate(
    model: &Gpt2,
    ids: &[u32],
    ablation: &Ablation,
    pace: &impl YieldPoint,
) -> Result<TextLoss, StudyError> {
    let resid = run(model, ids, ablation, pace).await?;
    let next = next_tokens(model, &resid, ids, TOP, pace).await?;
    let (last, before) = next.split_last().ok_or(StudyError::NothingToScore)?;
    let first = |next: &NextToken| next.probabilities().into_iter().take(TOP_ELSEWHERE).collect();
    Ok(TextLoss {
        losses: before.iter().map(|next| -next.log_probability(next.logit)).collect(),
        next: last.probabilities(),
        logits: last.likeliest.iter().map(|&(_, logit)| f64::from(logit)).collect(),
        next_at: next.iter().map(first).collect(),
    })
}

/// What residual streams of a text, (n, T, d), say of the next token at each position, as if
/// they were that after the last layer: n times T of them, with the `most` likeliest tokens and
/// the logit of the one that comes.
///
/// # Errors
///
/// [`StudyError::Cancelled`] or the model's.
pub async fn next_tokens(
    model: &Gpt2,
    resid: &Tensor,
    ids: &[u32],
    most: usize,
    pace: &impl YieldPoint,
) -> Result<Vec<NextToken>, StudyError> {
    let asked: Vec<Option<u32>> = ids.iter().skip(1).map(|&id| Some(id)).chain([None]).collect();
    let asked = asked.repeat(resid.dim(0)?);
    let resid = resid.flatten_to(1)?;
    let mut next = Vec::with_capacity(asked.len());
    for piece in asked.chunks(POSITIONS_AT_ONCE) {
        let from = next.len();
        pace.step(from, asked.len()).await?;
        next.extend(model.next_tokens(&resid.narrow(0, from, piece.len())?, most, piece).await?);
    }
    Ok(next)
}

/// Continues a text, token by token, until `most` are added, the context is full, or
/// the model ends the text. Ids without a token, which a padded vocabulary has, are never
/// drawn. Keys and values of what stands are kept; with an ablation, which may change
/// with every token, each takes a run of the whole text.
///
/// # Errors
///
/// As [`evaluate`].
pub async fn continue_text(
    model: &Gpt2,
    tokens: &Tokens,
    ids: &[u32],
    ablation: &Ablation,
    sampler: &mut Sampler,
    most: usize,
    pace: &impl YieldPoint,
) -> Result<Vec<u32>, StudyError> {
    let mut ids = ids.to_vec();
    let before = ids.len();
    let end = (before + most).min(model.config().n_ctx);
    let nameless: Vec<usize> = (0..model.config().d_vocab).filter(|&id| !tokens.has(id as u32)).collect();
    let mut past = None;
    while ids.len() < end {
        pace.step(ids.len() - before, end - before).await?;
        let resid = match (&mut past, ids.last()) {
            (Some(past), Some(&last)) => model.go_on(last, past).await?,
            _ if *ablation == Ablation::default() => {
                let recorder = Past::recorder(model);
                let resid = run_with(model, &ids, &recorder, &Uninterrupted).await?;
                past = Some(Past::of(model, ids.len(), recorder)?);
                resid
            }
            _ => run(model, &ids, ablation, &Uninterrupted).await?,
        };
        let mut logits = last_logits(model, &resid).await?.to_vec1::<f32>()?;
        nameless.iter().for_each(|&id| logits[id] = f32::NEG_INFINITY);
        let next = sampler.sample(&logits)?;
        if tokens.ends(next) {
            break;
        }
        ids.push(next);
    }
    pace.step(1, 1).await?;
    Ok(ids.split_off(before))
}

/// Draws tokens, by the seed, as candle-transformers' `LogitsProcessor` does: with its
/// generator and in its precision, so that a seed gives the same text.
pub struct Sampler {
    generator: StdRng,
    temperature: f64,
    top_p: f32,
}

impl Sampler {
    /// At temperature 0 the likeliest token is always taken; `top_p` keeps the
    /// fewest tokens that together have that probability.
    #[must_use]
    pub fn new(seed: u64, temperature: f64, top_p: f64) -> Self {
        Self { generator: StdRng::seed_from_u64(seed), temperature, top_p: top_p as f32 }
    }

    /// A token, by the logits of all of them.
    ///
    /// # Errors
    ///
    /// The model's, for logits that are no numbers.
    pub fn sample(&mut self, logits: &[f32]) -> Result<u32, StudyError> {
        // Of equals the one with the lower id comes first.
        let by_logit = |&a: &usize, &b: &usize| logits[b].total_cmp(&logits[a]).then(a.cmp(&b));
        let likeliest = (0..logits.len()).min_by(by_logit).ok_or(StudyError::NothingToScore)?;
        if self.temperature < COLDEST {
            return Ok(likeliest as u32);
        }
        let by = (1.0 / self.temperature) as f32;
        let weight = |&logit: &f32| ((logit - logits[likeliest]) * by).exp();
        let mut weights: Vec<f32> = logits.iter().map(weight).collect();
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        if self.top_p < 1.0 {
            let mut order: Vec<usize> = (0..logits.len()).collect();
            order.sort_unstable_by(by_logit);
            let mut kept = weights[likeliest];
            for &id in &order[1..] {
                match kept < self.top_p {
                    true => kept += weights[id],
                    false => weights[id] = 0.0,
                }
            }
        }
        let drawn = WeightedIndex::new(&weights).map_err(candle_core::Error::wrap)?;
        Ok(drawn.sample(&mut self.generator) as u32)
    }
}

/// The residual stream after the last layer, (1, T, d).
async fn run(
    model: &Gpt2,
    ids: &[u32],
    ablation: &Ablation,
    pace: &impl YieldPoint,
) -> Result<Tensor, StudyError> {
    let clean = HashMap::new();
    let lengths = [ids.len()];
    run_with(model, ids, &Patch::new(model, ablation, &clean, &lengths).await?, pace).await
}

/// The same with hooks.
async fn run_with(
    model: &Gpt2,
    ids: &[u32],
    hooks: &dyn Hooks,
    pace: &impl YieldPoint,
) -> Result<Tensor, StudyError> {
    let layers = model.config().n_layer;
    let mut resid = model.embed(&[ids.to_vec()], hooks).await?;
    for l in 0..layers {
        pace.step(l, layers).await?;
        resid = model.block(l, &resid, hooks).await?;
    }
    pace.step(layers, layers).await?;
    Ok(resid)
}

/// Logits after the last token, (V).
async fn last_logits(model: &Gpt2, resid: &Tensor) -> Result<Tensor, StudyError> {
    let last = resid.narrow(1, resid.dim(1)? - 1, 1)?;
    Ok(model.logits(&last).await?.flatten_all()?)
}
