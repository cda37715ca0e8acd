//! Files over HTTP, by ranges.

use super::js::fetch;
use crate::weights::{ByteSource, SourceError};
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Request, RequestInit, Response};

/// A file that a host does not serve by ranges is held whole up to this size.
const LARGEST_WHOLE: u64 = 64 << 20;

/// A file under a URL.
pub(super) struct HttpSource {
    url: String,
    signal: RefCell<Option<AbortSignal>>,
    length: Cell<Option<u64>>,
    /// The whole file, from a host that ignores ranges.
    whole: RefCell<Option<Rc<Vec<u8>>>>,
    /// Bytes of answers so far.
    pub(super) received: Cell<u64>,
}

impl HttpSource {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            signal: RefCell::default(),
            length: Cell::default(),
            whole: RefCell::default(),
            received: Cell::default(),
        }
    }

    /// Sets what cancels the requests from here on.
    pub(super) fn cancel_with(&self, signal: &AbortSignal) {
        self.signal.replace(Some(signal.clone()));
    }

    /// Reads a small file whole.
    pub(super) async fn text(&self) -> Result<Vec<u8>, SourceError> {
        let response = self.request("GET", None).await?;
        let mut bytes = Vec::new();
        self.stream(&response, &mut |chunk| bytes.extend_from_slice(chunk)).await?;
        Ok(bytes)
    }

    async fn request(&self, method: &str, range: Option<&Range<u64>>) -> Result<Response, SourceError> {
        let init = RequestInit::new();
        init.set_method(method);
        init.set_signal(self.signal.borrow().as_ref());
        init.set_credentials(web_sys::RequestCredentials::Omit);
        init.set_referrer_policy(web_sys::ReferrerPolicy::NoReferrer);
        let request = Request::new_with_str_and_init(&self.url, &init).map_err(|e| self.failed(&e))?;
        if let Some(range) = range {
            let value = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
            request.headers().set("Range", &value).map_err(|e| self.failed(&e))?;
        }
        let response = JsFuture::from(fetch(&request)).await.map_err(|e| self.failed(&e))?;
        let response: Response = response.unchecked_into();
        let (host, file, status) = (self.host(), self.file(), response.status());
        match status {
            200 | 206 => Ok(response),
            401 | 403 | 404 | 410 => Err(SourceError::NotFound { host, file, status }),
            _ => Err(SourceError::Status { host, file, status }),
        }
    }

    async fn stream(&self, response: &Response, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let Some(body) = response.body() else {
            return Ok(());
        };
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        let mut buffer = Vec::new();
        loop {
            let read = JsFuture::from(reader.read()).await.map_err(|e| self.failed(&e))?;
            let chunk = super::js::property(&read, "value");
            if chunk.is_undefined() {
                return Ok(());
            }
            let chunk: Uint8Array = chunk.unchecked_into();
            buffer.resize(chunk.length() as usize, 0);
            chunk.copy_to(&mut buffer);
            self.received.set(self.received.get() + buffer.len() as u64);
            on_bytes(&buffer);
        }
    }

    /// The length that a range answer tells: `bytes 0-0/548105171`.
    fn total(&self, response: &Response) -> Option<u64> {
        let header = response.headers().get("Content-Range").ok().flatten()?;
        header.rsplit_once('/')?.1.parse().ok()
    }

    /// A browser gives the same error for every failure but a cancel.
    fn failed(&self, error: &JsValue) -> SourceError {
        let name = super::js::property(error, "name").as_string();
        if name.as_deref() == Some("AbortError") {
            return SourceError::Cancelled;
        }
        SourceError::Unreachable { host: self.host() }
    }

    fn host(&self) -> String {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest).to_owned()
    }

    fn file(&self) -> String {
        self.url.rsplit('/').next().unwrap_or(&self.url).to_owned()
    }
}

impl ByteSource for HttpSource {
    async fn length(&self) -> Result<u64, SourceError> {
        if let Some(length) = self.length.get() {
            return Ok(length);
        }
        // HEAD can lose the length on its way through a redirect; a range does not.
        let response = self.request("GET", Some(&(0..1))).await?;
        let length = if response.status() == 206 {
            self.stream(&response, &mut |_| ()).await?;
            let no_length = SourceError::NoLength { host: self.host(), file: self.file() };
            self.total(&response).ok_or(no_length)?
        } else {
            self.keep_whole(&response).await?
        };
        self.length.set(Some(length));
        Ok(length)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let short =
            |found| SourceError::Short { file: self.file(), found, expected: range.end - range.start };
        let whole = self.whole.borrow().clone();
        if let Some(whole) = whole {
            let bytes = whole.get(range.start as usize..range.end as usize).ok_or_else(|| short(0))?;
            on_bytes(bytes);
            return Ok(());
        }
        let response = self.request("GET", Some(&range)).await?;
        if response.status() != 206 {
            // The host answered the probe with a range and now does not.
            return Err(SourceError::Status {
                host: self.host(),
                file: self.file(),
                status: response.status(),
            });
        }
        let mut found = 0;
        self.stream(&response, &mut |bytes| {
            // Bytes beyond the range would land in the wrong tensor.
            let left = (range.end - range.start).saturating_sub(found) as usize;
            on_bytes(&bytes[..bytes.len().min(left)]);
            found += bytes.len() as u64;
        })
        .await?;
        if found == range.end - range.start { Ok(()) } else { Err(short(found)) }
    }
}

impl HttpSource {
    /// Takes the whole file from a host that ignores ranges.
    async fn keep_whole(&self, response: &Response) -> Result<u64, SourceError> {
        let told = response.headers().get("Content-Length").ok().flatten().and_then(|n| n.parse().ok());
        let refused = || SourceError::NoRanges { host: self.host(), file: self.file() };
        if told.is_some_and(|length: u64| length > LARGEST_WHOLE) {
            return Err(refused());
        }
        let mut bytes = Vec::new();
        let mut too_long = false;
        self.stream(response, &mut |chunk| {
            too_long |= (bytes.len() + chunk.len()) as u64 > LARGEST_WHOLE;
            if !too_long {
                bytes.extend_from_slice(chunk);
            }
        })
        .await?;
        if too_long {
            return Err(refused());
        }
        let length = bytes.len() as u64;
        self.whole.replace(Some(Rc::new(bytes)));
        Ok(length)
    }
}
