//! Files over HTTP, by ranges: retried, resumed where they were cut, and
//! cancelled at once.

use super::js::{Timer, fetch, property, sleep};
use crate::weights::{ByteSource, SourceError};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::pin::pin;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Request, RequestInit, Response};

/// Failures in a row, without a byte between them, after which a read gives up.
const PATIENCE: u32 = 5;
/// First wait after a failure, in milliseconds; it doubles with each.
const FIRST_WAIT: f64 = 400.0;
/// Longest wait that a host may ask for, in milliseconds.
const LONGEST_WAIT: f64 = 60_000.0;
/// Largest file that is read as a text, in bytes.
const LARGEST_TEXT: usize = 4 << 20;
/// Silence after which an answer counts as cut, in milliseconds.
const STALL: f64 = 15_000.0;

/// A file under a URL.
pub(super) struct HttpSource {
    url: String,
    signal: RefCell<Option<AbortSignal>>,
    /// Length and version of the file, once known.
    identity: RefCell<Option<Identity>>,
    /// Whether the host answers ranges with ranges.
    ranges: Cell<bool>,
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Length of the file in bytes.
    pub(super) length: u64,
    /// ETag or date of the file, where the host shows them; else empty.
    pub(super) version: String,
}

/// A failed request, and how long the host wants to be left alone.
struct Failure {
    error: SourceError,
    wait: Option<f64>,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { error, wait: None }
    }
}

impl HttpSource {
    pub(super) fn new(url: String) -> Self {
        Self { url, signal: RefCell::default(), identity: RefCell::default(), ranges: Cell::new(true) }
    }

    /// A file that an earlier visit knew. The host is asked only when bytes are
    /// wanted, and has to have the same file still.
    pub(super) fn known(url: String, identity: Identity, ranges: bool) -> Self {
        Self { identity: RefCell::new(Some(identity)), ranges: Cell::new(ranges), ..Self::new(url) }
    }

    /// Sets what cancels the requests from here on.
    pub(super) fn cancel_with(&self, signal: &AbortSignal) {
        self.signal.replace(Some(signal.clone()));
    }

