//! What the whole model makes of a text: how well it foresees each token, what it
//! expects next, and how it would go on; with or without an ablation.

use super::ablation::Patch;
use super::{Ablation, Pace, StudyError};
use crate::model::Gpt2;
use candle_core::Tensor;
use std::collections::HashMap;

/// How many of the likeliest next tokens are told.
const TOP: usize = 10;
/// Positions whose logits are held at once: 6 MB of GPT-2's vocabulary.
const POSITIONS_AT_ONCE: usize = 32;

/// What the model made of one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Loss of each token but the first, in nats: -ln of the probability that the
    /// model gave it from what comes before.
    pub losses: Vec<f64>,
    /// The likeliest next tokens with their probabilities, likeliest first.
    pub next: Vec<(u32, f64)>,
    /// The same tokens' logits.
    pub logits: Vec<f64>,
}

/// Reads one text, of at least one token.
///
/// # Errors
///
/// [`StudyError::NotApplicable`], [`StudyError::NoOthers`] (one text has no
/// other beside it), [`StudyError::Cancelled`] or the model's.
pub async fn read(
    model: &Gpt2,
    ids: &[u32],
    ablation: &Ablation,
    pace: &impl Pace,
) -> Result<Reading, StudyError> {
    let resid = run(model, ids, ablation, pace).await?;
    let mut losses = Vec::with_capacity(ids.len());
    for from in (0..ids.len()).step_by(POSITIONS_AT_ONCE) {
        pace.step(from, ids.len()).await?;
        let rows = POSITIONS_AT_ONCE.min(ids.len() - from);
        let logits = model.logits(&resid.narrow(1, from, rows)?)?.flatten_all()?.to_vec1::<f32>()?;
        for (row, &next) in logits.chunks_exact(model.config().d_vocab).zip(&ids[from + 1..]) {
            losses.push(log_sum_exp(row) - f64::from(row[next as usize]));
        }
    }
    let logits = last_logits(model, &resid)?.to_vec1::<f32>()?;
    let normaliser = log_sum_exp(&logits);
    let probability = |logit: f32| (f64::from(logit) - normaliser).exp();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    order.truncate(TOP);
    Ok(Reading {
        losses,
        next: order.iter().map(|&id| (id as u32, probability(logits[id]))).collect(),
        logits: order.iter().map(|&id| f64::from(logits[id])).collect(),
    })
}

/// Goes on with a text, token by token, until `tokens` are added, the context is
/// full, or the model ends the text. Every token takes a run of the whole text.
///
/// # Errors
///
/// As [`read`].
pub async fn continue_text(
    model: &Gpt2,
    ids: &[u32],
    ablation: &Ablation,
    sampler: &mut Sampler,
    tokens: usize,
    pace: &impl Pace,
) -> Result<Vec<u32>, StudyError> {
    let mut ids = ids.to_vec();
    let before = ids.len();
    let end = (before + tokens).min(model.config().n_ctx);
    while ids.len() < end {
        pace.step(ids.len() - before, end - before).await?;
        let resid = run(model, &ids, ablation, &super::NoPace).await?;
        let next = sampler.0.sample(&last_logits(model, &resid)?)?;
        if next == crate::tokens::BOS {
            break;
        }
        ids.push(next);
    }
    pace.step(1, 1).await?;
    Ok(ids.split_off(before))
}

/// Draws tokens, by the seed: candle-transformers' own.
pub struct Sampler(candle_transformers::generation::LogitsProcessor);

impl Sampler {
    /// At temperature 0 the likeliest token is always taken; `top_p` keeps the
    /// fewest tokens that together have that probability.
    #[must_use]
    pub fn new(seed: u64, temperature: f64, top_p: f64) -> Self {
        Self(candle_transformers::generation::LogitsProcessor::new(
            seed,
            Some(temperature),
            Some(top_p.max(f64::MIN_POSITIVE)),
        ))
    }
}

/// The residual stream after the last layer, (1, T, d).
async fn run(model: &Gpt2, ids: &[u32], ablation: &Ablation, pace: &impl Pace) -> Result<Tensor, StudyError> {
    let clean = HashMap::new();
    let patch = Patch::new(model, ablation, &clean, 1).await?;
    let layers = model.config().n_layer;
    let mut resid = model.embed(&[ids.to_vec()], &patch).await?;
    for l in 0..layers {
        pace.step(l, layers).await?;
        resid = model.block(l, &resid, &patch).await?;
    }
    pace.step(layers, layers).await?;
    Ok(resid)
}

/// ln Σ e^x, which turns logits into log-probabilities.
fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    largest + logits.iter().map(|&x| (f64::from(x) - largest).exp()).sum::<f64>().ln()
}

/// Logits after the last token, (V).
fn last_logits(model: &Gpt2, resid: &Tensor) -> Result<Tensor, StudyError> {
    let last = resid.narrow(1, resid.dim(1)? - 1, 1)?;
    Ok(model.logits(&last)?.flatten_all()?)
}
