//! Ablations measured on the output: what is lost of a text's next tokens without a
//! component.

use super::attribution::LogitOf;
use super::{CircuitError, Stage, ratio};
use crate::model::kernels::distribution::{Distribution, divergence};
use crate::model::{ActivationCache, Gpt2, HookPoint};
use crate::study::{Ablation, AblationKind, Component, Head, Patch, YieldPoint};
use crate::weights::Config;
use candle_core::Tensor;
use std::collections::HashMap;

/// Positions whose logits are held at once: 6 MB of GPT-2's vocabulary.
const POSITIONS_AT_ONCE: usize = 32;
/// Positions of the un-ablated run whose logits are kept: 26 MB of GPT-2's vocabulary.
/// Those beyond are computed again for every ablation.
const POSITIONS_KEPT: usize = 128;

/// What an ablation does to a text of T tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputChange {
    /// What was replaced by what; nothing in the first row.
    pub ablation: Ablation,
    /// Mean loss over the T − 1 predictions, in nats; 0 for a text of one token.
    pub loss: f64,
    /// KL(un-ablated ‖ ablated) of the next token in nats, mean over the T positions.
    pub kl: f64,
    /// The same at the last position.
    pub kl_last: f64,
    /// The logit difference that was asked for.
    pub logit_difference: Option<f64>,
}

/// Every head and every MLP of a model, in the order of the forward pass.
#[must_use]
pub fn heads_and_mlps(config: &Config) -> Vec<Component> {
    let layer = |layer: usize| {
        let heads = (0..config.n_head).map(move |head| Component::Head(Head { layer, head }));
        heads.chain([Component::Mlp(layer)])
    };
    (0..config.n_layer).flat_map(layer).collect()
}

/// The un-ablated run: what ablations start from and are compared with.
struct Clean {
    /// Activations that hold as long as no replacement comes before them.
    activations: HashMap<HookPoint, Tensor>,
    /// The stream after the last layer, (1, T, d).
    resid: Tensor,
    /// Logits of its first positions, as many at a time as are held at once, (T, V) each.
    logits: Vec<Vec<f32>>,
}

/// Runs one text without any ablation, which is the first row, and then with each. It
/// takes the whole model. Only what a replacement can change is computed again.
///
/// # Errors
///
/// [`CircuitError::NoSuchPosition`] or [`CircuitError::NoSuchToken`] for the logit,
/// [`CircuitError::Study`] for an ablation that makes no sense or takes other prompts,
/// for the model's errors and when the visitor cancels.
pub async fn output_under_ablation(
    model: &Gpt2,
    ids: &[u32],
    ablations: &[(Component, AblationKind)],
    logit: Option<LogitOf>,
    pace: &impl YieldPoint,
) -> Result<Vec<OutputChange>, CircuitError> {
    logit.map_or(Ok(()), |logit| logit.check(ids.len(), model))?;
    let total = ablations.len() + 1;
    let clean = Clean::run(model, ids, &Stage { whole: pace, stage: 0, stages: total }).await?;
    let mut rows = vec![clean.change(model, ids, Ablation::default(), &clean.resid, logit).await?];
    for (i, &part) in ablations.iter().enumerate() {
        pace.step(i + 1, total).await?;
        let ablation = Ablation::from(part);
        let resid = clean.ablated(model, ids, &ablation).await?;
        rows.push(clean.change(model, ids, ablation, &resid, logit).await?);
    }
    pace.step(total, total).await?;
    Ok(rows)
}

impl Clean {
    async fn run(model: &Gpt2, ids: &[u32], pace: &impl YieldPoint) -> Result<Self, CircuitError> {
        let recorder = ActivationCache::of(&[HookPoint::Embed, HookPoint::PosEmbed]);
        let mut resid = model.embed(&[ids.to_vec()], &recorder).await?;
        let mut activations = recorder.into_activations();
        let layers = model.config().n_layer;
        for l in 0..layers {
            pace.step(l, layers).await?;
            let recorder =
                ActivationCache::of(&[HookPoint::ResidPre(l), HookPoint::Z(l), HookPoint::ResidMid(l)]);
            resid = model.block(l, &resid, &recorder).await?;
            activations.extend(recorder.into_activations());
        }
        let mut logits = Vec::new();
        for from in (0..ids.len().min(POSITIONS_KEPT)).step_by(POSITIONS_AT_ONCE) {
            pace.step(layers, layers).await?;
            logits.push(logits_of(model, &resid, from).await?);
        }
        Ok(Self { activations, resid, logits })
    }

    /// The stream after the last layer under an ablation, (1, T, d).
    async fn ablated(&self, model: &Gpt2, ids: &[u32], ablation: &Ablation) -> Result<Tensor, CircuitError> {
        let lengths = [ids.len()];
        let patch = Patch::new(model, ablation, &self.activations, &lengths).await?;
        let first = ablation.parts().iter().map(|(component, _)| component.layer()).min().flatten();
        let before = first.and_then(|l| Some((l, self.activations.get(&HookPoint::ResidPre(l))?.clone())));
        let (first, mut resid) = match before {
            Some(start) => start,
            None => (0, model.embed(&[ids.to_vec()], &patch).await?),
        };
        for l in first..model.config().n_layer {
            resid = model.block(l, &resid, &patch).await?;
        }
        Ok(resid)
    }

    async fn change(
        &self,
        model: &Gpt2,
        ids: &[u32],
        ablation: Ablation,
        resid: &Tensor,
        logit: Option<LogitOf>,
    ) -> Result<OutputChange, CircuitError> {
        let (mut loss, mut kl, mut kl_last, mut logit_difference) = (0.0, 0.0, 0.0, None);
        for (chunk, from) in (0..ids.len()).step_by(POSITIONS_AT_ONCE).enumerate() {
            let again;
            let clean = match self.logits.get(chunk) {
                Some(kept) => kept,
                None => {
                    again = logits_of(model, &self.resid, from).await?;
                    &again
                }
            };
            let d_vocab = model.config().d_vocab;
            let ablated = logits_of(model, resid, from).await?;
            let rows = ablated.chunks_exact(d_vocab).zip(clean.chunks_exact(d_vocab));
            for (i, (logits, clean)) in rows.enumerate() {
                if let Some(&next) = ids.get(from + i + 1) {
                    loss += Distribution::of(logits).log_sum_exp() - f64::from(logits[next as usize]);
                }
                kl_last = divergence(clean, logits);
                kl += kl_last;
                if let Some(logit) = logit.filter(|logit| logit.position == from + i) {
                    logit_difference = logit.difference(logits);
                }
            }
        }
        Ok(OutputChange {
            ablation,
            loss: ratio(loss, (ids.len() - 1) as f64),
            kl: ratio(kl, ids.len() as f64),
            kl_last,
            logit_difference,
        })
    }
}

/// Logits of a text's positions from `from` on, as many as are held at once, (T, V).
async fn logits_of(model: &Gpt2, resid: &Tensor, from: usize) -> Result<Vec<f32>, CircuitError> {
    let rows = POSITIONS_AT_ONCE.min(resid.dim(1)? - from);
    Ok(model.logits(&resid.narrow(1, from, rows)?).await?.flatten_all()?.to_vec1::<f32>()?)
}
