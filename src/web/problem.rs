//! Errors that a person can act on.

use super::prompt_set::PromptSetError;
use crate::circuits::CircuitError;
use crate::model::ModelError;
use crate::prompts::WordTableError;
use crate::study::StudyError;
use crate::tokens::TokensError;
use crate::web::results::import::ImportError;
use crate::weights::{ConfigError, LoadError, SourceError};
use serde::Serialize;

/// What the page offers in one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Offer {
    /// To use the bundled model.
    Tiny,
    /// To try again.
    Retry,
    /// To pick the model's file from disk.
    Disk,
    /// To give another address.
    Address,
    /// To save the picture as SVG, which only the page itself offers.
    Svg,
}

/// What happened, what was kept and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
    /// Set where the model's file is another than before, so that what was computed of
    /// it is of another model; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(as = "Option<bool>", optional))]
    pub changed: bool,
    /// Set where nothing is wrong and the visitor cancelled; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(as = "Option<bool>", optional))]
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
            changed: false,
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

    /// A file of this site did not come.
    #[must_use]
    pub fn missing_part(what: &str, error: impl std::fmt::Display) -> Self {
        let what = format!("{what} did not come: {error}");
        Self::new(
            what,
            KEPT_SETTINGS,
            "Check the connection and retry; if that does not help, reload the page.",
        )
        .offering(&[Offer::Retry])
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
const OTHER_MODEL: &str = "Choose another model, or go on with the bundled one.";

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        use Offer::{Address, Disk, Retry, Tiny};
        use SourceError as Source;
        let arrived = "The prompts, the settings and what had already arrived are kept.";
        let changed =
            "The prompts and settings are kept; what was stored and computed of the old file is not.";
        let (kept, next, offers): (_, _, &[Offer]) = match &error {
            LoadError::Source(error) => match error {
                Source::Cancelled => return Self::cancelled(),
                Source::Changed { .. } => (changed, "Retry opens the file as it is now.", &[Retry]),
                Source::Disk { .. } => (KEPT_SETTINGS, "Pick the file again.", &[Disk]),
                Source::Busy { .. } => {
                    let next = "Retry once that is over, pick the file from disk, \
                        or go on with the bundled model.";
                    (arrived, next, &[Retry, Disk, Tiny])
                }
                Source::Login { .. } => {
                    let next = "If the file is yours, download it and pick it from disk; \
                        or give another address, or go on with the bundled model.";
                    (arrived, next, &[Retry, Disk, Address, Tiny])
                }
                Source::OtherFile { .. } | Source::OtherLength { .. } | Source::Packed { .. } => {
                    let next = "See what the address shows in a tab of its own, then retry; \
                        or pick the file from disk, give another address, or go on with the bundled model.";
                    (arrived, next, &[Retry, Disk, Address, Tiny])
                }
                Source::OtherFormat { .. } => {
                    let next = "The hub converts a model for whoever asks, at \
                        https://huggingface.co/spaces/safetensors/convert: give it the model's name, and then \
                        give owner/name@refs/pr/1 here, with the number of the pull request that it opened. \
                        Elsewhere, save the model as safetensors, as transformers' save_pretrained does.";
                    (KEPT_SETTINGS, next, &[Tiny, Disk, Address])
                }
                Source::NotFound { .. } | Source::NoLength { .. } | Source::TooLarge { .. } => {
                    (KEPT_SETTINGS, OTHER_MODEL, &[Tiny, Disk, Address])
                }
                Source::Status { .. } => {
                    let next = "The host may do better in a while: retry; or pick the file from disk, \
                        give another address, or go on with the bundled model.";
                    (arrived, next, &[Retry, Tiny, Disk, Address])
                }
                Source::Unreachable { .. }
                | Source::Stalled { .. }
                | Source::OtherRange { .. }
                | Source::Short { .. } => {
                    let next = "Check the connection and retry; or pick the file from disk, \
                        give another address, or go on with the bundled model.";
                    (arrived, next, &[Retry, Tiny, Disk, Address])
                }
            },
            LoadError::Config(ConfigError::Heads(_)) => {
                (KEPT_SETTINGS, "Pick the file again, together with its config.json.", &[Disk, Tiny])
            }
            LoadError::Config(_) | LoadError::Index(_) => {
                (KEPT_SETTINGS, OTHER_MODEL, &[Tiny, Disk, Address])
            }
            LoadError::Length(_) | LoadError::Hash(_) | LoadError::NotFinite(_) => {
                let next = "The file itself may be damaged: choose another one, \
                    retry if it was mended meanwhile, or go on with the bundled model.";
                (arrived, next, &[Retry, Disk, Address, Tiny])
            }
        };
        let changed = matches!(error, LoadError::Source(Source::Changed { .. }));
        Self { changed, ..Self::new(&error, kept, next).offering(offers).about("model") }
    }
}

impl From<ModelError> for Problem {
    fn from(error: ModelError) -> Self {
        match &error {
            ModelError::TooLong { .. } => {
                let next = "Ask for fewer words, or shorten the text.";
                Self::new(&error, KEPT_SETTINGS, next).about("len")
            }
            ModelError::WorkerLost(_) => {
                let kept = "The settings and results are kept, and what was downloaded stays stored.";
                let next = "Press the button again: the page goes on with the threads that are left.";
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
                let next = "Choose another target, or put more words of one category into a prompt.";
                Self::new(&error, KEPT_SETTINGS, next).about("target")
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

impl From<CircuitError> for Problem {
    fn from(error: CircuitError) -> Self {
        match error {
            CircuitError::Study(error) => error.into(),
            CircuitError::NoEigenvalues(_) => {
                let next = "Choose another head: the weights of this one are not sound.";
                Self::new(&error, KEPT_SETTINGS, next).about("head")
            }
            CircuitError::NoSuchPosition { .. } | CircuitError::NoSuchToken(_) => {
                Self::new(&error, KEPT_SETTINGS, "Choose another token.").about("logit")
            }
            CircuitError::TooManyWords { .. } | CircuitError::Nothing => {
                Self::new(&error, KEPT_SETTINGS, "Change the word table.").about("words")
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
            PromptSetError::OtherTokens(_) => Self::of_file(&error),
            PromptSetError::Tokens(error) => error.clone().into(),
        }
    }
}

impl From<TokensError> for Problem {
    fn from(error: TokensError) -> Self {
        match &error {
            TokensError::NoRow { .. } => {
                let next = "Take it out of the text or the word table, or choose another model.";
                Self::new(&error, KEPT_SETTINGS, next)
            }
            TokensError::Tokenizer(_) => Self::bug(&error),
            _ => {
                let next = "Choose another model, or go on with the bundled one.";
                Self::new(&error, KEPT_SETTINGS, next).about("model").offering(&[Offer::Tiny])
            }
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
