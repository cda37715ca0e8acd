//! A model's tokenizer: which files its folder has for it, and what comes of them.

use crate::tokens::{Hints, Tokens};
use crate::web::Problem;
use crate::weights::{Config, LoadError, SourceError};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The files of a tokenizer, as the cache keeps them.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub enum Files {
    /// GPT-2's own, which comes with the site.
    Gpt2,
    /// There are none.
    Absent,
    /// `tokenizer.json`.
    Json(String),
    /// `vocab.json` and `merges.txt`.
    Pair(String, String),
}

impl Files {
    /// Finds them by reading files of a folder, whole. A folder whose config.json came
    /// lacks what its host refuses, as some stores do where there is no such file, or
    /// shows a page of its own for.
    ///
    /// # Errors
    ///
    /// A [`Problem`] of whatever else a read fails by.
    pub async fn find(
        read: impl AsyncFn(&'static str) -> Result<Vec<u8>, SourceError>,
    ) -> Result<Self, Problem> {
        let text = async |file: &'static str| match read(file).await {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(
                SourceError::NotFound { .. }
                | SourceError::Login { .. }
                | SourceError::OtherFile { found: "a web page", .. },
            ) => Ok(None),
            Err(error) => Err(LoadError::from(error)),
        };
        if let Some(json) = text("tokenizer.json").await? {
            return Ok(Self::Json(json));
        }
        let Some(vocab) = text("vocab.json").await? else { return Ok(Self::Absent) };
        Ok(text("merges.txt").await?.map_or(Self::Absent, |merges| Self::Pair(vocab, merges)))
    }

    /// The tokenizer, if it is another than GPT-2's own, which then may stand in these
    /// files' place.
    ///
    /// # Errors
    ///
    /// A [`Problem`] if they are of no tokenizer that reads as GPT-2's does.
    pub fn tokens(&self, config: &Config) -> Result<Option<Rc<Tokens>>, Problem> {
        let hints = Hints { bos: config.tokenizer.bos, eos: &config.tokenizer.eos, rows: config.d_vocab };
        let tokens = match self {
            Self::Gpt2 => return Ok(None),
            Self::Absent => {
                config.reads_as_gpt2().map_err(LoadError::from)?;
                return Ok(None);
            }
            Self::Json(json) => Tokens::from_tokenizer_json(json.as_bytes(), &hints)?,
            Self::Pair(vocab, merges) => Tokens::from_vocab_and_merges(vocab.as_bytes(), merges, &hints)?,
        };
        Ok(tokens.sha256().is_some().then(|| Rc::new(tokens)))
    }

    /// What is to be known of it.
    #[must_use]
    pub fn note(&self, tokens: Option<&Tokens>) -> Option<String> {
        match (self, tokens) {
            (Self::Absent, _) => {
                Some("No tokenizer came with this model: GPT-2’s reads the texts.".to_owned())
            }
            (_, Some(tokens)) => {
                let (words, bos) = (tokens.len(), tokens.text_of(tokens.bos()));
                Some(format!(
                    "The model’s own tokenizer reads the texts: {words} tokens, of which {bos} begins each text."
                ))
            }
            _ => None,
        }
    }
}
