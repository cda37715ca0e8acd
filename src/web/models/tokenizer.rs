//! A model's tokenizer: which files its folder has for it, and what comes of them.

use crate::tokens::{Hints, Tokens};
use crate::web::Problem;
use crate::web::models::disk::DiskSource;
use crate::weights::{ByteSource, Config, LoadError, SourceError};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use web_sys::Blob;

/// The files of a tokenizer, as the cache keeps them.
#[derive(Serialize, Deserialize)]
pub(crate) enum Files {
    /// GPT-2's own, which comes with the site.
    Gpt2,
    /// There are none.
    Absent,
    /// `tokenizer.json`.
    Json(String),
    /// `vocab.json` and `merges.txt`.
    Pair(String, String),
}

/// Those that the visitor picked, by their names.
#[derive(Clone, Default)]
pub(crate) struct PickedFiles(Vec<DiskSource>);

impl Files {
    /// Finds them by reading files of a folder, whole. A folder whose config.json came
    /// lacks what its host refuses, as some stores do where there is no such file, or
    /// shows a page of its own for.
    pub(crate) async fn find(
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
    pub(crate) fn tokens(&self, config: &Config) -> Result<Option<Rc<Tokens>>, Problem> {
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

    /// What the visitor should know of it.
    pub(crate) fn note(&self, tokens: Option<&Tokens>) -> Option<String> {
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

impl PickedFiles {
    pub(crate) fn new(files: Vec<Blob>) -> Self {
        Self(files.into_iter().map(DiskSource::new).collect())
    }

    /// Reads the one of this name, whole.
    pub(crate) async fn read(&self, name: &str) -> Result<Vec<u8>, SourceError> {
        let absent = || SourceError::NotFound { host: String::new(), file: name.to_owned(), status: 404 };
        let file = self.0.iter().find(|file| file.name() == name).ok_or_else(absent)?;
        let mut bytes = Vec::new();
        file.read(0..file.length().await?, &mut |more| bytes.extend_from_slice(more)).await?;
        Ok(bytes)
    }
}
