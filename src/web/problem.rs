//! Errors that a person can act on.

use super::import::ImportError;
use super::prompt_set::PromptSetError;
use crate::model::ModelError;
use crate::prompts::WordTableError;
use crate::study::StudyError;
use crate::weights::{LoadError, SourceError};
use serde::Serialize;

/// What the page offers in one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offer {
    /// To use the bundled model.
    Tiny,
    /// To try again.
    Retry,
}

/// What happened, what was kept and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What happened.
    pub what: String,
    /// What was kept.
    pub kept: String,
    /// What to do.
    pub next: String,
    /// What the page offers in one click, the likeliest first.
    pub offers: Vec<Offer>,
    /// The setting at fault, under the link's name.
    pub key: Option<&'static str>,
    /// Set where nothing is wrong and the visitor cancelled; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

impl Problem {
    /// A problem with what was asked for.
    #[must_use]
    pub fn new(what: impl ToString, kept: &str, next: &str) -> Self {
        Self {
            what: sentence(&what.to_string()),
            kept: kept.to_owned(),
            next: next.to_owned(),
            offers: Vec::new(),
            key: None,
            cancelled: false,
        }
    }

    /// A failure that is this program's own.
    #[must_use]
    pub fn bug(what: impl ToString) -> Self {
        let next = "This is a fault of the page. Reload it, and please report the link and this message.";
        Self::new(what, "The link still holds all settings.", next)
    }

    /// The visitor cancelled.
    #[must_use]
    pub fn cancelled() -> Self {
        let kept = "What had arrived and what had been computed is kept.";
        Self { cancelled: true, ..Self::new("Cancelled", kept, "Start again to go on.") }
    }

    /// The problem, laid at a setting's door.
    #[must_use]
    pub fn about(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    fn offering(self, offers: &[Offer]) -> Self {
        Self { offers: offers.to_vec(), ..self }
    }
}

const KEPT_SETTINGS: &str = "The prompts and settings are kept.";

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        let kept = "The prompts, the settings and what had already arrived are kept.";
        let problem = match &error {
            LoadError::Source(SourceError::Cancelled) => return Self::cancelled(),
            LoadError::Source(SourceError::Changed { .. }) => {
                let next = "Retry opens the file as it is now.";
                Self::new(
                    &error,
                    "The prompts and settings are kept, what was stored of the old file is not.",
                    next,
                )
                .offering(&[Offer::Retry])
            }
            LoadError::Source(SourceError::Disk { .. }) => {
                Self::new(&error, KEPT_SETTINGS, "Pick the file again.")
            }
            LoadError::Source(
                SourceError::NotFound { .. } | SourceError::NoLength { .. } | SourceError::TooLarge { .. },
            )
            | LoadError::Config(_)
            | LoadError::Index(_) => {
                let next = "Choose another model, or go on with the bundled one.";
                Self::new(&error, KEPT_SETTINGS, next).offering(&[Offer::Tiny])
            }
            LoadError::Source(_) | LoadError::Length(_) | LoadError::Hash(_) | LoadError::NotFinite(_) => {
                let next = "Check the connection and retry, or go on with the bundled model.";
                Self::new(&error, kept, next).offering(&[Offer::Retry, Offer::Tiny])
            }
        };
        problem.about("model")
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        match &error {
            ModelError::TooLong { .. } => {
                let next = "Ask for fewer words, or shorten the text.";
                Self::new(&error, KEPT_SETTINGS, next).about("len")
            }
            ModelError::CrewLost(_) => {
                let kept = "The settings and results are kept, and what was downloaded stays stored.";
                let next = "Press the button again: the page goes on with one thread.";
                Self::new(&error, kept, next).offering(&[Offer::Retry])
            }
            _ => Self::bug(&error),
        }
    }
}

impl From<StudyError> for Problem {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Cancelled => Self::cancelled(),
            StudyError::Model(error) => error.into(),
            StudyError::NothingToScore => {
                let next = "Draw longer sequences, fewer categories or another seed.";
                Self::new(&error, KEPT_SETTINGS, next).about("len")
            }
            StudyError::NoOthers { .. } => {
                Self::new(&error, KEPT_SETTINGS, "Draw more sequences, or choose another kind.").about("n")
            }
            StudyError::NotApplicable { .. } | StudyError::NotUpstream { .. } => {
                Self::new(&error, KEPT_SETTINGS, "Choose another kind or another head.").about("kind")
            }
        }
    }
}

impl From<PromptSetError> for Problem {
    fn from(error: PromptSetError) -> Self {
        match &error {
            PromptSetError::Draw(_) => {
                let next = "Ask for fewer categories, or add rows to the word table.";
                Self::new(&error, "The settings are kept.", next).about("cats")
            }
            PromptSetError::TooLong { .. } | PromptSetError::TooMany => {
                let next = "Ask for fewer or shorter words, or shorten the text.";
                Self::new(&error, "The settings are kept.", next).about("len")
            }
            PromptSetError::Tokens(_) => Self::bug(&error),
        }
    }
}

impl From<WordTableError> for Problem {
    fn from(error: WordTableError) -> Self {
        let kept = "The table in use stays as it was.";
        Self::new(&error, kept, "Give one category a row, words separated by commas.").about("words")
    }
}

impl Problem {
    /// A file that cannot be shown.
    #[must_use]
    pub fn of_file(what: impl ToString) -> Self {
        let next = "Choose a file that Export JSON or Save settings wrote, as it was written.";
        Self::new(what, "Nothing was taken from it; what the page shows is kept.", next)
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        Self::of_file(error)
    }
}

/// The text with a full stop, and a capital first letter unless it begins with the
/// name of a host or a file.
fn sentence(text: &str) -> String {
    let is_name = text.split(' ').next().is_some_and(|word| word.contains(['.', ':']));
    let mut chars = text.chars();
    let first: String = match chars.next() {
        Some(c) if !is_name => c.to_uppercase().collect(),
        first => first.into_iter().collect(),
    };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
