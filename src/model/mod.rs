//! GPT-2 with named hook points, as much of it as a study needs.
//!
//! [`gpt2`] is the forward pass; [`Hooks`] read its activations or replace them;
//! [`Depth`] says how far it has to go, from which follows what has to be loaded.
//! The arithmetic is in [`kernels`]; weights may be split over several threads
//! ([`parallel`]).

mod attn;
pub mod gpt2;
pub mod hooks;
mod mlp;
mod next_token;
mod ops;
pub mod parallel;
pub mod parts;
mod past;
mod raw_weights;
mod token_embedding;

pub use gpt2::Gpt2;
pub use headscope_kernels as kernels;
pub use hooks::{ActivationCache, HookPoint, Hooks, Interest, NoHooks};
pub use next_token::NextToken;
pub use parallel::WorkerPool;
pub use parts::{Depth, Need};
pub use past::Past;
pub use raw_weights::{HeadWeights, OutputWeights};

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
    /// A worker that holds a part of the weights is gone.
    #[error("a computing thread stopped: {0}")]
    WorkerLost(String),
    /// A tensor operation failed; its message carries the shapes.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

/// Result of a computation of the model.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;
