//! Files over HTTP, by ranges: retried, resumed where they were cut, and
//! cancelled at once. A host that leads elsewhere is asked once for the way, and a
//! host that asks for a pause gets it ([`gate`]).

use crate::web::js::{Timer, fetch, host_of, property, sleep};
use crate::web::models::call::{Call, Listener};
use crate::web::models::gate::{self, Pause};
use crate::weights::{ByteSource, SourceError, found_in};
use futures_util::future::{Either, select};
use futures_util::lock::Mutex;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::pin::pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Request, RequestInit, Response};

/// Failures in a row, without a byte between them, after which a read gives up.
const PATIENCE: u32 = 5;
/// The same for small files: the first request of a visit meets the most hiccups.
const PATIENCE_WITH_TEXTS: u32 = 2;
/// First wait after a failure, in milliseconds; it doubles with each.
const FIRST_WAIT: f64 = 400.0;
/// Largest file that is read as a text, in bytes.
const LARGEST_TEXT: usize = 16 << 20;
/// Silence after which an answer counts as cut, in milliseconds.
const STALL: f64 = 15_000.0;
/// Readers that try a fresh address at once; it may be good for nothing.
const FRESH_AT_ONCE: usize = 3;
/// Fresh addresses that may be refused in a row before no more are followed.
const REFUSED_FRESH: u32 = 2;

/// A file under a URL.
pub(crate) struct HttpSource {
    url: String,
    signal: RefCell<Option<AbortSignal>>,
    listener: RefCell<Option<Listener>>,
    /// Length and version of the file, once known.
    identity: RefCell<Option<Identity>>,
    versions: Cell<Versions>,
    /// Whether the identity is from an earlier visit, and so are parts of the file.
    from_earlier: bool,
    /// Whether it was ever asked for a range and answered.
    answered: Cell<bool>,
    /// Whether the host answers ranges with ranges.
    ranges: Cell<bool>,
    way: RefCell<Way>,
    /// Fresh addresses in a row that were refused.
    refused_fresh: Cell<u32>,
    /// Whoever asks for the way, or what the host's versions are worth, holds this;
    /// the others wait for what that brings.
    asking: Mutex<()>,
    /// The same for those who try a fresh address; the next one's place among them.
    trying: [Mutex<()>; FRESH_AT_ONCE],
    tries: Cell<usize>,
}

/// Where a host leads that is asked for the file. Such an address is signed and
/// expires, so it stays in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// Nobody has asked yet, or the address has expired.
    Unknown,
    /// The host answers by itself, or where it leads cannot be asked directly.
    Itself,
    /// To this address; `proven` once it has answered by itself.
    Elsewhere { address: String, proven: bool },
}

/// What the versions that a host gives of a file are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// Another version is another file.
    Told,
    /// As [`Versions::Told`], but another one was seen before, with the same length.
    Doubted,
    /// The host gives the same bytes several versions.
    MadeUp,
    /// The address is that of one version.
    Fixed,
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Length of the file in bytes.
    pub(crate) length: u64,
    /// ETag or date of the file, where the host shows them; else empty.
    pub(crate) version: String,
}

/// A failed request.
struct Failure {
    error: SourceError,
    /// Whether the host asked for a pause, which the next request will keep.
    paused: bool,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { error, paused: false }
    }
}

