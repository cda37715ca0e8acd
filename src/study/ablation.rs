//! A head's pattern without something that feeds it.

use super::batch::{cut, filled, lengths};
use super::{Ablation, AblationKind, Component, Head, StudyError, TokenizedPrompt, YieldPoint};
use crate::model::{ActivationCache, Gpt2, HookPoint, Hooks, Interest};
use crate::weights::Config;
use candle_core::{D, Tensor};
use std::cell::RefCell;
use std::collections::HashMap;

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
    /// Tokens of each prompt.
    lengths: Vec<usize>,
    clean: HashMap<HookPoint, Tensor>,
    /// The head's own patterns.
    pub pattern: Ablated,
}

impl Baseline {
    /// Bytes of activations that a baseline of these prompts keeps.
    #[must_use]
    pub fn bytes(cases: &[TokenizedPrompt], head: Head, config: &Config) -> usize {
        let tokens = cases.len() * lengths(cases).into_iter().max().unwrap_or(0);
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
    cases: &[TokenizedPrompt],
    head: Head,
    pace: &impl YieldPoint,
) -> Result<Baseline, StudyError> {
    let (ids, lengths) = (filled(cases), lengths(cases));
    let recorder = ActivationCache::of(&[HookPoint::Embed, HookPoint::PosEmbed]);
    let mut resid = model.embed(&ids, &recorder).await?;
    let mut clean = recorder.into_activations();
    for l in 0..head.layer {
        pace.step(l, head.layer).await?;
        let recorder = ActivationCache::of(&[
            HookPoint::ResidPre(l),
            HookPoint::Z(l),
            HookPoint::AttnOut(l),
            HookPoint::ResidMid(l),
            HookPoint::MlpOut(l),
        ]);
        resid = model.block(l, &resid, &recorder).await?;
        clean.extend(recorder.into_activations());
    }
    let pattern = each_prompt(&model.head_pattern(head.layer, head.head, &resid).await?, &lengths)?;
    Ok(Baseline { head, ids, lengths, clean, pattern })
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
    kind: AblationKind,
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
    let Baseline { head, ids, lengths, clean, pattern } = baseline;
    let too_late = |component: &Component| component.layer().is_some_and(|l| l >= head.layer);
    if let Some((component, _)) = ablation.parts().iter().find(|(component, _)| too_late(component)) {
        return Err(StudyError::NotUpstream { component: *component, head: *head });
    }
    let patch = Patch::new(model, ablation, clean, lengths).await?;
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
    each_prompt(&model.head_pattern(head.layer, head.head, &resid).await?, lengths)
}

/// One head of (B, H, T, T), as one pattern a prompt of these lengths.
pub(super) fn head_patterns(pattern: &Tensor, head: usize, lengths: &[usize]) -> Result<Ablated, StudyError> {
    each_prompt(&pattern.narrow(1, head, 1)?.squeeze(1)?, lengths)
}

/// One head's patterns, (B, T, T), as one a prompt.
fn each_prompt(pattern: &Tensor, lengths: &[usize]) -> Result<Ablated, StudyError> {
    let n = pattern.dim(D::Minus1)?;
    let flat = pattern.flatten_all()?.to_vec1::<f32>()?;
    let prompts = flat.chunks_exact(n * n).zip(lengths);
    Ok(Ablated { patterns: prompts.map(|(pattern, &tokens)| cut(pattern, n, tokens).into_owned()).collect() })
}

/// Replaces activations, and hands out what the un-ablated run computed for
/// those that no replacement reaches.
pub(crate) struct Patch<'a> {
    ablation: &'a Ablation,
    clean: &'a HashMap<HookPoint, Tensor>,
    /// Tokens of each prompt.
    lengths: &'a [usize],
    /// The value biases of the replaced heads, which stay when z is zeroed.
    value_biases: HashMap<Head, Tensor>,
    /// The latest layer's MLP output, which `mlp-only` puts in the stream's place.
    mlp_out: RefCell<Option<Tensor>>,
}

impl<'a> Patch<'a> {
    /// For a run of prompts of these lengths, of which `clean` holds what an un-ablated
    /// run computed; it may hold nothing.
    ///
    /// # Errors
    ///
    /// [`StudyError::NotApplicable`] or [`StudyError::NoOthers`].
    pub(crate) async fn new(
        model: &Gpt2,
        ablation: &'a Ablation,
        clean: &'a HashMap<HookPoint, Tensor>,
        lengths: &'a [usize],
    ) -> Result<Self, StudyError> {
        for &(component, kind) in ablation.parts() {
            if !component.takes(kind) {
                return Err(StudyError::NotApplicable { component, kind });
            }
            if !kind.finds_others(lengths) {
                return Err(StudyError::NoOthers { kind });
            }
        }
        let mut value_biases = HashMap::new();
        for (component, _) in ablation.parts() {
            if let Component::Head(head) = *component {
                value_biases.insert(head, model.value_bias(head.layer, head.head).await?);
            }
        }
        Ok(Self { ablation, clean, lengths, value_biases, mlp_out: RefCell::default() })
    }

    /// Whether a replacement comes before a point, and so may change it.
    fn reaches(&self, point: HookPoint) -> bool {
        let before = |(component, _): &(Component, AblationKind)| {
            order_in_forward_pass(component.hook_point()) < order_in_forward_pass(point)
        };
        self.ablation.parts().iter().any(before)
    }

    fn replace(
        &self,
        component: Component,
        kind: AblationKind,
        activation: Tensor,
    ) -> crate::model::Result<Tensor> {
        match component {
            Component::MlpOnly(_) => Ok(self.mlp_out.take().unwrap_or(activation)),
            Component::Head(place) => {
                let head = place.head;
                // (B, T, H, e): one head is replaced and the others stay.
                let z = activation.narrow(2, head, 1)?.squeeze(2)?;
                let left = self.value_biases.get(&place);
                let z = kind.replacement(&z, left.cloned(), self.lengths)?.unsqueeze(2)?;
                let heads = activation.dim(2)?;
                let before = activation.narrow(2, 0, head)?;
                let after = activation.narrow(2, head + 1, heads - head - 1)?;
                Ok(Tensor::cat(&[&before, &z.contiguous()?, &after], 2)?)
            }
            _ => kind.replacement(&activation, None, self.lengths),
        }
    }
}

impl Hooks for Patch<'_> {
    fn interest(&self, point: HookPoint) -> Interest {
        let replaced = self.ablation.parts().iter().any(|(component, _)| component.hook_point() == point);
        match point {
            _ if replaced || self.cached(point).is_some() => Interest::Write,
            HookPoint::MlpOut(_) => Interest::Read,
            _ => Interest::None,
        }
    }

    fn cached(&self, point: HookPoint) -> Option<Tensor> {
        self.clean.get(&point).filter(|_| !self.reaches(point)).cloned()
    }

    fn hook(&self, point: HookPoint, mut activation: Tensor) -> crate::model::Result<Tensor> {
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
fn order_in_forward_pass(point: HookPoint) -> (usize, usize) {
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
