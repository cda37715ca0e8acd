//! GPT-2 with named hook points, as much of it as a study needs.
//!
//! [`gpt2`] is the forward pass; [`Hooks`] watch it or step in; [`Depth`] says
//! how far it has to go, from which follows what has to be loaded. Weights are
//! multiplied in [`kernels`], and may be shared with the threads of a [`crew`].

mod attn;
pub mod crew;
pub mod gpt2;
pub mod hooks;
pub mod kernels;
mod linear;
mod mlp;
mod ops;
pub mod parts;
mod rows;
mod share;
mod words;

pub use crew::Crew;
pub use gpt2::Gpt2;
pub use hooks::{HookPoint, Hooks, NoHooks, Recorder, Touch};
pub use parts::{Depth, Need};

/// Why the model cannot compute.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A weight that the computation needs was not loaded.
    #[error("tensor {0} is not loaded")]
    NotLoaded(&'static str),
    /// GPT-2 has no tensor of that name.
    #[error("GPT-2 has no tensor {0}")]
    NoSuchTensor(String),
    /// A prompt is longer than the model's context.
    #[error("a prompt of {tokens} tokens does not fit the model's context of {n_ctx}")]
    TooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// The model's context.
        n_ctx: usize,
    },
    /// Prompts of one batch have to be equally long and not empty.
    #[error("the prompts of a batch are not equally long")]
    Ragged,
    /// A thread that has a share of the weights is gone.
    #[error("a computing thread stopped: {0}")]
    CrewLost(String),
    /// A tensor operation failed; its message carries the shapes.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Result of a computation of the model.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;
