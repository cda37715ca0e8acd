//! What the page asks of the worker. A request is an object with one key, its name, and
//! under it what it takes; files of the visitor's own come beside it. One that is none,
//! or that asks for a step or a tool that there is not, is an error.

use crate::web::Settings;
use crate::web::link::outcome::Outcome;
use crate::web::tools::AskTool;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// All that the page can ask for.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename = "EngineRequest"))]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The prompts. Fetches nothing but the site's tokenizer file.
    Prompts(Study),
    /// The host, and the bytes that a step or a tool would take from it and from this
    /// browser's cache. Asks nobody.
    Estimate(AskCost),
    /// Opens the model and loads what the shown head needs. A head that the model lacks
    /// is replaced by its best-scoring one. If the model has a tokenizer of its own, the
    /// prompts come with it as that reads them.
    Load(Study),
    /// The shown head's pattern on the shown prompt, with its score there.
    Pattern(Study),
    /// Scores every head on every kept prompt, and loads what that needs.
    Scores(Study),
    /// Scores the heads of the layers that are loaded, and loads nothing.
    LoadedScores(Study),
    /// Runs the ablations of the shown head.
    Ablations(Study),
    /// What goes beyond these steps.
    Tool(AskTool),
    /// Takes the files beside it from the visitor's disk as the model `file`.
    PickFile(PickedFiles),
    /// Spreads the work over so many threads. The open model is closed, and what is kept
    /// of it comes back from this browser's cache.
    UseThreads(usize),
    /// What is stored on this device.
    Storage(()),
    /// Forgets all downloaded weights. The open model stays in memory.
    ClearStorage(()),
    /// The results file of what has been computed so far, under the settings in force: how
    /// a pattern is looked at changes without another step.
    ExportJson(Option<Settings>),
    /// The ablations, else the scores, else the pattern, as CSV; likewise.
    ExportCsv(Option<Settings>),
    /// Reads the text of a results file and makes its results the engine's own, for the
    /// page to show and export until a model is run.
    ImportResults(String),
    /// The tokens of each of these words.
    WordTokens(Vec<String>),
}

/// What takes no more than the settings.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Study {
    /// Those in force.
    pub settings: Settings,
}

/// What shows other heads on the shown prompt.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskPrompt {
    /// Those in force.
    pub settings: Settings,
    /// Whether layers that are missing are loaded; they are left out otherwise.
    pub fetch: bool,
    /// Another prompt, of which patterns come in full.
    #[cfg_attr(test, ts(optional))]
    pub prompt: Option<usize>,
}

/// What a step or a tool would fetch.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskCost {
    /// Those in force.
    pub settings: Settings,
    /// The step or the tool.
    #[serde(deserialize_with = "named")]
    #[cfg_attr(test, ts(type = "Step"))]
    pub step: Outcome,
    /// The published figures that the model is to be held against, if it is to be.
    #[cfg_attr(test, ts(optional))]
    pub figures: Option<String>,
}

/// Which of the files beside the request is what: the weights come first, one file or
/// several of one model, then the config, then the tokenizer's files.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PickedFiles {
    /// How many files of weights there are.
    pub weights: usize,
    /// Whether there is a config. Without one the sizes are read off the shapes.
    pub config: bool,
}

/// A step or a tool by its name.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    let name = String::deserialize(deserializer)?;
    Outcome::step(&name).ok_or_else(|| D::Error::custom(format!("there is no step {name}")))
}