impl HttpSource {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            signal: RefCell::default(),
            listener: RefCell::default(),
            identity: RefCell::default(),
            versions: Cell::new(Versions::Told),
            from_earlier: false,
            answered: Cell::default(),
            ranges: Cell::new(true),
            way: RefCell::new(Way::Unknown),
            refused_fresh: Cell::default(),
            asking: Mutex::default(),
            trying: Default::default(),
            tries: Cell::default(),
        }
    }

    /// A file that an earlier visit knew. The host is asked only when bytes are
    /// wanted, and has to have the same file still.
    pub(crate) fn known(url: String, identity: Identity, ranges: bool) -> Self {
        let identity = RefCell::new(Some(identity));
        Self { identity, from_earlier: true, ranges: Cell::new(ranges), ..Self::new(url) }
    }

    /// The same, for an address that names one version of a file and no other:
    /// its length decides, and what the host says of versions does not.
    pub(crate) fn fixed(self) -> Self {
        self.versions.set(Versions::Fixed);
        self
    }

    /// The same, after another version with the same length was seen: with one more
    /// the host's versions are taken for made up.
    pub(crate) fn doubted(self) -> Self {
        self.versions.set(Versions::Doubted);
        self
    }

    /// Where the file is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sets what cancels the requests from here on.
    pub(crate) fn cancel_with(&self, signal: &AbortSignal) {
        self.signal.replace(Some(signal.clone()));
    }

    /// Sets the call that the requests from here on are made for: it cancels them,
    /// and hears when a host asks for a pause.
    pub(crate) fn serve(&self, call: &Call) {
        self.cancel_with(&call.signal);
        self.listener.replace(Some(call.listener()));
    }

    /// Length and version of the file, once known.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity.borrow().clone()
    }

    /// Whether the host was found to give the same bytes several versions.
    pub(crate) fn makes_versions_up(&self) -> bool {
        self.versions.get() == Versions::MadeUp
    }

    /// Reads a small file whole.
    pub(crate) async fn text(&self) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        let mut failures = 0;
        loop {
            bytes.clear();
            let read = async {
                let response = self.ask(&self.url, None).await?;
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
                Err(failure) => self.recover(failure, &mut failures, PATIENCE_WITH_TEXTS).await?,
            }
        }
        self.check_kind(&bytes)?;
        Ok(bytes)
    }

    /// Asks for a range where the host's redirect led, else at the file's own address.
    /// An address that has expired is asked for anew, once for all readers.
    async fn request(&self, range: &Range<u64>) -> Result<Response, Failure> {
        loop {
            let way = self.way.borrow().clone();
            let turn = match way {
                Way::Unknown => Some(self.asking.lock().await),
                // A few may try an address that has not answered yet.
                Way::Elsewhere { proven: false, .. } => {
                    let place = self.tries.get();
                    self.tries.set((place + 1) % FRESH_AT_ONCE);
                    Some(self.trying[place].lock().await)
                }
                Way::Itself | Way::Elsewhere { proven: true, .. } => None,
            };
            if turn.is_some() && *self.way.borrow() != way {
                continue;
            }
            if let Way::Elsewhere { address, proven } = &way {
                let answer = self.ask(address, Some(range)).await;
                if answer.as_ref().is_err_and(|failure| is_expiry(&failure.error, *proven)) {
                    self.leave(address, *proven);
                    continue;
                }
                if answer.is_ok() {
                    self.prove(address);
                }
                return answer;
            }
            let response = self.ask(&self.url, Some(range)).await?;
            if turn.is_some() {
                let address = response.url();
                let follow = response.redirected()
                    && response.status() == 206
                    && self.refused_fresh.get() < REFUSED_FRESH;
                let way = if follow { Way::Elsewhere { address, proven: false } } else { Way::Itself };
                self.way.replace(way);
            }
            return Ok(response);
        }
    }

    /// Takes note that an address answers by itself.
    fn prove(&self, address: &str) {
        if let Way::Elsewhere { address: current, proven } = &mut *self.way.borrow_mut()
            && current == address
        {
            *proven = true;
            self.refused_fresh.set(0);
        }
    }

    /// Goes back to the file's own address, unless another reader did already.
    fn leave(&self, address: &str, proven: bool) {
        let mut way = self.way.borrow_mut();
        if matches!(&*way, Way::Elsewhere { address: current, .. } if current == address) {
            *way = Way::Unknown;
            self.refused_fresh.set(if proven { 0 } else { self.refused_fresh.get() + 1 });
        }
    }

    /// Asks at an address, once its host lets requests in.
    async fn ask(&self, url: &str, range: Option<&Range<u64>>) -> Result<Response, Failure> {
        let init = RequestInit::new();
        init.set_method("GET");
        init.set_signal(self.signal.borrow().as_ref());
        init.set_credentials(web_sys::RequestCredentials::Omit);
        init.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
        if range.is_some() {
            // Weights are kept by this page, checked, and not a second time by the browser.
            init.set_cache(web_sys::RequestCache::NoStore);
        }
        let failed = |error: &JsValue| self.failed(url, error);
        let request = Request::new_with_str_and_init(url, &init).map_err(|e| failed(&e))?;
        if let Some(range) = range {
            let value = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            request.headers().set("Range", &value).map_err(|e| failed(&e))?;
        }
        let gate = gate::of(&host_of(url));
        let _turn = gate.enter(|pause| self.heed(pause)).await?;
        let silence = || SourceError::Stalled { host: host_of(url), file: self.file() };
        let answer = in_time(fetch(&request)).await.ok_or_else(silence)?;
        let response: Response = answer.map_err(|e| failed(&e))?.unchecked_into();
        let status = response.status();
        // Who answered, which after a redirect is another than was asked.
        let (host, file) = (host_of(&response.url()), self.file());
        let pause = gate::asked_for(status, header(&response, "Retry-After").as_deref());
        if let Some(milliseconds) = pause {
            let minutes = (milliseconds / 60_000.0).ceil().max(1.0) as u32;
            let paused = gate.shut(&host, milliseconds);
            let error = match status {
                429 => SourceError::Busy { host, minutes },
                _ => SourceError::Status { host, file, status },
            };
            return Err(Failure { error, paused });
        }
        gate.open();
        match status {
            200 | 206 => Ok(response),
            401 | 403 => Err(SourceError::Login { host, file, status }.into()),
            404 | 410 => Err(SourceError::NotFound { host, file, status }.into()),
            _ => Err(SourceError::Status { host, file, status }.into()),
        }
    }

    /// What a pause does to the call: it hears of it, and may end it.
    fn heed(&self, pause: Option<Pause<'_>>) -> Result<(), SourceError> {
        self.check_cancelled()?;
        if let Some(listener) = &*self.listener.borrow() {
            listener.pause(pause);
        }
        Ok(())
    }

    fn check_cancelled(&self) -> Result<(), SourceError> {
        let cancelled = self.signal.borrow().as_ref().is_some_and(AbortSignal::aborted);
        if cancelled { Err(SourceError::Cancelled) } else { Ok(()) }
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
                let host = host_of(&response.url());
                return Err(SourceError::Stalled { host, file: self.file() }.into());
            };
            let read = read.map_err(|e| match self.failed(&response.url(), &e) {
                // It did answer.
                SourceError::Unreachable { host } => SourceError::Stalled { host, file: self.file() },
                error => error,
            })?;
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

    /// Asks once for a range and hands on what comes of it, as far as the file goes;
    /// true if all came.
    async fn read_once(&self, range: &Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<bool, Failure> {
        let response = self.request(range).await?;
        self.answered.set(true);
        let partial = response.status() == 206;
        self.check_form(&response)?;
        self.ranges.set(partial);
        self.check_identity(&response).await?;
        self.check_start(&response, range)?;
        // A host that ignores ranges begins at the beginning.
        let mut skip = if partial { 0 } else { range.start };
        let end = self.identity().map_or(range.end, |file| range.end.min(file.length));
        let mut left = end.saturating_sub(range.start);
        let (mut seen, mut more) = (0, false);
        self.stream(&response, &mut |bytes| {
            seen += bytes.len() as u64;
            let from = skip.min(bytes.len() as u64) as usize;
            skip -= from as u64;
            let to = (from as u64 + left).min(bytes.len() as u64) as usize;
            left -= (to - from) as u64;
            more = to < bytes.len();
            on_bytes(&bytes[from..to]);
            left > 0
        })
        .await?;
        if partial && more {
            return Err(SourceError::Packed { host: self.host(), file: self.file() }.into());
        }
        if !partial && left > 0 && self.identity().is_none() {
            // All of the file came, from a host that does not say how long it is.
            self.identity.replace(Some(Identity { length: seen, version: version_in(&response) }));
            return Ok(true);
        }
        Ok(left == 0)
    }

    /// Reads a whole file to learn its length, from a host that neither serves
    /// ranges nor says it.
    async fn measure(&self) -> Result<(), SourceError> {
        let read = self.read_once(&(0..u64::MAX), &mut |_| ()).await;
        read.map(|_| ()).map_err(|failure| failure.error)
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

    /// A web page in the file's place, as a network that wants a login first sends
    /// it, or packed bytes, would be taken for the file.
    fn check_form(&self, response: &Response) -> Result<(), SourceError> {
        let (host, file) = (host_of(&response.url()), self.file());
        let is = |name: &str, wanted: &str| {
            header(response, name).is_some_and(|value| value.to_ascii_lowercase().starts_with(wanted))
        };
        if is("Content-Type", "text/html") {
            return Err(SourceError::OtherFile { host, file, found: "a web page" });
        }
        let packed = ["gzip", "br", "zstd", "deflate"].iter().any(|way| is("Content-Encoding", way));
        if packed && response.status() == 206 {
            return Err(SourceError::Packed { host, file });
        }
        Ok(())
    }

    /// What the first bytes plainly show to be another file is named.
    fn check_kind(&self, first: &[u8]) -> Result<(), SourceError> {
        let (host, file) = (self.host(), self.file());
        found_in(first).map_or(Ok(()), |found| Err(SourceError::OtherFile { host, file, found }))
    }

    /// Takes note of the file's length and version, or checks that they are still
    /// what they were.
    async fn check_identity(&self, response: &Response) -> Result<(), SourceError> {
        let Some(found) = identity_in(response) else { return Ok(()) };
        let Some(known) = self.identity() else {
            self.identity.replace(Some(found));
            return Ok(());
        };
        if known.length != found.length {
            let (host, file, expected, found) = (self.host(), self.file(), known.length, found.length);
            return Err(match self.versions.get() {
                Versions::Fixed => SourceError::OtherLength { host, file, found, expected },
                _ => self.changed(),
            });
        }
        if is_same(&known.version, &found.version) || self.is_made_up(&found.version).await? {
            return Ok(());
        }
        Err(self.changed())
    }

    /// Whether a version that differs from the known one, with the same length, says
    /// nothing. A host that gives every answer a version of its own shows it at once
    /// when it is asked for a byte more. Parts from an earlier visit would have to be
    /// trusted to that host, so they are not kept.
    async fn is_made_up(&self, version: &str) -> Result<bool, SourceError> {
        if self.versions.get() == Versions::Told && !self.from_earlier {
            let _turn = self.asking.lock().await;
            if self.versions.get() == Versions::Told {
                let again = self.ask(&self.url, Some(&(0..1))).await.map_err(|failure| failure.error)?;
                let again = identity_in(&again).map(|identity| identity.version).unwrap_or_default();
                if !is_same(version, &again) {
                    self.versions.set(Versions::MadeUp);
                }
            }
        } else if self.versions.get() == Versions::Doubted {
            self.versions.set(Versions::MadeUp);
        }
        Ok(matches!(self.versions.get(), Versions::MadeUp | Versions::Fixed))
    }

    /// After a failure: waits, if there is hope, or gives up with its error.
    async fn recover(&self, failure: Failure, failures: &mut u32, patience: u32) -> Result<(), SourceError> {
        let Failure { error, paused } = failure;
        if let SourceError::Busy { .. } = error {
            // The next request waits for the host to be ready again.
            return if paused { Ok(()) } else { Err(error) };
        }
        *failures += 1;
        // A refusal may be of an address that the host led to; a login that is asked
        // for twice is meant.
        let refused = matches!(error, SourceError::Login { status: 403, .. });
        if is_final(&error) || *failures >= if refused { 2 } else { patience } {
            return Err(error);
        }
        if *failures > 1 {
            // The host may know another way by now.
            self.way.replace(Way::Unknown);
        }
        if paused { Ok(()) } else { self.wait(*failures - 1).await }
    }

    /// A browser that cannot read a packed range says no more than that of a host that
    /// is out of reach. That one does not give the whole file either.
    async fn explain(&self, error: SourceError) -> SourceError {
        if self.answered.get() || !matches!(error, SourceError::Unreachable { .. }) {
            return error;
        }
        match self.ask(&self.url, None).await {
            Ok(response) => {
                if let Some(body) = response.body() {
                    let _ = JsFuture::from(body.cancel()).await;
                }
                SourceError::Packed { host: self.host(), file: self.file() }
            }
            Err(_) => error,
        }
    }

    /// Waits after a failure, longer with each, and never at the same moment as
    /// everybody else.
    async fn wait(&self, failures: u32) -> Result<(), SourceError> {
        let mut left = FIRST_WAIT * f64::from(1 << failures.min(6)) * (1.0 + 0.3 * js_sys::Math::random());
        while left > 0.0 {
            self.check_cancelled()?;
            sleep(left.min(100.0)).await;
            left -= 100.0;
        }
        Ok(())
    }

    /// A browser gives the same error for every failure but a cancel.
    fn failed(&self, url: &str, error: &JsValue) -> SourceError {
        if property(error, "name").as_string().as_deref() == Some("AbortError") {
            return SourceError::Cancelled;
        }
        SourceError::Unreachable { host: host_of(url) }
    }

    fn host(&self) -> String {
        host_of(&self.url)
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

    /// One request brings the bytes, the length, the version and the way.
    async fn beginning(&self, at_most: u64) -> Result<Vec<u8>, SourceError> {
        let mut bytes = Vec::new();
        self.read(0..at_most, &mut |more| bytes.extend_from_slice(more)).await?;
        self.check_kind(&bytes)?;
        Ok(bytes)
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
            if at > before {
                // An answer that brought something shows a host that is alive.
                failures = 0;
            }
            if let Err(error) = self.recover(failure, &mut failures, PATIENCE).await {
                return Err(self.explain(error).await);
            }
        }
        Ok(())
    }

    fn serves_ranges(&self) -> bool {
        self.ranges.get()
    }

    fn changed(&self) -> SourceError {
        SourceError::Changed { host: self.host(), file: self.file() }
    }

    fn tells_versions(&self) -> bool {
        match self.versions.get() {
            Versions::Fixed => true,
            Versions::MadeUp => false,
            Versions::Told | Versions::Doubted => {
                self.identity.borrow().as_ref().is_some_and(|identity| !identity.version.is_empty())
            }
        }
    }
}

/// Whether asking again is of no use.
fn is_final(error: &SourceError) -> bool {
    match error {
        SourceError::Status { status, .. } => !matches!(status, 408 | 500..),
        SourceError::Login { status, .. } => *status != 403,
        SourceError::Unreachable { .. }
        | SourceError::Short { .. }
        | SourceError::Stalled { .. }
        | SourceError::OtherRange { .. } => false,
        _ => true,
    }
}

/// Whether a refusal is that of the address that a host led to. A fresh one that
/// does not answer may be closed to this page, though the host leads there.
fn is_expiry(error: &SourceError, proven: bool) -> bool {
    match error {
        SourceError::Login { .. } | SourceError::NotFound { .. } => true,
        SourceError::Status { status, .. } => (400..500).contains(status) && *status != 416,
        SourceError::Unreachable { .. } => !proven,
        _ => false,
    }
}

/// Length by `Content-Range: bytes 0-0/548105171`, or by the length of a whole
/// answer, which is that of the file only where nothing is packed.
fn identity_in(response: &Response) -> Option<Identity> {
    let length = if response.status() == 206 {
        header(response, "Content-Range")?.rsplit_once('/')?.1.parse().ok()?
    } else {
        header(response, "Content-Length")?.parse().ok()?
    };
    Some(Identity { length, version: version_in(response) })
}

/// ETag or date of the file; empty where the host shows neither.
fn version_in(response: &Response) -> String {
    header(response, "ETag").or_else(|| header(response, "Last-Modified")).unwrap_or_default()
}

/// Whether two versions may be of the same bytes. A weak ETag is the strong one of
/// another answer (RFC 9110), and some servers mark it where they pack. What a host
/// shows once and not again, or once as an ETag and once as a date, says nothing.
fn is_same(one: &str, other: &str) -> bool {
    let bare = |version: &'_ str| {
        let tag = version.trim().trim_start_matches("W/");
        let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        (inner.is_some(), inner.unwrap_or(tag).trim_end_matches("-gzip").to_owned())
    };
    let ((one_is_tag, one), (other_is_tag, other)) = (bare(one), bare(other));
    one.is_empty() || other.is_empty() || one_is_tag != other_is_tag || one == other
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
