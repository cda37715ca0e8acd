//! The logit lens: the residual stream after each layer, read as if it were the last.

use super::CircuitError;
use crate::model::kernels::distribution::log_sum_exp_and_entropy;
use crate::model::{Gpt2, NoHooks};
use crate::study::YieldPoint;
use candle_core::Tensor;

/// How many of the likeliest next tokens are given.
pub const TOP: usize = 5;
/// Positions whose logits are held at once: 6 MB of GPT-2's vocabulary.
pub(super) const POSITIONS_AT_ONCE: usize = 32;

/// What one layer's stream says of a text of T tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct LensLayer {
    /// `embed` for the stream before layer 0, `L0` for the one after it, and so on.
    pub name: String,
    /// Log-probability of each token but the first, in nats: (T − 1).
    pub next_token_logprob: Vec<f64>,
    /// Entropy of the next token, in nats: (T).
    pub entropy: Vec<f64>,
    /// The likeliest next tokens with their probabilities, likeliest first: (T, 5).
    pub top: Vec<Vec<(u32, f64)>>,
}

/// Reads every layer of one text; it takes the whole model.
///
/// # Errors
///
/// [`CircuitError::Study`]: the model's error, or that the visitor cancelled.
pub async fn lens(model: &Gpt2, ids: &[u32], pace: &impl YieldPoint) -> Result<Vec<LensLayer>, CircuitError> {
    let layers = model.config().n_layer;
    let total = (layers + 1) * ids.len();
    let mut resid = model.embed(&[ids.to_vec()], &NoHooks).await?;
    let mut all = Vec::with_capacity(layers + 1);
    for l in 0..=layers {
        let mut layer = LensLayer {
            name: l.checked_sub(1).map_or_else(|| "embed".to_owned(), |l| format!("L{l}")),
            next_token_logprob: Vec::with_capacity(ids.len()),
            entropy: Vec::with_capacity(ids.len()),
            top: Vec::with_capacity(ids.len()),
        };
        for from in (0..ids.len()).step_by(POSITIONS_AT_ONCE) {
            pace.step(l * ids.len() + from, total).await?;
            let logits = logits_of(model, &resid, from)?;
            for (i, logits) in logits.chunks_exact(model.config().d_vocab).enumerate() {
                layer.read(logits, ids.get(from + i + 1).copied());
            }
        }
        all.push(layer);
        if l < layers {
            resid = model.block(l, &resid, &NoHooks).await?;
        }
    }
    pace.step(total, total).await?;
    Ok(all)
}

impl LensLayer {
    fn read(&mut self, logits: &[f32], next: Option<u32>) {
        let (normaliser, entropy) = log_sum_exp_and_entropy(logits);
        let log_probability = |logit: f32| f64::from(logit) - normaliser;
        if let Some(next) = next {
            self.next_token_logprob.push(log_probability(logits[next as usize]));
        }
        self.entropy.push(entropy);
        let largest = likeliest(logits).into_iter();
        self.top.push(largest.map(|id| (id, log_probability(logits[id as usize]).exp())).collect());
    }
}

/// The largest logits' places, largest first.
fn likeliest(logits: &[f32]) -> Vec<u32> {
    let mut best: Vec<u32> = Vec::with_capacity(TOP + 1);
    // Nearly all are below the last of the best: they are passed over by one comparison.
    let mut floor = f32::NEG_INFINITY;
    for (id, logit) in logits.iter().enumerate() {
        if best.len() == TOP && *logit <= floor {
            continue;
        }
        let place = best.partition_point(|&better| logits[better as usize] >= *logit);
        if place < TOP {
            best.insert(place, id as u32);
            best.truncate(TOP);
            floor = best.last().map_or(floor, |&last| logits[last as usize]);
        }
    }
    best
}

/// Logits of a text's positions from `from` on, as many as are held at once, (T, V).
pub(super) fn logits_of(model: &Gpt2, resid: &Tensor, from: usize) -> Result<Vec<f32>, CircuitError> {
    let rows = POSITIONS_AT_ONCE.min(resid.dim(1)? - from);
    Ok(model.logits(&resid.narrow(1, from, rows)?)?.flatten_all()?.to_vec1::<f32>()?)
}
