//! The files of a tokenizer that the visitor picked.

use crate::web::models::disk::DiskSource;
use crate::weights::{ByteSource, SourceError};
use web_sys::Blob;

/// Those that the visitor picked, by their names.
#[derive(Clone, Default)]
pub(crate) struct PickedFiles(Vec<DiskSource>);

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
