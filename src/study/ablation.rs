//! A head's pattern without something that feeds it.

use super::{Ablation, Case, Component, Head, Kind, Pace, StudyError};
use crate::model::{Gpt2, HookPoint, Hooks, Recorder, Touch};
use crate::prompts::draw::RandomState;
use crate::weights::Config;
use candle_core::{D, Device, Tensor};
use std::cell::RefCell;
use std::collections::HashMap;

/// Fixed, so that a link resamples alike everywhere.
const RESAMPLE_SEED: u32 = 5;

/// A head's patterns after an ablation, or before any.
#[derive(Debug, Clone)]
pub struct Ablated {
    /// (prompt, destination, source), prompts in the order given.
    pub patterns: Vec<Vec<f32>>,
}

/// What an un-ablated run computed, for the ablations to start from.
#[derive(Debug)]
pub struct Baseline {
    head: Head,
    ids: Vec<Vec<u32>>,
    clean: HashMap<HookPoint, Tensor>,
    /// The head's own patterns.
    pub pattern: Ablated,
}

impl Baseline {
    /// Bytes of activations that a baseline of these prompts keeps.
    #[must_use]
    pub fn bytes(cases: &[Case], head: Head, config: &Config) -> usize {
        let tokens: usize = cases.iter().map(|case| case.ids.len()).sum();
        // Five activations a layer, and the two embeddings.
        (5 * head.layer + 2) * tokens * config.d_model * size_of::<f32>()
    }
}

/// Runs the prompts up to a head's pattern and keeps what ablations need.
///
/// # Errors
///
/// The model's, or [`StudyError::Cancelled`].
pub async fn baseline(
    model: &Gpt2,
    cases: &[Case],
    head: Head,
    pace: &impl Pace,
) -> Result<Baseline, StudyError> {
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let recorder = Recorder::of(&[HookPoint::Embed, HookPoint::PosEmbed]);
    let mut resid = model.embed(&ids, &recorder).await?;
    let mut clean = recorder.into_seen();
    for l in 0..head.layer {
        pace.step(l, head.layer).await?;
        let recorder = Recorder::of(&[
            HookPoint::ResidPre(l),
            HookPoint::Z(l),
            HookPoint::AttnOut(l),
            HookPoint::ResidMid(l),
            HookPoint::MlpOut(l),
        ]);
        resid = model.block(l, &resid, &recorder).await?;
        clean.extend(recorder.into_seen());
    }
    let pattern = each_prompt(&model.head_pattern(head.layer, head.head, &resid).await?)?;
    Ok(Baseline { head, ids, clean, pattern })
}

/// The head's patterns with one component replaced.
///
/// # Errors
///
/// As [`ablate_together`].
pub async fn ablate(
    model: &Gpt2,
    baseline: &Baseline,
    component: Component,
    kind: Kind,
) -> Result<Ablated, StudyError> {
    ablate_together(model, baseline, &Ablation::from((component, kind))).await
}

/// The head's patterns with all components of an ablation replaced in one run.
/// Only what the replacements can change is computed again.
///
/// # Errors
///
/// [`StudyError::NotApplicable`], [`StudyError::NotUpstream`],
/// [`StudyError::NoOthers`] or the model's.
pub async fn ablate_together(
    model: &Gpt2,
    baseline: &Baseline,
    ablation: &Ablation,
) -> Result<Ablated, StudyError> {
    let Baseline { head, ids, clean, pattern } = baseline;
    let too_late = |component: &Component| component.layer().is_some_and(|l| l >= head.layer);
    if let Some((component, _)) = ablation.parts().iter().find(|(component, _)| too_late(component)) {
        return Err(StudyError::NotUpstream { component: *component, head: *head });
    }
    let patch = Patch::new(model, ablation, clean, ids.len()).await?;
    let Some(first) = ablation.parts().iter().map(|(component, _)| component.layer()).min() else {
        return Ok(pattern.clone());
    };
    let (first, mut resid) = match first.and_then(|l| Some((l, clean.get(&HookPoint::ResidPre(l))?.clone())))
    {
        Some(start) => start,
        None => (0, model.embed(ids, &patch).await?),
    };
    for l in first..head.layer {
        resid = model.block(l, &resid, &patch).await?;
    }
    each_prompt(&model.head_pattern(head.layer, head.head, &resid).await?)
}

/// One head of (B, H, T, T), as one pattern a prompt.
pub(super) fn head_patterns(pattern: &Tensor, head: usize) -> Result<Ablated, StudyError> {
    each_prompt(&pattern.narrow(1, head, 1)?.squeeze(1)?)
}

/// One head's patterns, (B, T, T), as one a prompt.
fn each_prompt(pattern: &Tensor) -> Result<Ablated, StudyError> {
    let cells = pattern.dim(D::Minus1)?.pow(2);
    let flat = pattern.flatten_all()?.to_vec1::<f32>()?;
    Ok(Ablated { patterns: flat.chunks_exact(cells).map(<[f32]>::to_vec).collect() })
}

/// Replaces activations, and hands out what the un-ablated run computed for
/// those that no replacement reaches.
pub(super) struct Patch<'a> {
    ablation: &'a Ablation,
    clean: &'a HashMap<HookPoint, Tensor>,
    /// What zeroing leaves behind of the heads that are replaced.
    value_biases: HashMap<Head, Tensor>,
    /// The latest layer's MLP output, for those that want nothing else.
    mlp_out: RefCell<Option<Tensor>>,
}

