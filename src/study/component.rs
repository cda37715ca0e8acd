//! What feeds a head. A new component goes here.

use super::{AblationKind, Head, as_text};
use crate::model::HookPoint;
use crate::weights::Config;
use std::fmt;
use std::str::FromStr;

/// Something that feeds a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// The token embeddings.
    Embed,
    /// The position embeddings.
    PosEmbed,
    /// A layer's attention patterns.
    Pattern(usize),
    /// One head's z.
    Head(Head),
    /// A layer's attention output.
    Attn(usize),
    /// A layer's MLP output.
    Mlp(usize),
    /// Everything in the residual stream after a layer but its MLP's output: to
    /// zero it is to put that output alone in the stream's place.
    MlpOnly(usize),
}

as_text!(Component);

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => write!(f, "embed"),
            Self::PosEmbed => write!(f, "pos_embed"),
            Self::Pattern(l) => write!(f, "L{l}.pattern"),
            Self::Head(head) => write!(f, "{head}"),
            Self::Attn(l) => write!(f, "L{l}.attn"),
            Self::Mlp(l) => write!(f, "L{l}.mlp"),
            Self::MlpOnly(l) => write!(f, "L{l}.mlp-only"),
        }
    }
}

impl FromStr for Component {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let component = match text.split_once('.') {
            None if text == "embed" => Self::Embed,
            None if text == "pos_embed" => Self::PosEmbed,
            None => Self::Head(text.parse()?),
            Some((layer, part)) => {
                let l = layer.strip_prefix('L').and_then(|digits| digits.parse().ok()).ok_or(())?;
                match part {
                    "pattern" => Self::Pattern(l),
                    "attn" => Self::Attn(l),
                    "mlp" => Self::Mlp(l),
                    "mlp-only" => Self::MlpOnly(l),
                    _ => return Err(()),
                }
            }
        };
        Ok(component)
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
            all.extend([Self::Attn(l), Self::Mlp(l), Self::MlpOnly(l)]);
        }
        all
    }

    /// Whether a model of these sizes has it.
    #[must_use]
    pub fn exists(self, config: &Config) -> bool {
        match self {
            Self::Embed | Self::PosEmbed => true,
            Self::Head(head) => head.exists(config),
            Self::Pattern(l) | Self::Attn(l) | Self::Mlp(l) | Self::MlpOnly(l) => l < config.n_layer,
        }
    }

    /// Whether an ablation of this kind makes sense.
    #[must_use]
    pub fn takes(self, kind: AblationKind) -> bool {
        match self {
            Self::Pattern(_) => kind == AblationKind::HeadMean,
            Self::MlpOnly(_) => kind == AblationKind::Zero,
            _ => kind != AblationKind::HeadMean,
        }
    }

    /// The kind `wanted` where it makes sense; otherwise the only one that does,
    /// or the notebook's.
    #[must_use]
    pub fn kind_for(self, wanted: AblationKind) -> AblationKind {
        match self {
            _ if self.takes(wanted) => wanted,
            Self::Pattern(_) => AblationKind::HeadMean,
            Self::MlpOnly(_) => AblationKind::Zero,
            _ => AblationKind::PositionMean,
        }
    }

    /// The activation that an ablation replaces.
    pub(super) fn hook_point(self) -> HookPoint {
        match self {
            Self::Embed => HookPoint::Embed,
            Self::PosEmbed => HookPoint::PosEmbed,
            Self::Pattern(l) => HookPoint::Pattern(l),
            Self::Head(head) => HookPoint::Z(head.layer),
            Self::Attn(l) => HookPoint::AttnOut(l),
            Self::Mlp(l) => HookPoint::MlpOut(l),
            Self::MlpOnly(l) => HookPoint::ResidPost(l),
        }
    }

    /// The layer it lies in; embeddings lie before all layers.
    pub(crate) fn layer(self) -> Option<usize> {
        match self {
            Self::Embed | Self::PosEmbed => None,
            Self::Pattern(l) | Self::Attn(l) | Self::Mlp(l) | Self::MlpOnly(l) => Some(l),
            Self::Head(head) => Some(head.layer),
        }
    }
}

/// One component, or several that are taken away in the same run.
///
/// Of several, each replacement is made of the activation as it is in that run,
/// with all replacements before it in force. So a mean after an earlier ablation
/// is the mean of what the ablated model computes, as with hooks in
/// TransformerLens, and not that of the un-ablated model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ablation {
    parts: Vec<(Component, AblationKind)>,
}

impl Ablation {
    /// Several components together, which are put in the order of their layers; of
    /// a component that is named twice, the first kind counts.
    #[must_use]
    pub fn together(parts: impl IntoIterator<Item = (Component, AblationKind)>) -> Self {
        let mut parts: Vec<(Component, AblationKind)> = parts.into_iter().collect();
        parts.sort_by_key(|(component, _)| (component.layer(), *component));
        parts.dedup_by_key(|(component, _)| *component);
        Self { parts }
    }

    /// What is replaced by what.
    #[must_use]
    pub fn parts(&self) -> &[(Component, AblationKind)] {
        &self.parts
    }

    /// The components' names, joined by `+`.
    #[must_use]
    pub fn components(&self) -> String {
        self.parts.iter().map(|(component, _)| component.to_string()).collect::<Vec<_>>().join("+")
    }

    /// The kinds' names, joined by `+`, each once.
    #[must_use]
    pub fn kinds(&self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for (_, kind) in &self.parts {
            if !kinds.contains(&kind.to_string()) {
                kinds.push(kind.to_string());
            }
        }
        kinds.join("+")
    }
}

impl From<(Component, AblationKind)> for Ablation {
    fn from(part: (Component, AblationKind)) -> Self {
        Self { parts: vec![part] }
    }
}

/// The notebook's four: what it calls token, position, attention and MLP
/// ablation, of whatever feeds layer 1. Other layers get the same of theirs:
/// the embeddings, and patterns and MLPs of all earlier layers.
#[must_use]
pub fn notebook_preset(layer: usize) -> Vec<(Component, AblationKind)> {
    let mut preset = vec![
        (Component::Embed, AblationKind::PositionMean),
        (Component::PosEmbed, AblationKind::PositionMean),
    ];
    for l in 0..layer {
        preset.push((Component::Pattern(l), AblationKind::HeadMean));
        preset.push((Component::Mlp(l), AblationKind::PositionMean));
    }
    preset
}

/// Every upstream component that a kind applies to.
#[must_use]
pub fn sweep(layer: usize, kind: AblationKind, config: &Config) -> Vec<(Component, AblationKind)> {
    let all = Component::upstream_of(layer, config).into_iter();
    all.filter(|component| component.takes(kind)).map(|component| (component, kind)).collect()
}

/// Every upstream component: those that a kind does not apply to by the kind
/// that does.
#[must_use]
pub fn full_sweep(layer: usize, kind: AblationKind, config: &Config) -> Vec<(Component, AblationKind)> {
    let all = Component::upstream_of(layer, config).into_iter();
    all.map(|component| (component, component.kind_for(kind))).collect()
}
