//! Where bytes that were fetched once are kept for the next visit.

use super::sha256;
use std::cell::RefCell;
use std::collections::HashMap;

/// Keeps bytes under a key. Losing them costs a download and nothing else, so
/// nothing here fails.
#[allow(async_fn_in_trait, reason = "one thread, so nobody needs the futures to be Send")]
pub trait Store {
    /// What is under a key, if it is there and whole.
    async fn get(&self, key: &str) -> Option<Kept>;

    /// Has bytes kept, whose SHA-256 may be known. They need not be safe when this
    /// returns: whoever waits for a model does not wait for a disk.
    async fn put(&self, key: &str, bytes: &[u8], sha256: Option<&str>);

    /// Returns once everything is safe, or cannot be kept.
    async fn settled(&self) {}

    /// SHA-256 of bytes, in lower-case hexadecimal.
    async fn sha256(&self, bytes: &[u8]) -> String {
        sha256(bytes)
    }

    /// Forgets what turned out to be wrong.
    async fn remove(&self, key: &str);
}

/// What a store gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, where the store had to compute it.
    pub sha256: Option<String>,
}

/// A store, or none, which keeps nothing.
impl<T: Store> Store for Option<&T> {
    async fn get(&self, key: &str) -> Option<Kept> {
        self.as_ref()?.get(key).await
    }

    async fn put(&self, key: &str, bytes: &[u8], sha256: Option<&str>) {
        if let Some(store) = self {
            store.put(key, bytes, sha256).await;
        }
    }

    async fn settled(&self) {
        if let Some(store) = self {
            store.settled().await;
        }
    }

    async fn sha256(&self, bytes: &[u8]) -> String {
        match self {
            Some(store) => store.sha256(bytes).await,
            None => sha256(bytes),
        }
    }

    async fn remove(&self, key: &str) {
        if let Some(store) = self {
            store.remove(key).await;
        }
    }
}

/// Keeps bytes in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// What is kept.
    pub kept: RefCell<HashMap<String, Vec<u8>>>,
}

impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Option<Kept> {
        self.kept.borrow().get(key).cloned().map(|bytes| Kept { bytes, sha256: None })
    }

    async fn put(&self, key: &str, bytes: &[u8], _sha256: Option<&str>) {
        self.kept.borrow_mut().insert(key.to_owned(), bytes.to_vec());
    }

    async fn remove(&self, key: &str) {
        self.kept.borrow_mut().remove(key);
    }
}
