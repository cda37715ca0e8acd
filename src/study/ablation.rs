//! What feeds a head, ways to take it away, and the head's pattern without it.
//! A new component or a new kind of ablation goes here.

use super::{Case, Head, Pace, StudyError};
use crate::model::{Gpt2, HookPoint, Hooks, NoHooks, Recorder};
use crate::prompts::draw::RandomState;
use crate::weights::Config;
use candle_core::{D, Device, Tensor};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Fixed, so that a link resamples alike everywhere.
const RESAMPLE_SEED: u32 = 5;

/// Something that feeds a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// The token embeddings.
    Embed,
    /// The position embeddings.
    PosEmbed,
    /// A layer's attention output.
    Attn(usize),
    /// A layer's attention patterns.
    Pattern(usize),
    /// One head's z.
    Head(Head),
    /// A layer's MLP output.
    Mlp(usize),
}

/// What is put in a component's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Its mean over the positions of the same prompt, beginning-of-text
    /// included (the notebook's).
    PositionMean,
    /// Per position, its mean over the kept prompts.
    DatasetMean,
    /// Its mean over prompts and positions (the post's code).
    GlobalMean,
    /// Zero. Of a head's z the value bias stays, ln_1's shift included, as in
    /// TransformerLens, where both are folded into the output bias.
    Zero,
    /// What it is in another kept prompt, by a seeded derangement.
    Resample,
    /// For patterns only: every head's is replaced by the mean over the heads
    /// (the notebook's "attention ablation").
    HeadMean,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::PositionMean, Self::DatasetMean, Self::GlobalMean, Self::Zero, Self::Resample, Self::HeadMean];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PositionMean => "position-mean",
            Self::DatasetMean => "dataset-mean",
            Self::GlobalMean => "global-mean",
            Self::Zero => "zero",
            Self::Resample => "resample",
            Self::HeadMean => "head-mean",
        })
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.to_string() == text).ok_or(())
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => write!(f, "embed"),
            Self::PosEmbed => write!(f, "pos_embed"),
            Self::Attn(l) => write!(f, "L{l}.attn"),
            Self::Pattern(l) => write!(f, "L{l}.pattern"),
            Self::Head(head) => write!(f, "{head}"),
            Self::Mlp(l) => write!(f, "L{l}.mlp"),
        }
    }
}

impl Component {
    /// Everything that feeds a head of layer `layer`, in the order of the
    /// forward pass.
    #[must_use]
    pub fn upstream_of(layer: usize, config: &Config) -> Vec<Self> {
        let mut all = vec![Self::Embed, Self::PosEmbed];
        for l in 0..layer {
            all.push(Self::Pattern(l));
            all.extend((0..config.n_head).map(|head| Self::Head(Head { layer: l, head })));
            all.extend([Self::Attn(l), Self::Mlp(l)]);
        }
        all
    }

    /// Whether an ablation of this kind makes sense.
    #[must_use]
    pub fn takes(self, kind: Kind) -> bool {
        matches!(self, Self::Pattern(_)) == (kind == Kind::HeadMean)
    }

    /// The activation that an ablation replaces.
    fn hook_point(self) -> HookPoint {
        match self {
            Self::Embed => HookPoint::Embed,
            Self::PosEmbed => HookPoint::PosEmbed,
            Self::Attn(l) => HookPoint::AttnOut(l),
            Self::Pattern(l) => HookPoint::Pattern(l),
            Self::Head(head) => HookPoint::Z(head.layer),
            Self::Mlp(l) => HookPoint::MlpOut(l),
        }
    }

    /// The layer it lies in; embeddings lie before all layers.
    fn layer(self) -> Option<usize> {
        match self {
            Self::Embed | Self::PosEmbed => None,
            Self::Attn(l) | Self::Pattern(l) | Self::Mlp(l) => Some(l),
            Self::Head(head) => Some(head.layer),
        }
    }
}

/// The notebook's four: what it calls token, position, attention and MLP
/// ablation, of whatever feeds layer 1. Other layers get the same of theirs:
/// the embeddings, and patterns and MLPs of all earlier layers.
#[must_use]
pub fn notebook_preset(layer: usize) -> Vec<(Component, Kind)> {
    let mut preset = vec![(Component::Embed, Kind::PositionMean), (Component::PosEmbed, Kind::PositionMean)];
    for l in 0..layer {
        preset.push((Component::Pattern(l), Kind::HeadMean));
        preset.push((Component::Mlp(l), Kind::PositionMean));
    }
    preset
}

/// Every upstream component that a kind applies to.
#[must_use]
pub fn sweep(layer: usize, kind: Kind, config: &Config) -> Vec<(Component, Kind)> {
    let all = Component::upstream_of(layer, config).into_iter();
    all.filter(|component| component.takes(kind)).map(|component| (component, kind)).collect()
}

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
    let mut resid = model.embed(&ids, &recorder)?;
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
        resid = model.block(l, &resid, &recorder)?;
        clean.extend(recorder.into_seen());
    }
    let pattern = head_patterns(&model.pattern(head.layer, &resid, &NoHooks)?, head.head)?;
    Ok(Baseline { head, ids, clean, pattern })
}

