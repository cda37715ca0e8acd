//! Where a model's bytes come from.

use super::SourceError;
use std::ops::Range;

/// A file that is read by ranges.
///
/// Bytes are handed on as they arrive, so that no range is held twice. The page
/// has one over HTTP and one on the visitor's disk; tests have one in memory.
#[allow(async_fn_in_trait, reason = "one thread, so nobody needs the futures to be Send")]
pub trait ByteSource {
    /// Length of the file in bytes.
    async fn length(&self) -> Result<u64, SourceError>;

    /// Reads a range and hands its bytes on, in order and exactly once. When it
    /// fails, what was handed on up to then is right.
    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError>;

    /// The first bytes of the file, or all of a shorter one.
    async fn beginning(&self, at_most: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        let end = self.length().await?.min(at_most);
        self.read(0..end, &mut |more| bytes.extend_from_slice(more)).await?;
        Ok(bytes)
    }

    /// Whether the source tells that its file was replaced. Where it does not, loads
    /// compare some bytes with what they read before.
    fn tells_versions(&self) -> bool {
        true
    }

    /// The error that says that the file was replaced.
    fn changed(&self) -> SourceError {
        SourceError::Changed { host: "its place".to_owned(), file: "the file".to_owned() }
    }

    /// Whether parts of the file cost less than all of it. A host that ignores
    /// ranges sends the file from its beginning for every read.
    fn serves_ranges(&self) -> bool {
        true
    }
}

/// A file in memory.
#[derive(Debug, Clone)]
pub struct MemorySource {
    bytes: Vec<u8>,
    chunk: usize,
}

impl MemorySource {
    /// A file of these bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self::in_chunks(bytes, usize::MAX)
    }

    /// A file that arrives in chunks of a given length, as from a network.
    #[must_use]
    pub fn in_chunks(bytes: Vec<u8>, chunk: usize) -> Self {
        Self { bytes, chunk: chunk.max(1) }
    }
}

impl ByteSource for MemorySource {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(self.bytes.len() as u64)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let bytes = self.bytes.get(range.start as usize..range.end as usize).ok_or_else(|| {
            let available = (self.bytes.len() as u64).saturating_sub(range.start);
            SourceError::Short {
                host: "memory".to_owned(),
                file: "the file".to_owned(),
                found: available,
                expected: range.end - range.start,
            }
        })?;
        bytes.chunks(self.chunk).for_each(on_bytes);
        Ok(())
    }
}
