//! Where bytes that were fetched once are kept for the next visit.

use std::cell::RefCell;
use std::collections::HashMap;

/// Keeps bytes under a key. Losing them costs a download and nothing else, so
/// nothing here fails.
#[allow(async_fn_in_trait, reason = "one thread, so nobody needs the futures to be Send")]
pub trait Store {
    /// The bytes under a key, if they are there and whole.
    async fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps bytes. Returns when they are safe, or when it is clear that they
    /// cannot be kept.
    async fn put(&self, key: &str, bytes: &[u8]);

    /// Forgets what turned out to be wrong.
    async fn remove(&self, key: &str);
}

/// A store, or none, which keeps nothing.
impl<T: Store> Store for Option<&T> {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.as_ref()?.get(key).await
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        if let Some(store) = self {
            store.put(key, bytes).await;
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
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.kept.borrow().get(key).cloned()
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        self.kept.borrow_mut().insert(key.to_owned(), bytes.to_vec());
    }

    async fn remove(&self, key: &str) {
        self.kept.borrow_mut().remove(key);
    }
}