/// The head's patterns with one component replaced. Only what the replacement
/// can change is computed again.
///
/// # Errors
///
/// [`StudyError::NotApplicable`], [`StudyError::NotUpstream`],
/// [`StudyError::NothingToResample`] or the model's.
pub fn ablate(
    model: &Gpt2,
    baseline: &Baseline,
    component: Component,
    kind: Kind,
) -> Result<Ablated, StudyError> {
    let Baseline { head, ids, clean, .. } = baseline;
    if !component.takes(kind) {
        return Err(StudyError::NotApplicable { component, kind });
    }
    if component.layer().is_some_and(|l| l >= head.layer) {
        return Err(StudyError::NotUpstream { component, head: *head });
    }
    if kind == Kind::Resample && ids.len() < 2 {
        return Err(StudyError::NothingToResample);
    }
    let patch = Patch { model, component, kind, clean };
    let (first, mut resid) = match component.layer() {
        None => (0, model.embed(ids, &patch)?),
        Some(l) => (l, patch.clean(HookPoint::ResidPre(l))?),
    };
    for l in first..head.layer {
        resid = model.block(l, &resid, &patch)?;
    }
    head_patterns(&model.pattern(head.layer, &resid, &NoHooks)?, head.head)
}

/// One head of (B, H, T, T), as one pattern a prompt.
fn head_patterns(pattern: &Tensor, head: usize) -> Result<Ablated, StudyError> {
    let one = pattern.narrow(1, head, 1)?.squeeze(1)?;
    let cells = one.dim(D::Minus1)?.pow(2);
    let flat = one.flatten_all()?.to_vec1::<f32>()?;
    Ok(Ablated { patterns: flat.chunks_exact(cells).map(<[f32]>::to_vec).collect() })
}

/// Replaces one activation, and hands out what the un-ablated run computed for
/// those that the replacement cannot reach.
struct Patch<'a> {
    model: &'a Gpt2,
    component: Component,
    kind: Kind,
    clean: &'a HashMap<HookPoint, Tensor>,
}

impl Hooks for Patch<'_> {
    fn run(
        &self,
        point: HookPoint,
        compute: &mut dyn FnMut() -> crate::model::Result<Tensor>,
    ) -> crate::model::Result<Tensor> {
        if point == self.component.hook_point() {
            let activation = self.clean.get(&point).cloned().map_or_else(compute, Ok)?;
            return self.replace(&activation);
        }
        let reusable = match self.component {
            Component::Embed => point == HookPoint::PosEmbed,
            Component::PosEmbed => point == HookPoint::Embed,
            Component::Mlp(l) => point == HookPoint::ResidMid(l),
            _ => false,
        };
        match self.clean.get(&point) {
            Some(activation) if reusable => Ok(activation.clone()),
            _ => compute(),
        }
    }
}

impl Patch<'_> {
    fn clean(&self, point: HookPoint) -> Result<Tensor, StudyError> {
        let missing =
            || StudyError::NotUpstream { component: self.component, head: Head { layer: 0, head: 0 } };
        self.clean.get(&point).cloned().ok_or_else(missing)
    }

    fn replace(&self, activation: &Tensor) -> crate::model::Result<Tensor> {
        let Component::Head(Head { layer, head }) = self.component else {
            return self.replacement(activation, None);
        };
        // (B, H, T, e): one head is replaced and the others stay.
        let z = activation.narrow(1, head, 1)?.squeeze(1)?;
        let z = self.replacement(&z, Some(self.model.value_bias(layer, head)?))?.unsqueeze(1)?;
        let heads = activation.dim(1)?;
        let before = activation.narrow(1, 0, head)?;
        let after = activation.narrow(1, head + 1, heads - head - 1)?;
        Ok(Tensor::cat(&[&before, &z.contiguous()?, &after], 1)?)
    }

    /// What stands in for an activation of shape (B, T, width), or for patterns
    /// (B, H, T, T). `left` is what zeroing leaves behind.
    fn replacement(&self, x: &Tensor, left: Option<Tensor>) -> crate::model::Result<Tensor> {
        let replacement = match self.kind {
            Kind::PositionMean | Kind::HeadMean => x.mean_keepdim(1)?,
            Kind::DatasetMean => x.mean_keepdim(0)?,
            Kind::GlobalMean => x.mean_keepdim((0, 1))?,
            Kind::Zero => left.map_or_else(|| x.zeros_like(), Ok)?,
            Kind::Resample => x.contiguous()?.index_select(&derangement(x.dim(0)?)?, 0)?,
        };
        Ok(replacement.broadcast_as(x.shape())?.contiguous()?)
    }
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
