//! The browser's Cache API as a store: what was downloaded once stays on this
//! device, each entry with its own hash.

use crate::web::js::property;
use crate::weights::{self, Kept, Store};
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Cache, CacheStorage, Headers, Request, Response, ResponseInit};

/// The cache's name; a new layout of its entries gets a new one.
const NAME: &str = "headscope-weights-1";
/// Keys have to be addresses. This one belongs to nobody (RFC 2606).
const ADDRESS: &str = "https://weights.invalid/";
const NOTHING_KEPT: &str = "This browser keeps no downloads for this page; \
    what arrives stays in memory until it is closed.";
const NO_MORE_KEPT: &str = "This browser has no more room for downloads; \
    what arrives now stays in memory until the page is closed.";
/// Ends the key of a model's description.
const DESCRIPTION: &str = "/description";
const HASH: &str = "x-sha256";
const LENGTH: &str = "x-bytes";
/// Bytes on their way to the disk from which on a load waits for it: they are in memory.
const MOST_PENDING: usize = 64 << 20;
/// Milliseconds for which a list of what is kept stands: another tab may clear it.
const LIST_STANDS: f64 = 2000.0;

/// Downloaded parts of models.
pub(crate) struct CacheStore {
    cache: Option<Cache>,
    /// Set once the browser grants no more room.
    full: Rc<Cell<bool>>,
    list: Rc<RefCell<List>>,
    pending: Rc<Pending>,
}