    /// Length and version of the file, once known.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity.borrow().clone()
    }

    /// Reads a small file whole.
    pub(super) async fn text(&self) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        // A second try, because the first request of a visit meets the most hiccups.
        for last in [false, true] {
            bytes.clear();
            let read = async {
                let response = self.request(None).await?;
                self.stream(&response, &mut |chunk| {
                    bytes.extend_from_slice(chunk);
                    bytes.len() <= LARGEST_TEXT
                })
                .await?;
                if bytes.len() > LARGEST_TEXT {
                    let (host, file) = (self.host(), self.file());
                    return Err(Failure::from(SourceError::TooLarge { host, file }));
                }
                Ok(())
            };
            match read.await {
                Ok(()) => break,
                Err(failure) if last || is_final(&failure.error) => return Err(failure.error),
                Err(failure) => self.wait(0, failure.wait).await?,
            }
        }
        Ok(bytes)
    }

    async fn request(&self, range: Option<&Range<u64>>) -> Result<Response, Failure> {
        let init = RequestInit::new();
        init.set_method("GET");
        init.set_signal(self.signal.borrow().as_ref());
        init.set_credentials(web_sys::RequestCredentials::Omit);
        init.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
        if range.is_some() {
            // Weights are kept by this page, checked, and not a second time by the browser.
            init.set_cache(web_sys::RequestCache::NoStore);
        }
        let request = Request::new_with_str_and_init(&self.url, &init).map_err(|e| self.failed(&e))?;
        if let Some(range) = range {
            let value = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            request.headers().set("Range", &value).map_err(|e| self.failed(&e))?;
        }
        let silence = || SourceError::Stalled { host: self.host(), file: self.file() };
        let answer = in_time(fetch(&request)).await.ok_or_else(silence)?;
        let response: Response = answer.map_err(|e| self.failed(&e))?.unchecked_into();
        let (host, file, status) = (self.host(), self.file(), response.status());
        match status {
            200 | 206 => Ok(response),
            401 | 404 | 410 => Err(SourceError::NotFound { host, file, status }.into()),
            _ => {
                let wait = header(&response, "Retry-After")
                    .and_then(|seconds| seconds.parse::<f64>().ok())
                    .filter(|seconds| seconds.is_finite());
                let error = SourceError::Status { host, file, status };
                Err(Failure { error, wait: wait.map(|seconds| (seconds * 1000.0).clamp(0.0, LONGEST_WAIT)) })
            }
        }
    }

    /// Hands on the body of an answer until it ends or `on_bytes` wants no more.
    async fn stream(
        &self,
        response: &Response,
        on_bytes: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), Failure> {
        let Some(body) = response.body() else { return Ok(()) };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let mut buffer = Vec::new();
        loop {
            let Some(read) = in_time(reader.read()).await else {
                let _ = JsFuture::from(reader.cancel()).await;
                return Err(SourceError::Stalled { host: self.host(), file: self.file() }.into());
            };
            let read = read.map_err(|e| self.failed(&e))?;
            let chunk = property(&read, "value");
            if chunk.is_undefined() {
                return Ok(());
            }
            let chunk: Uint8Array = chunk.unchecked_into();
            buffer.resize(chunk.length() as usize, 0);
            chunk.copy_to(&mut buffer);
            if !on_bytes(&buffer) {
                // The rest of the answer is not wanted; that it is cut off is no failure.
                let _ = JsFuture::from(reader.cancel()).await;
                return Ok(());
            }
        }
    }

    /// Asks once for a range and hands on what comes of it; true if all came.
    async fn read_once(&self, range: &Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        let response = self.request(Some(range)).await?;
        self.ranges.set(response.status() == 206);
        self.check_identity(&response)?;
        self.check_start(&response, range)?;
        // A host that ignores ranges begins at the beginning.
        let mut skip = if response.status() == 206 { 0 } else { range.start };
        let mut left = range.end - range.start;
        self.stream(&response, &mut |bytes| {
            let from = skip.min(bytes.len() as u64) as usize;
            skip -= from as u64;
            let to = (from as u64 + left).min(bytes.len() as u64) as usize;
            left -= (to - from) as u64;
            on_bytes(&bytes[from..to]);
            left > 0
        })
        .await?;
        Ok(left == 0)
    }

    /// Reads a whole file to learn its length, from a host that neither serves
    /// ranges nor says it.
    async fn measure(&self) -> Result<(), SourceError> {
        let mut length = 0;
        self.read_once(&(0..u64::MAX), &mut |bytes| length += bytes.len() as u64)
            .await
            .map_err(|failure| failure.error)?;
        self.identity.replace(Some(Identity { length, version: String::new() }));
        Ok(())
    }

    /// A part of the file other than the one asked for would be taken for it.
    fn check_start(&self, response: &Response, range: &Range<u64>) -> Result<(), SourceError> {
        let told = header(response, "Content-Range").filter(|_| response.status() == 206);
        let start =
            told.as_deref().and_then(|told| told.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
        match start {
            Some(start) if start != range.start => {
                let (host, file, asked) = (self.host(), self.file(), range.start);
                Err(SourceError::OtherRange { host, file, asked, start })
            }
            _ => Ok(()),
        }
    }

    /// Takes note of the file's length and version, or checks that they are still
    /// what they were.
    fn check_identity(&self, response: &Response) -> Result<(), SourceError> {
        let found = self.identity_in(response);
        let mut identity = self.identity.borrow_mut();
        let (Some(known), Some(found)) = (&*identity, &found) else {
            *identity = identity.take().or(found);
            return Ok(());
        };
        let same_version =
            known.version.is_empty() || found.version.is_empty() || known.version == found.version;
        if known.length == found.length && same_version {
            return Ok(());
        }
        Err(SourceError::Changed { host: self.host(), file: self.file() })
    }

    /// Length by `Content-Range: bytes 0-0/548105171`, or by the length of a whole
    /// answer, which is that of the file only where nothing is packed.
    fn identity_in(&self, response: &Response) -> Option<Identity> {
        let length = if response.status() == 206 {
            header(response, "Content-Range")?.rsplit_once('/')?.1.parse().ok()?
        } else {
            header(response, "Content-Length")?.parse().ok()?
        };
        let version = header(response, "ETag").or_else(|| header(response, "Last-Modified"));
        Some(Identity { length, version: version.unwrap_or_default() })
    }

    /// Waits after a failure: as long as the host asks, or longer with each, and
    /// never at the same moment as everybody else.
    async fn wait(&self, failures: u32, asked: Option<f64>) -> Result<(), SourceError> {
        let backoff = FIRST_WAIT * f64::from(1 << failures.min(6));
        let mut left = asked.unwrap_or(backoff) * (1.0 + 0.3 * js_sys::Math::random());
        while left > 0.0 {
            if self.signal.borrow().as_ref().is_some_and(AbortSignal::aborted) {
                return Err(SourceError::Cancelled);
            }
            sleep(left.min(100.0)).await;
            left -= 100.0;
        }
        Ok(())
    }

    /// A browser gives the same error for every failure but a cancel.
    fn failed(&self, error: &JsValue) -> SourceError {
        if property(error, "name").as_string().as_deref() == Some("AbortError") {
            return SourceError::Cancelled;
        }
        SourceError::Unreachable { host: self.host() }
    }

    fn host(&self) -> String {
        super::js::host_of(&self.url)
    }

    fn file(&self) -> String {
        self.url.rsplit('/').next().unwrap_or(&self.url).to_owned()
    }
}

