//! Hook points under TransformerLens' names, and the hooks that sit on them.

use super::Result;
use candle_core::Tensor;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

/// A named activation. Shapes are given as (batch, tokens, ...), and patterns as
/// (batch, head, destination, source).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HookPoint {
    /// Token embeddings, (B, T, d_model).
    Embed,
    /// Position embeddings, (B, T, d_model).
    PosEmbed,
    /// Residual stream before a layer, (B, T, d_model).
    ResidPre(usize),
    /// Queries, (B, T, n_head, d_head).
    Q(usize),
    /// Keys, (B, T, n_head, d_head).
    K(usize),
    /// Values, (B, T, n_head, d_head). They include the value bias, which
    /// TransformerLens moves into the output bias by default.
    V(usize),
    /// Attention pattern, (B, n_head, T, T); every row sums to 1.
    Pattern(usize),
    /// Each head's mix of values, (B, T, n_head, d_head).
    Z(usize),
    /// Output of attention, (B, T, d_model).
    AttnOut(usize),
    /// Residual stream between attention and MLP, (B, T, d_model).
    ResidMid(usize),
    /// Output of the MLP, (B, T, d_model).
    MlpOut(usize),
    /// Residual stream after a layer, (B, T, d_model).
    ResidPost(usize),
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => write!(f, "hook_embed"),
            Self::PosEmbed => write!(f, "hook_pos_embed"),
            Self::ResidPre(l) => write!(f, "blocks.{l}.hook_resid_pre"),
            Self::Q(l) => write!(f, "blocks.{l}.attn.hook_q"),
            Self::K(l) => write!(f, "blocks.{l}.attn.hook_k"),
            Self::V(l) => write!(f, "blocks.{l}.attn.hook_v"),
            Self::Pattern(l) => write!(f, "blocks.{l}.attn.hook_pattern"),
            Self::Z(l) => write!(f, "blocks.{l}.attn.hook_z"),
            Self::AttnOut(l) => write!(f, "blocks.{l}.hook_attn_out"),
            Self::ResidMid(l) => write!(f, "blocks.{l}.hook_resid_mid"),
            Self::MlpOut(l) => write!(f, "blocks.{l}.hook_mlp_out"),
            Self::ResidPost(l) => write!(f, "blocks.{l}.hook_resid_post"),
        }
    }
}

/// What hooks do with an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// They leave it alone, and need not see it.
    None,
    /// They see it and go on with the same.
    Read,
    /// They have it cached, or may put another in its place.
    Write,
}

/// Sees every activation of a forward pass and may put another in its place.
///
/// What a hook has cached the model does not compute, nor anything that would have
/// been used for that alone. That is how an ablation reuses what an earlier run
/// computed.
pub trait Hooks {
    /// What it does at `point`. An activation that no hook has an interest in need not
    /// be made in one piece, or in this thread.
    fn interest(&self, _point: HookPoint) -> Interest {
        Interest::Write
    }

    /// The activation at `point`, if it need not be computed.
    fn cached(&self, _point: HookPoint) -> Option<Tensor> {
        None
    }

    /// Takes the activation at `point`, cached or computed, and returns the one to
    /// go on with.
    ///
    /// # Errors
    ///
    /// The hook's own failure.
    fn hook(&self, _point: HookPoint, activation: Tensor) -> Result<Tensor> {
        Ok(activation)
    }
}

impl dyn Hooks + '_ {
    /// The activation at `point`, which `compute` makes if it is not cached.
    pub(super) async fn at(
        &self,
        point: HookPoint,
        compute: impl Future<Output = Result<Tensor>>,
    ) -> Result<Tensor> {
        let activation = match self.cached(point) {
            Some(known) => known,
            None => compute.await?,
        };
        self.hook(point, activation)
    }
}

/// Leaves everything as it is.
#[derive(Debug, Clone, Copy)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn interest(&self, _point: HookPoint) -> Interest {
        Interest::None
    }
}

/// Keeps the activations of chosen points: TransformerLens' `run_with_cache`.
#[derive(Debug, Default)]
pub struct ActivationCache {
    wanted: Vec<HookPoint>,
    seen: RefCell<HashMap<HookPoint, Tensor>>,
}

impl ActivationCache {
    /// Keeps these points.
    #[must_use]
    pub fn of(wanted: &[HookPoint]) -> Self {
        Self { wanted: wanted.to_vec(), seen: RefCell::default() }
    }

    /// What was kept.
    #[must_use]
    pub fn into_activations(self) -> HashMap<HookPoint, Tensor> {
        self.seen.into_inner()
    }
}

impl Hooks for ActivationCache {
    fn interest(&self, point: HookPoint) -> Interest {
        if self.wanted.contains(&point) { Interest::Read } else { Interest::None }
    }

    fn hook(&self, point: HookPoint, activation: Tensor) -> Result<Tensor> {
        if self.wanted.contains(&point) {
            self.seen.borrow_mut().insert(point, activation.clone());
        }
        Ok(activation)
    }
}
