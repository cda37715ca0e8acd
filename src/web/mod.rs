//! The edge where the study meets the page.
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`known_models`] | what is known of `gpt2` and `tiny` without a request |
//! | [`link`] | what a visitor can set, and its text forms |
//! | [`catalogue`] | all that can be chosen, and what is said of it |
//! | [`prompt_set`] | what the settings draw |
//! | [`results`] | what was computed, and the file it is written to and read back from |
//! | [`steps`] | what the three steps come to, wherever they run |
//! | [`taken_apart`] | the shown head taken apart, for steering and the circuits |
//! | [`tokenizer_files`] | which files a model's tokenizer is read from |
//! | [`payload`] | the same as the page is given it |
//! | [`tools`] | what goes beyond the three steps: one file a tool |
//! | [`request`] | what the page asks of the worker |
//! | [`problem`] | an error that a person can act on |
//! | `page` | what the page's thread calls: links, tables, drawing |
//! | `worker` | the worker's side: the engine that does what is asked |
//! | `models` | where models come from, and what of them is here |
//!
//! The last three are the browser's alone; the others are plain Rust and tested natively.

pub mod catalogue;
pub mod known_models;
pub mod link;
pub mod payload;
pub mod problem;
pub mod prompt_set;
pub mod request;
pub mod results;
pub mod steps;
pub mod taken_apart;
pub mod tokenizer_files;
pub mod tools;

pub use link::settings::{SettingProblem, Settings};
pub use problem::Problem;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod types;

#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
pub mod models;
#[cfg(target_arch = "wasm32")]
pub mod page;
#[cfg(target_arch = "wasm32")]
pub mod worker;