impl ByteSource for HttpSource {
    async fn length(&self) -> Result<u64, SourceError> {
        if self.identity().is_none() {
            // HEAD can lose the length on its way through a redirect; a range does not.
            self.read(0..1, &mut |_| ()).await?;
        }
        if self.identity().is_none() && !self.serves_ranges() {
            self.measure().await?;
        }
        let no_length = || SourceError::NoLength { host: self.host(), file: self.file() };
        Ok(self.identity().ok_or_else(no_length)?.length)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let mut at = range.start;
        let mut failures = 0;
        while at < range.end {
            let before = at;
            let asked = at..range.end;
            let mut count = |bytes: &[u8]| {
                at += bytes.len() as u64;
                on_bytes(bytes);
            };
            let failure = match self.read_once(&asked, &mut count).await {
                Ok(true) => return Ok(()),
                Ok(false) => Failure::from(SourceError::Short {
                    host: self.host(),
                    file: self.file(),
                    found: at - range.start,
                    expected: range.end - range.start,
                }),
                Err(failure) => failure,
            };
            // An answer that brought something shows a host that is alive.
            failures = if at > before { 1 } else { failures + 1 };
            if is_final(&failure.error) || failures >= PATIENCE {
                return Err(failure.error);
            }
            self.wait(failures - 1, failure.wait).await?;
        }
        Ok(())
    }

    fn serves_ranges(&self) -> bool {
        self.ranges.get()
    }
}

/// Whether asking again is of no use. A 403 is asked again: the address that a
/// host redirects to may have expired, and the next redirect brings a new one.
fn is_final(error: &SourceError) -> bool {
    match error {
        SourceError::Status { status, .. } => !matches!(status, 403 | 408 | 429 | 500..),
        SourceError::Unreachable { .. }
        | SourceError::Short { .. }
        | SourceError::Stalled { .. }
        | SourceError::OtherRange { .. } => false,
        _ => true,
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// What a promise comes to, or nothing if it stays silent for too long.
async fn in_time(promise: js_sys::Promise) -> Option<Result<JsValue, JsValue>> {
    match select(JsFuture::from(promise), pin!(Timer::new(STALL))).await {
        Either::Left((settled, _)) => Some(settled),
        Either::Right(_) => None,
    }
}
