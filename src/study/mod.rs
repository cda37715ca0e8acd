//! What is asked of the model: which heads attend to words of the same category,
//! and what they need for it.
//!
//! [`target`] says which attention is meant, or an [`own_mask`]; [`metric`] turns a
//! pattern into a score, [`head_scores`] scores every head. [`component`] names what feeds
//! a head, [`kind`] what is put in its place, [`ablation`] does it, [`effect`] compares a
//! head's scores before and after, or [`every_head`]'s, [`stats`] says how sure that is. [`patterns`] gives the
//! patterns of all heads on one prompt. [`category_matrix`], [`contrast()`] and [`seeds`]
//! study a head by category, beside other heads and on other draws; [`text_loss`] is about
//! whole texts, and [`self_check`] compares the model with published figures.

pub mod ablation;
mod batch;
pub mod category_matrix;
pub mod component;
pub mod contrast;
pub mod effect;
pub mod every_head;
pub mod head_scores;
pub mod kind;

pub mod metric;
pub mod own_mask;
pub mod patterns;
pub mod seeds;
pub mod self_check;
pub mod stats;
pub mod target;
mod text_form;
pub mod text_loss;

pub(crate) use ablation::Patch;
pub use ablation::{Ablated, Baseline, ablate, ablate_together, baseline};
pub use category_matrix::CategoryMatrix;
pub use component::{Ablation, Component, full_sweep, notebook_preset, sweep};
pub use contrast::{Contrast, contrast};
pub use effect::{Effect, effects};
pub use every_head::EveryHead;
pub use head_scores::{HeadScorer, HeadScores, score_heads};
pub use kind::{AblationKind, AboutKind, KindChoice};
pub use metric::{AboutMetric, AttentionBreakdown, Measure, Metric};
pub use own_mask::OwnMask;
pub use seeds::{SeedResult, over_seeds};
pub use target::{AboutTarget, Target};
pub(crate) use text_form::{as_text, named};
pub use text_loss::{POSITIONS_AT_ONCE, TextLoss, evaluate, next_tokens};

use crate::model::{Depth, Need};
use crate::prompts::Relations;
use crate::weights::Config;
use std::fmt;
use std::str::FromStr;

/// A kept prompt, ready for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizedPrompt {
    /// Its number, from 0, as drawn.
    pub sequence: usize,
    /// Token ids, beginning-of-text first.
    pub ids: Vec<u32>,
    /// Relations of its tokens.
    pub relations: Relations,
}

/// A head, written as in `L1H5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Head {
    /// Its layer.
    pub layer: usize,
    /// Its place in the layer.
    pub head: usize,
}

impl Head {
    /// Whether a model of these sizes has it.
    #[must_use]
    pub fn exists(self, config: &Config) -> bool {
        self.layer < config.n_layer && self.head < config.n_head
    }
}

as_text!(Head);

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{}H{}", self.layer, self.head)
    }
}

impl FromStr for Head {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (layer, head) = text.strip_prefix('L').and_then(|rest| rest.split_once('H')).ok_or(())?;
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().map_err(|_| ()),
            false => Err(()),
        };
        Ok(Self { layer: number(layer)?, head: number(head)? })
    }
}

/// What the model must have loaded to run these prompts to a depth.
#[must_use]
pub fn need(cases: &[TokenizedPrompt], depth: Depth) -> Need {
    Need {
        tokens: cases.iter().flat_map(|case| case.ids.iter().copied()).collect(),
        positions: cases.iter().map(|case| case.ids.len()).max().unwrap_or(0),
        depth,
        direct: None,
    }
}

/// Where a long computation tells its progress and can be cancelled.
#[allow(async_fn_in_trait, reason = "one thread, so nobody needs the futures to be Send")]
pub trait YieldPoint {
    /// Called between steps. On the page, the browser handles its events here.
    ///
    /// # Errors
    ///
    /// [`StudyError::Cancelled`] to stop.
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError>;
}

/// Tells nobody, and cannot be cancelled.
#[derive(Debug, Clone, Copy)]
pub struct Uninterrupted;

impl YieldPoint for Uninterrupted {
    async fn step(&self, _: usize, _: usize) -> Result<(), StudyError> {
        Ok(())
    }
}

/// Why a study cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The visitor cancelled; nothing is wrong.
    #[error("cancelled")]
    Cancelled,
    /// The model cannot compute.
    #[error(transparent)]
    Model(#[from] crate::model::ModelError),
    /// There is nothing to score.
    #[error("no prompt has anything of what is scored")]
    NothingToScore,
    /// The ablation makes no sense for the component.
    #[error("{component} cannot be ablated by {kind}")]
    NotApplicable {
        /// The component.
        component: Component,
        /// The kind of ablation.
        kind: AblationKind,
    },
    /// The component does not come before the head.
    #[error("{component} does not feed {head}")]
    NotUpstream {
        /// The component.
        component: Component,
        /// The head.
        head: Head,
    },
    /// The replacement is made of other prompts, and there are none.
    #[error("{kind} takes at least two kept prompts")]
    NoOthers {
        /// The kind of ablation.
        kind: AblationKind,
    },
}

impl From<candle_core::Error> for StudyError {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}
