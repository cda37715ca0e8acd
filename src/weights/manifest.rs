//! Known hashes of tensors, to tell the published model from a damaged one.

use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// SHA-256 of whole tensors, over their bytes as they stand in the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    hashes: HashMap<String, String>,
}

impl Manifest {
    /// Reads lines of name, shape and hash, parted by tabs, below a line of
    /// titles. Lines that are not of that form are passed over.
    #[must_use]
    pub fn from_tsv(text: &str) -> Self {
        let line = |line: &str| {
            let mut fields = line.split('\t');
            let (name, _shape, hash) = (fields.next()?, fields.next()?, fields.next()?);
            Some((name.to_owned(), hash.trim().to_owned()))
        };
        Self { hashes: text.lines().skip(1).filter_map(line).collect() }
    }

    /// Number of tensors whose hash is known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hashes.len()
    }

    /// SHA-256 of a tensor's bytes, in lower-case hexadecimal, where it is known.
    #[must_use]
    pub fn hash_of(&self, tensor: &str) -> Option<&str> {
        self.hashes.get(tensor).map(String::as_str)
    }

    /// Whether bytes are those of a tensor; `None` where its hash is not known.
    #[must_use]
    pub fn check(&self, tensor: &str, bytes: &[u8]) -> Option<bool> {
        self.hash_of(tensor).map(|known| known == sha256(bytes))
    }
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
