//! What is asked of the model: which heads attend to words of the same category,
//! and what they need for it.
//!
//! [`target`] says which attention is meant, [`metric`] turns a pattern into a
//! score, [`detect`] scores every head. [`component`] names what feeds a head,
//! [`ablation`] replaces it, [`effect`] compares a head's scores before and after,
//! [`stats`] says how sure that is. [`patterns`] gives every head's on one prompt. [`category_matrix`], [`contrast()`] and [`seeds`]
//! look at a head from further sides; [`reading`] asks for the next token, and
//! [`self_check`] holds the model against published figures.

pub mod ablation;
pub mod category_matrix;
pub mod component;
pub mod contrast;
pub mod detect;
pub mod effect;
pub mod metric;
pub mod patterns;
pub mod reading;
pub mod seeds;
pub mod self_check;
pub mod stats;
pub mod target;

pub use ablation::{Ablated, Baseline, ablate, ablate_together, baseline};
pub use category_matrix::CategoryMatrix;
pub use component::{Ablation, Component, Kind, full_sweep, notebook_preset, sweep};
pub use contrast::{Contrast, contrast};
pub use detect::{Detector, HeadScores, score_heads};
pub use effect::{Effect, effects};
pub use metric::{Measure, Metric, Shares};
pub use reading::{Reading, read};
pub use seeds::{SeedResult, over_seeds};
pub use target::Target;

use crate::model::{Depth, Need};
use crate::prompts::Relations;
use std::fmt;
use std::str::FromStr;

/// A kept prompt, ready for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
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

/// What the model must have loaded to run these prompts so deep.
#[must_use]
pub fn need(cases: &[Case], depth: Depth) -> Need {
    Need {
        tokens: cases.iter().flat_map(|case| case.ids.iter().copied()).collect(),
        positions: cases.iter().map(|case| case.ids.len()).max().unwrap_or(0),
        depth,
    }
}

/// Where a long computation shows how far it is, and may be told to stop.
#[allow(async_fn_in_trait, reason = "one thread, so nobody needs the futures to be Send")]
pub trait Pace {
    /// Called between steps. The page lets the browser breathe here.
    ///
    /// # Errors
    ///
    /// [`StudyError::Cancelled`] to stop.
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError>;
}

/// Never stops.
#[derive(Debug, Clone, Copy)]
pub struct NoPace;

impl Pace for NoPace {
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
        kind: Kind,
    },
    /// The component does not come before the head.
    #[error("{component} does not feed {head}")]
    NotUpstream {
        /// The component.
        component: Component,
        /// The head.
        head: Head,
    },
    /// What other prompts are to give takes another prompt.
    #[error("{kind} takes at least two kept prompts")]
    NoOthers {
        /// The kind of ablation.
        kind: Kind,
    },
}

impl From<candle_core::Error> for StudyError {
    fn from(error: candle_core::Error) -> Self {
        Self::Model(error.into())
    }
}
