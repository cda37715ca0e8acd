//! What is open, stored and under way.

use super::PromptSet;
use crate::study::Head;
use crate::web::SettingProblem;
use crate::web::results::file::Bytes;
use serde::Serialize;

/// An open model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ModelInfo {
    /// As in the link.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// Layers.
    pub n_layer: usize,
    /// Heads of each.
    pub n_head: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Most tokens of a prompt.
    pub n_ctx: usize,
    /// Rows of the embedding.
    pub n_vocab: usize,
    /// Bytes of its weights.
    pub file_bytes: u64,
    /// The head that is shown: another than was asked for, if the model lacks that.
    pub head: Head,
    /// What of the settings could not be.
    pub problems: Vec<SettingProblem>,
    /// What the visitor should know of it.
    pub note: String,
    /// The prompts as the model's own tokenizer reads them; null for GPT-2's.
    pub prompt_set: Option<PromptSet>,
    /// What the visitor should know of what is stored.
    pub storage_note: Option<String>,
}

/// What something would fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Estimate {
    /// Where from.
    pub host: String,
    /// From the network; null where the model's sizes are not known yet.
    pub bytes: Option<u64>,
    /// Of this browser's cache.
    pub cached: Option<u64>,
    /// Whether the sizes are known.
    pub known: bool,
    /// What was read of the open model until now.
    pub read: Bytes,
}

/// What is kept on this device, and what the browser grants.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Stored {
    /// Of weights.
    pub bytes: u64,
    /// What the browser grants this site, in bytes, if it says so.
    pub granted: Option<f64>,
    /// What the visitor should know of it.
    pub note: Option<String>,
}

/// The tokens of one word, within a prompt and at its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WordTokens {
    /// After a space.
    pub after_space: Vec<String>,
    /// Without one.
    pub at_start: Vec<String>,
}

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Progress<'a> {
    /// What is done now.
    pub stage: &'a str,
    /// How much of it is done.
    pub done: f64,
    /// Of how much.
    pub total: f64,
    /// What both count.
    pub unit: Unit,
    /// Bytes from the network so far.
    pub network: f64,
    /// Bytes from the cache so far.
    pub cache: f64,
    /// What is known of the result already.
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(as = "Option<super::PartialScores>"))]
    pub partial: (),
    /// Who asked for a pause, and how long it lasts still.
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(as = "Option<Pause>"))]
    pub pause: (),
}

/// What progress is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Of weights.
    Bytes,
    /// That were run.
    Prompts,
    /// Of the model.
    Runs,
    /// Of a range.
    Seeds,
    /// That continue a text.
    Tokens,
}

/// A pause that a host asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Pause {
    /// The host.
    pub host: String,
    /// How many seconds are left of it.
    pub seconds: u32,
}
