//! The logit lens: the residual stream after each layer, read as if it were the last.

use super::CircuitError;
use crate::model::{Gpt2, NoHooks};
use crate::study::YieldPoint;

/// How many of the likeliest next tokens are given.
pub const TOP: usize = 5;
/// Positions that are read at once: a step of the progress that is shown.
const POSITIONS_AT_ONCE: usize = 64;

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
            let positions = from..ids.len().min(from + POSITIONS_AT_ONCE);
            let asked: Vec<_> = positions.clone().map(|i| ids.get(i + 1).copied()).collect();
            let resid = resid.narrow(1, from, positions.len())?;
            for (next, asked) in model.next_tokens(&resid, TOP, &asked).await?.iter().zip(asked) {
                layer.next_token_logprob.extend(asked.map(|_| next.log_probability(next.logit)));
                layer.entropy.push(next.distribution.entropy());
                layer.top.push(next.probabilities());
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
