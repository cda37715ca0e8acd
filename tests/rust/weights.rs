//! Reading model files: what a configuration, a header and a list of files may say, and
//! what is fetched and checked of them.

mod checking;
mod config;
mod files;
mod loading;
mod needs;

use crate::fixtures::{self, Folder, RANDOM, notebook_cases, read};
use headscope::model::{Depth, Gpt2};
use headscope::study::need;
use headscope::weights::{
    ByteSource, Config, Index, IndexError, LoadError, Manifest, MemorySource, Part, SourceError, Store,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::ops::Range;

pub fn config() -> Value {
    fixtures::json(&format!("{RANDOM}/config.json"))
}

/// The fixture's header as JSON, and its data.
pub fn file() -> (Value, Vec<u8>) {
    let file = read(&format!("{RANDOM}/model.safetensors"));
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&file[8..8 + length]).unwrap(), file[8 + length..].to_vec())
}

pub fn assemble(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

pub fn open(file: Vec<u8>) -> Result<Index, LoadError> {
    let config = Config::from_json(config().to_string().as_bytes()).unwrap();
    fixtures::index(&MemorySource::new(file), &config)
}

pub fn index_error(file: Vec<u8>) -> IndexError {
    match open(file).unwrap_err() {
        LoadError::Index(error) => error,
        other => panic!("{other}"),
    }
}

/// The fixture with other names and number types.
pub fn republished(prefix: &str, dtype: &str, narrow: impl Fn(f32) -> Vec<u8>) -> Vec<u8> {
    let (header, data) = file();
    let mut entries: Vec<_> =
        header.as_object().unwrap().iter().filter(|(k, _)| *k != "__metadata__").collect();
    entries.sort_by_key(|(_, entry)| entry["data_offsets"][0].as_u64());
    let mut renamed = serde_json::Map::new();
    let mut bytes = Vec::new();
    for (name, entry) in entries {
        let offset = |i: usize| entry["data_offsets"][i].as_u64().unwrap() as usize;
        let from = bytes.len();
        for number in data[offset(0)..offset(1)].chunks(4) {
            bytes.extend(narrow(f32::from_le_bytes(number.try_into().unwrap())));
        }
        let entry = json!({ "dtype": dtype, "shape": entry["shape"], "data_offsets": [from, bytes.len()] });
        renamed.insert(format!("{prefix}{name}"), entry);
    }
    assemble(&Value::Object(renamed), &bytes)
}

/// What the random model's deepest pattern takes.
pub fn wanted(folder: &Folder) -> Vec<Part> {
    Gpt2::empty(folder.config.clone()).missing(&need(&notebook_cases(), Depth::Pattern(2)))
}

pub fn load_quietly<S: ByteSource, T: Store>(
    source: &S,
    store: &T,
    index: &Index,
    parts: &[Part],
) -> Result<Vec<Part>, LoadError> {
    let mut received = Vec::new();
    fixtures::load(source, store, index, &Manifest::default(), parts, |part, _| received.push(part))?;
    Ok(received)
}

/// Sends so many bytes in all and then fails every read.
pub struct Faulty {
    pub inner: MemorySource,
    pub left: Cell<u64>,
    pub read: Cell<u64>,
    pub ranges: bool,
}

impl Faulty {
    pub fn after(inner: &MemorySource, bytes: u64) -> Self {
        Self { inner: inner.clone(), left: Cell::new(bytes), read: Cell::new(0), ranges: true }
    }
}

impl ByteSource for Faulty {
    async fn length(&self) -> Result<u64, SourceError> {
        self.inner.length().await
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let sent = self.left.get().min(range.end - range.start);
        self.left.set(self.left.get() - sent);
        self.read.set(self.read.get() + sent);
        self.inner.read(range.start..range.start + sent, on_bytes).await?;
        if sent == range.end - range.start { Ok(()) } else { Err(SourceError::Cancelled) }
    }

    fn serves_ranges(&self) -> bool {
        self.ranges
    }
}
