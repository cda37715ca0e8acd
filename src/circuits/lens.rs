//! The logit lens: the residual stream after each layer, read as if it were the last.

use super::{CircuitError, Stage};
use crate::model::{Gpt2, NextToken, NoHooks};
use crate::study::{POSITIONS_AT_ONCE, YieldPoint, next_tokens};
use candle_core::Tensor;

/// How many of the likeliest next tokens are given.
pub const TOP: usize = 5;

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
    // Of a short text several layers are read at once, so that the unembedding, which is more
    // than a cache holds, comes from memory less often.
    let at_once = (POSITIONS_AT_ONCE / ids.len().max(1)).max(1);
    let mut resid = model.embed(&[ids.to_vec()], &NoHooks).await?;
    let (mut streams, mut all) = (Vec::new(), Vec::with_capacity(layers + 1));
    for l in 0..=layers {
        streams.push(resid.clone());
        if streams.len() == at_once || l == layers {
            let stage = Stage { whole: pace, stage: l / at_once, stages: layers / at_once + 1 };
            let next = next_tokens(model, &Tensor::cat(&streams, 0)?, ids, TOP, &stage).await?;
            all.extend((all.len()..).zip(next.chunks(ids.len())).map(|(l, next)| LensLayer::of(l, next)));
            streams.clear();
        }
        if l < layers {
            resid = model.block(l, &resid, &NoHooks).await?;
        }
    }
    pace.step(1, 1).await?;
    Ok(all)
}

impl LensLayer {
    /// The stream before layer `l`, by what it says at each position of the text.
    fn of(l: usize, next: &[NextToken]) -> Self {
        // Of the last token it is not known what comes.
        let before = &next[..next.len().saturating_sub(1)];
        Self {
            name: l.checked_sub(1).map_or_else(|| "embed".to_owned(), |l| format!("L{l}")),
            next_token_logprob: before.iter().map(|next| next.log_probability(next.logit)).collect(),
            entropy: next.iter().map(|next| next.distribution.entropy()).collect(),
            top: next.iter().map(NextToken::probabilities).collect(),
        }
    }
}
