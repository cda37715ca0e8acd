//! A model whose tensors stand in several files, read as if they stood in one.
//!
//! `model.safetensors.index.json` says which tensor is in which file. Each file has a
//! header of its own. [`ShardedSource`] puts one header in front of the data of all,
//! so that whoever reads it sees a single safetensors file.

use super::index::{Entry, LENGTH_BYTES, tensors};
use super::{ByteSource, HEADER_GUESS, IndexError, LoadError, SourceError, python, read_header};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Most files of one model; GPT-2 XL has two.
const MOST_SHARDS: usize = 200;
/// Most bytes of all files together: what numbers of JavaScript count exactly.
const LONGEST: u64 = 1 << 53;
/// Longest name of such a file.
const LONGEST_NAME: usize = 200;
/// Headers that are asked for at once.
const AT_ONCE: usize = 4;

/// Which tensor is in which file. The sizes that the file also tells are often wrong,
/// since tensors that share their bytes are counted twice, and nothing relies on them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShardMap {
    weight_map: BTreeMap<String, String>,
}

impl ShardMap {
    /// Reads a `model.safetensors.index.json`.
    ///
    /// # Errors
    ///
    /// [`IndexError::ShardMap`] if it is none, [`IndexError::ShardName`] if it names
    /// what is no safetensors file in the same folder.
    pub fn from_json(json: &[u8]) -> Result<Self, IndexError> {
        let map: Self =
            serde_json::from_slice(&python::json(json)).map_err(|e| IndexError::ShardMap(e.to_string()))?;
        let files = map.files();
        // The names come from a stranger and become part of an address.
        let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        let wrong = |name: &&String| {
            !name.ends_with(".safetensors")
                || name.starts_with('.')
                || name.len() > LONGEST_NAME
                || !name.chars().all(plain)
        };
        if let Some(name) = files.iter().find(wrong) {
            return Err(IndexError::ShardName(name.chars().take(LONGEST_NAME).collect()));
        }
        if !(1..=MOST_SHARDS).contains(&files.len()) {
            let wrong = format!("it names {} files, and 1 to {MOST_SHARDS} can be read", files.len());
            return Err(IndexError::ShardMap(wrong));
        }
        Ok(map)
    }

    /// Names of the files, each once, in their order.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let files: BTreeSet<&String> = self.weight_map.values().collect();
        files.into_iter().cloned().collect()
    }
}

/// Several safetensors files as one.
#[derive(Debug, Clone)]
pub struct ShardedSource<S> {
    /// The length of the common header, and the header.
    front: Vec<u8>,
    /// Every file, and where in it its data are.
    shards: Vec<(S, Range<u64>)>,
}

impl<S: ByteSource> ShardedSource<S> {
    /// Reads the headers of files, given with their names, and puts them together.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if a file does not come, if its header is wrong, if a tensor is
    /// in two files, or not in the one that `map` says, where there is one.
    pub async fn open(files: Vec<(String, S)>, map: Option<&ShardMap>) -> Result<Self, LoadError> {
        let read = files.iter().map(async |(name, source)| {
            let header = read_header(source, HEADER_GUESS).await.map_err(|error| of_file(name, error))?;
            let length = source.length().await?;
            let tensors = tensors(&header, length).map_err(|error| of_file(name, error.into()))?;
            Ok::<_, LoadError>((tensors, LENGTH_BYTES + header.len() as u64..length))
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        let mut all: BTreeMap<String, Entry> = BTreeMap::new();
        let mut home: BTreeMap<String, &str> = BTreeMap::new();
        let mut places = Vec::new();
        let mut begin = 0_u64;
        for ((name, _), (tensors, data)) in files.iter().zip(read) {
            // Each length is what a host says.
            let end = begin.saturating_add(data.end - data.start);
            if end > LONGEST {
                return Err(of_file(name, IndexError::Overflow("(the last)".to_owned()).into()));
            }
            for (tensor, mut entry) in tensors {
                entry.data_offsets.0 += begin;
                entry.data_offsets.1 += begin;
                if home.insert(tensor.clone(), name).is_some() {
                    return Err(IndexError::Twice(tensor).into());
                }
                all.insert(tensor, entry);
            }
            begin = end;
            places.push(data);
        }
        for (tensor, file) in map.into_iter().flat_map(|map| &map.weight_map) {
            if home.get(tensor) != Some(&file.as_str()) {
                return Err(IndexError::NotInShard { tensor: tensor.clone(), file: file.clone() }.into());
            }
        }
        let header = serde_json::to_vec(&all).map_err(|e| IndexError::Json(e.to_string()))?;
        let sources = files.into_iter().map(|(_, source)| source);
        Ok(Self::known(&header, sources.zip(places).collect()))
    }
}

impl<S> ShardedSource<S> {
    /// The files that an earlier [`ShardedSource::open`] put under a common header,
    /// each with where its data are.
    #[must_use]
    pub fn known(header: &[u8], shards: Vec<(S, Range<u64>)>) -> Self {
        let front = [&(header.len() as u64).to_le_bytes(), header].concat();
        Self { front, shards }
    }

    /// The common header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.front[LENGTH_BYTES as usize..]
    }

    /// The files, each with where its data are.
    #[must_use]
    pub fn shards(&self) -> &[(S, Range<u64>)] {
        &self.shards
    }

    /// Length of all, were they one file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        let data = self.shards.iter().map(|(_, data)| data.end - data.start);
        self.front.len() as u64 + data.sum::<u64>()
    }
}

/// What is wrong with a file that has another name than model.safetensors, told of
/// that name.
#[must_use]
pub fn of_file(file: &str, error: LoadError) -> LoadError {
    match error {
        LoadError::Index(error) => {
            IndexError::InFile { file: file.to_owned(), error: Box::new(error) }.into()
        }
        other => other,
    }
}

impl<S: ByteSource> ByteSource for ShardedSource<S> {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(self.file_len())
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let mut at = self.front.len() as u64;
        if range.start < at {
            on_bytes(&self.front[range.start as usize..range.end.min(at) as usize]);
        }
        for (source, data) in &self.shards {
            let end = at + data.end - data.start;
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                source.read(data.start + from - at..data.start + to - at, on_bytes).await?;
            }
            at = end;
        }
        Ok(())
    }

    fn tells_versions(&self) -> bool {
        self.shards.iter().all(|(source, _)| source.tells_versions())
    }

    fn changed(&self) -> SourceError {
        let other = || SourceError::Changed { host: "its place".to_owned(), file: "a file".to_owned() };
        self.shards.first().map_or_else(other, |(source, _)| source.changed())
    }

    fn serves_ranges(&self) -> bool {
        self.shards.iter().all(|(source, _)| source.serves_ranges())
    }
}