/// What is on its way to the disk.
#[derive(Default)]
struct Pending {
    bytes: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

impl Pending {
    /// Waits until no more than so many bytes are on their way.
    async fn at_most(&self, bytes: usize) {
        poll_fn(|context| {
            if self.bytes.get() <= bytes {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn add(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() + bytes);
    }

    fn done(&self, bytes: usize) {
        self.bytes.set(self.bytes.get() - bytes);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}

/// What is kept, so that an estimate need not look up each of its parts.
#[derive(Default)]
struct List {
    /// Addresses, with their lengths as far as those were asked for.
    lengths: BTreeMap<String, Option<u64>>,
    /// When it was last read.
    read_at: Option<f64>,
}

impl CacheStore {
    /// Opens the cache. Without one, which is so on pages that are not served
    /// over HTTPS and in some private windows, nothing is kept and the note says so.
    pub(crate) async fn open() -> Self {
        let caches = property(&js_sys::global(), "caches");
        let opened = match caches.dyn_into::<CacheStorage>() {
            Ok(caches) => JsFuture::from(caches.open(NAME)).await.ok(),
            Err(_) => None,
        };
        let cache = opened.map(JsCast::unchecked_into);
        Self { cache, full: Rc::default(), list: Rc::default(), pending: Rc::default() }
    }

    /// What a visitor should know: that nothing is kept, or no more.
    pub(crate) fn note(&self) -> Option<&'static str> {
        if self.cache.is_none() {
            return Some(NOTHING_KEPT);
        }
        self.full.get().then_some(NO_MORE_KEPT)
    }

    /// Bytes kept under a key; nothing is read for it.
    pub(crate) async fn length_of(&self, key: &str) -> Option<u64> {
        self.read_list().await;
        self.length_at(&address(key)).await
    }

    /// Bytes of the weights that are kept.
    pub(crate) async fn bytes(&self) -> u64 {
        self.settled().await;
        self.read_list().await;
        let urls: Vec<String> = self.list.borrow().lengths.keys().cloned().collect();
        let mut bytes = 0;
        let description = address(DESCRIPTION);
        let description = description.trim_start_matches(ADDRESS);
        for url in urls.into_iter().filter(|url| !url.ends_with(description)) {
            bytes += self.length_at(&url).await.unwrap_or(0);
        }
        bytes
    }

    /// Bytes kept at an address of the list.
    async fn length_at(&self, url: &str) -> Option<u64> {
        let listed = self.list.borrow().lengths.get(url).copied()?;
        if listed.is_some() {
            return listed;
        }
        let length = header(&self.find(url).await?, LENGTH)?.parse().ok()?;
        self.list.borrow_mut().lengths.insert(url.to_owned(), Some(length));
        Some(length)
    }

    /// Reads the list again if it is old. The lengths that are known stay.
    async fn read_list(&self) {
        let now = js_sys::Date::now();
        if self.list.borrow().read_at.is_some_and(|read_at| now - read_at < LIST_STANDS) {
            return;
        }
        let urls = self.addresses().await;
        let mut list = self.list.borrow_mut();
        let known = std::mem::take(&mut list.lengths);
        let length = |url: &String| known.get(url).copied().flatten();
        list.lengths = urls.into_iter().map(|url| (url.clone(), length(&url))).collect();
        list.read_at = Some(now);
    }

    fn unlist(&self, url: &str) {
        self.list.borrow_mut().lengths.remove(url);
    }

    /// Forgets everything.
    pub(crate) async fn clear(&self) {
        self.forget(|_| true).await;
        self.full.set(false);
    }

    /// Forgets what is kept of one model: its description, and the parts of every
    /// version of its file.
    pub(crate) async fn remove_model(&self, cache_prefix: &str) {
        self.forget(|key| is_on(key, cache_prefix)).await;
    }

    async fn forget(&self, is_meant: impl Fn(&str) -> bool) {
        let Some(cache) = &self.cache else { return };
        self.settled().await;
        for url in self.addresses().await {
            if key_of(&url).is_some_and(|key| is_meant(&key)) {
                let _ = JsFuture::from(cache.delete_with_str(&url)).await;
                self.unlist(&url);
            }
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
}

/// Keeps bytes in the browser's cache.
async fn keep(cache: &Cache, url: &str, bytes: &Uint8Array, sha256: Option<String>) -> Result<(), JsValue> {
    let sha256 = match sha256 {
        Some(sha256) => sha256,
        None => digest(bytes).await.unwrap_or_default(),
    };
    let headers = Headers::new()?;
    headers.set(HASH, &sha256)?;
    headers.set(LENGTH, &bytes.length().to_string())?;
    let init = ResponseInit::new();
    init.set_headers(&headers);
    let response = Response::new_with_opt_js_u8_array_and_init(Some(bytes), &init)?;
    JsFuture::from(cache.put_with_str(url, &response)).await?;
    Ok(())
}

impl Store for CacheStore {
    async fn get(&self, key: &str) -> Option<Kept> {
        // A load begins with hundreds of parts that are not here.
        self.read_list().await;
        if self.cache.is_none() || !self.list.borrow().lengths.contains_key(&address(key)) {
            return None;
        }
        let response = self.find(&address(key)).await?;
        let expected = header(&response, HASH)?;
        let bytes = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
        let bytes = Uint8Array::new(&bytes);
        if digest(&bytes).await? != expected {
            self.remove(key).await;
            return None;
        }
        Some(Kept { bytes: bytes.to_vec(), sha256: Some(expected) })
    }

    async fn put(&self, key: &str, bytes: &[u8], sha256: Option<&str>) {
        let Some(cache) = self.cache.clone().filter(|_| !self.full.get()) else { return };
        self.pending.at_most(MOST_PENDING).await;
        let (url, length) = (address(key), bytes.len());
        let (bytes, sha256) = (Uint8Array::from(bytes), sha256.map(str::to_owned));
        let Self { full, list, pending, .. } = self;
        let (full, list, pending) = (full.clone(), list.clone(), pending.clone());
        pending.add(length);
        spawn_local(async move {
            match keep(&cache, &url, &bytes, sha256).await {
                Ok(()) => {
                    list.borrow_mut().lengths.insert(url, Some(length as u64));
                }
                // QuotaExceededError, most likely. What is there stays; no more is tried.
                Err(_) => full.set(true),
            }
            pending.done(length);
        });
    }

    async fn settled(&self) {
        self.pending.at_most(0).await;
        // What another tab has kept meanwhile counts from here on.
        self.list.borrow_mut().read_at = None;
    }

    async fn sha256(&self, bytes: &[u8]) -> String {
        match digest(&Uint8Array::from(bytes)).await {
            Some(sha256) => sha256,
            // Only pages that are served securely are given the browser's.
            None => weights::sha256(bytes),
        }
    }

    async fn remove(&self, key: &str) {
        if let Some(cache) = &self.cache {
            let _ = JsFuture::from(cache.delete_with_str(&address(key))).await;
        }
        self.unlist(&address(key));
    }
}

/// Bytes that this site may keep, by the browser's own estimate.
pub(crate) async fn granted() -> Option<f64> {
    let storage = property(&property(&js_sys::global(), "navigator"), "storage");
    let estimate: js_sys::Function = property(&storage, "estimate").dyn_into().ok()?;
    let promise: js_sys::Promise = estimate.call0(&storage).ok()?.dyn_into().ok()?;
    property(&JsFuture::from(promise).await.ok()?, "quota").as_f64()
}

/// Under which name of a file, of this length and version, its parts are kept.
pub(crate) fn name_on(cache_prefix: &str, length: u64, version: &str) -> String {
    format!("{cache_prefix}/{length} {version}")
}

/// Under which key the description of a model is kept.
pub(crate) fn description_on(cache_prefix: &str) -> String {
    format!("{cache_prefix}{DESCRIPTION}")
}

/// Whether a key is one of the model's own: other models may lie below it, or begin
/// with the same letters.
fn is_on(key: &str, cache_prefix: &str) -> bool {
    let Some(rest) = key.strip_prefix(cache_prefix) else { return false };
    let length = rest.strip_prefix('/').and_then(|rest| rest.split_once(' ')).map(|(length, _)| length);
    rest == DESCRIPTION || length.is_some_and(|length| length.bytes().all(|byte| byte.is_ascii_digit()))
}

fn address(key: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
    format!("{ADDRESS}{encoded}")
}

/// The key that an address was made of.
fn key_of(address: &str) -> Option<String> {
    // Read as the name of a field without a value.
    let (key, _) = form_urlencoded::parse(address.strip_prefix(ADDRESS)?.as_bytes()).next()?;
    Some(key.into_owned())
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
