//! Results in the shapes that the page is given, whether they were just computed
//! or read from a file. The page's types are made of these.

mod host;
mod prompts;
mod scores;

pub use host::{Estimate, ModelInfo, Pause, Progress, Stored, Unit, WordTokens};
pub use prompts::{Prompt, PromptSet, Split};
pub use scores::{
    AblationRow, Ablations, Best, HeadScores, PartialScores, PatternResult, Skipped, can_be_scored, label,
    scored_cases,
};

use crate::web::results::{ModelId, Results};
use crate::web::{SettingProblem, Settings};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A link's text, read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReadLink {
    /// What it asks for.
    pub settings: Settings,
    /// What of it could not be used.
    pub problems: Vec<SettingProblem>,
    /// The same text as the page writes it.
    pub link: String,
    /// Whether it holds none of a link's keys, and so is no link to a study.
    pub empty: bool,
}

/// Sizes of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Sizes {
    /// Layers.
    pub n_layer: usize,
    /// Heads of each.
    pub n_head: usize,
}

/// A word table, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReadWords {
    /// Its words.
    pub rows: Vec<Vec<String>>,
    /// What its rows are called; null for one without a name.
    pub names: Vec<Option<String>>,
    /// The table as links and files hold it.
    pub csv: String,
}

/// A results file, as the page shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportedResults {
    /// Which build of the page computed it.
    pub build: String,
    /// With which model, if with any.
    pub model: Option<ImportedModel>,
    /// Under which settings.
    pub settings: Settings,
    /// Their prompts.
    pub prompt_set: PromptSet,
    /// The shown head's pattern. It goes to the page with its arrays.
    #[serde(skip_serializing)]
    pub pattern: Option<PatternResult>,
    /// The scores of all heads.
    pub scores: Option<HeadScores>,
    /// The ablations.
    pub ablations: Option<Ablations>,
    /// What the tools found, by their names.
    #[cfg_attr(test, ts(type = "Partial<ToolResults>"))]
    pub further: BTreeMap<&'static str, Value>,
}

/// What a results file says of the model that computed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ImportedModel {
    /// As in the link.
    pub id: String,
    /// Layers.
    pub n_layer: usize,
    /// Heads of each.
    pub n_head: usize,
}

impl ImportedResults {
    /// As the page is given them; nothing without prompts, which every file has.
    #[must_use]
    pub fn of(results: &Results) -> Option<Self> {
        let (set, settings) = (results.prompts.as_ref()?, &results.settings);
        let model = |model: &ModelId| ImportedModel {
            id: model.id.clone(),
            n_layer: model.config.n_layer,
            n_head: model.config.n_head,
        };
        let shown = results.shown.as_ref().and_then(|shown| Some((shown, set.prompts.get(shown.prompt)?)));
        Some(Self {
            build: results.build.clone(),
            model: results.model.as_ref().map(model),
            settings: settings.clone(),
            prompt_set: PromptSet::of(set, settings),
            pattern: shown.map(|(shown, prompt)| PatternResult::of(shown, prompt, settings, set)),
            scores: results.head_scores.as_ref().map(|scores| HeadScores::of(scores, settings, set)),
            ablations: (!results.ablations.is_empty())
                .then(|| Ablations::of(&results.ablations, settings, set)),
            further: results.further.clone(),
        })
    }
}
