//! A model file on the visitor's own disk, read by slices.

use crate::web::js::property;
use crate::weights::{ByteSource, SourceError};
use js_sys::Uint8Array;
use std::ops::Range;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Bytes that are read at once.
const SLICE: u64 = 4 << 20;

/// A file that the visitor picked.
#[derive(Clone)]
pub(crate) struct DiskSource {
    file: Blob,
    name: String,
}

impl DiskSource {
    pub(crate) fn new(file: Blob) -> Self {
        let name = property(&JsValue::from(&file), "name").as_string().unwrap_or_default();
        Self { file, name }
    }

    /// Name of the file; it comes from a stranger's disk and is only ever shown.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl ByteSource for DiskSource {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(self.file.size() as u64)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let gone = |_| SourceError::Disk { file: self.name.clone() };
        let mut at = range.start;
        while at < range.end {
            let end = range.end.min(at + SLICE);
            let slice = self.file.slice_with_f64_and_f64(at as f64, end as f64).map_err(gone)?;
            let buffer = JsFuture::from(slice.array_buffer()).await.map_err(gone)?;
            let bytes = Uint8Array::new(&buffer).to_vec();
            if bytes.len() as u64 != end - at {
                return Err(SourceError::Disk { file: self.name.clone() });
            }
            on_bytes(&bytes);
            at = end;
        }
        Ok(())
    }
}
