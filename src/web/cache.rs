//! The browser's Cache API as a store: what was downloaded once stays on this
//! device, each entry with its own hash.

use super::js::property;
use crate::weights::Store;
use js_sys::Uint8Array;
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Headers, Request, Response, ResponseInit};

/// The cache's name; a new layout of its entries gets a new one.
const NAME: &str = "headscope-weights-1";
/// Keys have to be addresses. This one belongs to nobody (RFC 2606).
const ADDRESS: &str = "https://weights.invalid/";
const NOTHING_KEPT: &str = "This browser keeps no downloads for this page; \
    what arrives stays in memory until it is closed.";
const NO_MORE_KEPT: &str = "This browser has no more room for downloads; \
    what arrives now stays in memory until the page is closed.";
const HASH: &str = "x-sha256";
const LENGTH: &str = "x-bytes";

/// Downloaded parts of models.
pub(super) struct CacheStore {
    cache: Option<Cache>,
    /// Set once the browser grants no more room.
    full: Cell<bool>,
}

impl CacheStore {
    /// Opens the cache. Without one, which is so on pages that are not served
    /// over HTTPS and in some private windows, nothing is kept and the note says so.
    pub(super) async fn open() -> Self {
        let caches = property(&js_sys::global(), "caches");
        let opened = match caches.dyn_into::<CacheStorage>() {
            Ok(caches) => JsFuture::from(caches.open(NAME)).await.ok(),
            Err(_) => None,
        };
        Self { cache: opened.map(JsCast::unchecked_into), full: Cell::new(false) }
    }

    /// What a visitor should know: that nothing is kept, or no more.
    pub(super) fn note(&self) -> Option<&'static str> {
        if self.cache.is_none() {
            return Some(NOTHING_KEPT);
        }
        self.full.get().then_some(NO_MORE_KEPT)
    }

    /// Bytes kept under a key; nothing is read for it.
    pub(super) async fn length_of(&self, key: &str) -> Option<u64> {
        header(&self.find(&address(key)).await?, LENGTH)?.parse().ok()
    }

    /// Bytes of all entries.
    pub(super) async fn bytes(&self) -> u64 {
        let mut bytes = 0;
        for url in self.addresses().await {
            if let Some(response) = self.find(&url).await {
                bytes += header(&response, LENGTH).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
            }
        }
        bytes
    }

    /// Forgets everything.
    pub(super) async fn clear(&self) {
        self.remove_below("").await;
        self.full.set(false);
    }

    /// Forgets every key that begins so.
    pub(super) async fn remove_below(&self, beginning: &str) {
        let Some(cache) = &self.cache else { return };
        let beginning = address(beginning);
        for url in self.addresses().await.into_iter().filter(|url| url.starts_with(&beginning)) {
            let _ = JsFuture::from(cache.delete_with_str(&url)).await;
        }
    }

    async fn addresses(&self) -> Vec<String> {
        let Some(cache) = &self.cache else { return Vec::new() };
        let Ok(keys) = JsFuture::from(cache.keys()).await else { return Vec::new() };
        js_sys::Array::from(&keys).iter().map(|request| request.unchecked_into::<Request>().url()).collect()
    }

    async fn find(&self, url: &str) -> Option<Response> {
        let found = JsFuture::from(self.cache.as_ref()?.match_with_str(url)).await.ok()?;
        found.dyn_into().ok()
    }

    async fn put_response(&self, key: &str, bytes: &[u8]) -> Result<(), JsValue> {
        let Some(cache) = self.cache.as_ref().filter(|_| !self.full.get()) else { return Ok(()) };
        let bytes = Uint8Array::from(bytes);
        let headers = Headers::new()?;
        headers.set(HASH, &digest(&bytes).await.unwrap_or_default())?;
        headers.set(LENGTH, &bytes.length().to_string())?;
        let init = ResponseInit::new();
        init.set_headers(&headers);
        let response = Response::new_with_opt_js_u8_array_and_init(Some(&bytes), &init)?;
        JsFuture::from(cache.put_with_str(&address(key), &response)).await.map(|_| ())
    }
}

impl Store for CacheStore {
    async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let response = self.find(&address(key)).await?;
        let expected = header(&response, HASH)?;
        let bytes = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
        let bytes = Uint8Array::new(&bytes);
        if digest(&bytes).await? != expected {
            self.remove(key).await;
            return None;
        }
        Some(bytes.to_vec())
    }

    async fn put(&self, key: &str, bytes: &[u8]) {
        // QuotaExceededError, most likely. What is there stays; no more is tried.
        if self.put_response(key, bytes).await.is_err() {
            self.full.set(true);
        }
    }

    async fn remove(&self, key: &str) {
        if let Some(cache) = &self.cache {
            let _ = JsFuture::from(cache.delete_with_str(&address(key))).await;
        }
    }
}

/// Bytes that this site uses and may use, by the browser's own estimate.
pub(super) async fn usage() -> (Option<f64>, Option<f64>) {
    let storage = property(&property(&js_sys::global(), "navigator"), "storage");
    let Ok(estimate) = property(&storage, "estimate").dyn_into::<js_sys::Function>() else {
        return (None, None);
    };
    let Some(promise) = estimate.call0(&storage).ok().and_then(|p| p.dyn_into::<js_sys::Promise>().ok())
    else {
        return (None, None);
    };
    let Ok(estimate) = JsFuture::from(promise).await else { return (None, None) };
    (property(&estimate, "usage").as_f64(), property(&estimate, "quota").as_f64())
}

fn address(key: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    format!("{ADDRESS}{encoded}")
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// SHA-256 by the browser, which is quicker than ours.
async fn digest(bytes: &Uint8Array) -> Option<String> {
    let subtle = property(&property(&js_sys::global(), "crypto"), "subtle");
    let digest: js_sys::Function = property(&subtle, "digest").dyn_into().ok()?;
    let promise: js_sys::Promise = digest.call2(&subtle, &"SHA-256".into(), bytes).ok()?.dyn_into().ok()?;
    let hash = Uint8Array::new(&JsFuture::from(promise).await.ok()?).to_vec();
    Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}