impl<'a> Patch<'a> {
    /// For a run of `prompts` prompts, of which `clean` holds what an un-ablated
    /// run computed; it may hold nothing.
    ///
    /// # Errors
    ///
    /// [`StudyError::NotApplicable`] or [`StudyError::NoOthers`].
    pub(super) async fn new(
        model: &Gpt2,
        ablation: &'a Ablation,
        clean: &'a HashMap<HookPoint, Tensor>,
        prompts: usize,
    ) -> Result<Self, StudyError> {
        for &(component, kind) in ablation.parts() {
            if !component.takes(kind) {
                return Err(StudyError::NotApplicable { component, kind });
            }
            if matches!(kind, Kind::Resample | Kind::DatasetMean) && prompts < 2 {
                return Err(StudyError::NoOthers { kind });
            }
        }
        let mut value_biases = HashMap::new();
        for (component, _) in ablation.parts() {
            if let Component::Head(head) = *component {
                value_biases.insert(head, model.value_bias(head.layer, head.head).await?);
            }
        }
        Ok(Self { ablation, clean, value_biases, mlp_out: RefCell::default() })
    }

    /// Whether a replacement comes before a point, and so may change it.
    fn reaches(&self, point: HookPoint) -> bool {
        let before = |(component, _): &(Component, Kind)| place(component.hook_point()) < place(point);
        self.ablation.parts().iter().any(before)
    }

    fn replace(&self, component: Component, kind: Kind, activation: Tensor) -> crate::model::Result<Tensor> {
        match component {
            Component::MlpOnly(_) => Ok(self.mlp_out.take().unwrap_or(activation)),
            Component::Head(place) => {
                let head = place.head;
                // (B, T, H, e): one head is replaced and the others stay.
                let z = activation.narrow(2, head, 1)?.squeeze(2)?;
                let left = self.value_biases.get(&place);
                let z = replacement(kind, &z, left.cloned())?.unsqueeze(2)?;
                let heads = activation.dim(2)?;
                let before = activation.narrow(2, 0, head)?;
                let after = activation.narrow(2, head + 1, heads - head - 1)?;
                Ok(Tensor::cat(&[&before, &z.contiguous()?, &after], 2)?)
            }
            _ => replacement(kind, &activation, None),
        }
    }
}

impl Hooks for Patch<'_> {
    fn touch(&self, point: HookPoint) -> Touch {
        let replaced = self.ablation.parts().iter().any(|(component, _)| component.hook_point() == point);
        match point {
            _ if replaced || self.known(point).is_some() => Touch::Change,
            HookPoint::MlpOut(_) => Touch::Look,
            _ => Touch::Nothing,
        }
    }

    fn known(&self, point: HookPoint) -> Option<Tensor> {
        self.clean.get(&point).filter(|_| !self.reaches(point)).cloned()
    }

    fn seen(&self, point: HookPoint, mut activation: Tensor) -> crate::model::Result<Tensor> {
        for &(component, kind) in self.ablation.parts() {
            if component.hook_point() == point {
                activation = self.replace(component, kind, activation)?;
            }
        }
        if matches!(point, HookPoint::MlpOut(_)) {
            self.mlp_out.replace(Some(activation.clone()));
        }
        Ok(activation)
    }
}

/// Where a point comes in the forward pass. The two embeddings come side by side.
fn place(point: HookPoint) -> (usize, usize) {
    match point {
        HookPoint::Embed | HookPoint::PosEmbed => (0, 0),
        HookPoint::ResidPre(l) => (l + 1, 0),
        HookPoint::Q(l) | HookPoint::K(l) | HookPoint::V(l) => (l + 1, 1),
        HookPoint::Pattern(l) => (l + 1, 2),
        HookPoint::Z(l) => (l + 1, 3),
        HookPoint::AttnOut(l) => (l + 1, 4),
        HookPoint::ResidMid(l) => (l + 1, 5),
        HookPoint::MlpOut(l) => (l + 1, 6),
        HookPoint::ResidPost(l) => (l + 1, 7),
    }
}

/// What stands in for an activation of shape (B, T, width), or for patterns
/// (B, H, T, T). `left` is what zeroing leaves behind.
fn replacement(kind: Kind, x: &Tensor, left: Option<Tensor>) -> crate::model::Result<Tensor> {
    let replacement = match kind {
        Kind::PositionMean | Kind::HeadMean => x.mean_keepdim(1)?,
        Kind::DatasetMean => x.mean_keepdim(0)?,
        Kind::GlobalMean => x.mean_keepdim((0, 1))?,
        Kind::Zero => left.map_or_else(|| x.zeros_like(), Ok)?,
        Kind::Resample => x.contiguous()?.index_select(&derangement(x.dim(0)?)?, 0)?,
    };
    Ok(replacement.broadcast_as(x.shape())?.contiguous()?)
}

/// For each prompt another one: the first of a seeded row of permutations that
/// leaves nothing in its place. One in e of them does.
fn derangement(n: usize) -> Result<Tensor, candle_core::Error> {
    let mut stream = RandomState::new(RESAMPLE_SEED);
    loop {
        let order = stream.permutation(n);
        if n < 2 || order.iter().enumerate().all(|(i, &j)| i != j) {
            return Tensor::from_iter(order.into_iter().map(|i| i as u32), &Device::Cpu);
        }
    }
}
