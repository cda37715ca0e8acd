//! A model in a folder of this machine.

use anyhow::{Context, Result, anyhow, bail};
use headscope::model::{Gpt2, ModelError, Need, WorkerPool};
use headscope::tokens::Tokens;
use headscope::web::Problem;
use headscope::web::results::ModelId;
use headscope::web::tokenizer_files::Files;
use headscope::weights::{
    Arrived, ByteSource, Checked, Config, HEADER_GUESS, Index, Ledger, Loader, Manifest, MemoryStore,
    ShardMap, ShardedSource, SourceError, of_file, read_header,
};
use pollster::block_on;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use crate::progress::Progress;

/// SHA-256 of the published GPT-2 small.
pub const GPT2_SHA256: &str = "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707";
/// SHA-256 of the model that comes with the site; a test compares it with data/tiny.
const TINY_SHA256: &str = "1af4f094da47c0d187b55ae72c4f732c9c11b98672d5ab571cf3c7a3c274604b";
const GPT2_HASHES: &str = include_str!("../../data/gpt2/tensor-sha256.tsv");
const MERGES: &[u8] = include_bytes!("../../data/tokenizer/merges.bin");
/// Bytes that are read at once.
const SLICE: u64 = 4 << 20;
/// Nothing of what lies on a disk is kept a second time.
const NO_STORE: Option<&MemoryStore> = None;

/// GPT-2's tokenizer, which is built in.
pub fn gpt2_tokens() -> Result<Rc<Tokens>> {
    Ok(Rc::new(Tokens::from_packed(MERGES)?))
}

/// The published hashes of GPT-2 small's tensors, as far as they are known.
pub fn gpt2_manifest() -> Manifest {
    Manifest::from_tsv(GPT2_HASHES)
}

/// What a [`Problem`] of the study says has happened. What it proposes is meant for the
/// page's visitors.
pub fn said(problem: Problem) -> anyhow::Error {
    anyhow!(problem.what)
}

/// A file on disk, read by ranges.
#[derive(Debug)]
pub struct DiskFile {
    file: RefCell<File>,
    name: String,
    length: u64,
}

impl DiskFile {
    fn open(path: &Path) -> Result<Self> {
        let shown = || format!("{} cannot be read", path.display());
        let file = File::open(path).with_context(shown)?;
        let length = file.metadata().with_context(shown)?.len();
        Ok(Self { file: RefCell::new(file), name: path.display().to_string(), length })
    }
}

impl ByteSource for DiskFile {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(self.length)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let gone = |_| SourceError::Disk { file: self.name.clone() };
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(range.start)).map_err(gone)?;
        let mut bytes = vec![0; SLICE.min(range.end.saturating_sub(range.start)) as usize];
        let mut left = range.end.saturating_sub(range.start);
        while left > 0 {
            let now = left.min(SLICE) as usize;
            file.read_exact(&mut bytes[..now]).map_err(gone)?;
            on_bytes(&bytes[..now]);
            left -= now as u64;
        }
        Ok(())
    }
}

/// One file of weights, or several.
#[derive(Debug)]
pub enum Source {
    /// `model.safetensors`.
    File(DiskFile),
    /// The files that `model.safetensors.index.json` names.
    Shards(ShardedSource<DiskFile>),
}

impl ByteSource for Source {
    async fn length(&self) -> Result<u64, SourceError> {
        match self {
            Self::File(file) => file.length().await,
            Self::Shards(files) => files.length().await,
        }
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        match self {
            Self::File(file) => file.read(range, on_bytes).await,
            Self::Shards(files) => files.read(range, on_bytes).await,
        }
    }
}

/// A model's folder, opened.
pub struct Folder {
    /// As in the link; `file` where the link means another model than lies here.
    pub id: String,
    /// Its sizes.
    pub config: Config,
    /// Where its tensors lie.
    pub index: Index,
    /// Its bytes.
    pub source: Source,
    /// SHA-256 of all its bytes.
    pub sha256: String,
    /// Its tokenizer.
    pub tokens: Rc<Tokens>,
    /// What is to be said of it.
    pub notes: Vec<String>,
    manifest: Manifest,
    ledger: Ledger,
}

impl Folder {
    /// Opens a folder that holds `model.safetensors`, or the files that
    /// `model.safetensors.index.json` names, `config.json`, and the files of a tokenizer
    /// if it is another than GPT-2's. `asked` is the model that the link names.
    pub fn open(folder: &Path, asked: &str) -> Result<Self> {
        if !folder.is_dir() {
            bail!("{} is no folder; --model takes the folder that holds model.safetensors", folder.display());
        }
        let mut notes = Vec::new();
        let (source, header) = weights(folder)?;
        let config = match optional(&folder.join("config.json"))? {
            Some(json) => Config::from_json(&json)
                .with_context(|| format!("{} cannot be used", folder.join("config.json").display()))?,
            None => {
                notes.push("There is no config.json: heads of width 64 are taken for granted.".to_owned());
                Config::from_header(&header)?
            }
        };
        let index = Index::parse(&header, block_on(source.length())?, &config)?;
        let config = index.complete(config);
        let sha256 = sha256(&source)?;
        let (id, note) = identify(asked, &sha256);
        notes.extend(note);
        let manifest = if id == "gpt2" { gpt2_manifest() } else { Manifest::default() };
        let tokens = if ["gpt2", "tiny"].contains(&id.as_str()) {
            gpt2_tokens()?
        } else {
            let read = async |name: &str| {
                let path = folder.join(name);
                let absent =
                    || SourceError::NotFound { host: String::new(), file: name.to_owned(), status: 404 };
                fs::read(&path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => absent(),
                    _ => SourceError::Disk { file: path.display().to_string() },
                })
            };
            let files = block_on(Files::find(read)).map_err(said)?;
            let own = files.tokens(&config).map_err(said)?;
            notes.extend(files.note(own.as_deref()));
            own.map_or_else(gpt2_tokens, Ok)?
        };
        let ledger = Ledger::default();
        Ok(Self { id, config, index, source, sha256, tokens, notes, manifest, ledger })
    }

    /// A model of these sizes with nothing loaded, its weights split over the threads of
    /// a pool if there is one.
    pub fn model(&self, pool: Option<Rc<dyn WorkerPool>>) -> Gpt2 {
        Gpt2::shared(self.config.clone(), pool)
    }

    /// Loads what is needed and not there yet.
    pub fn load(&self, model: &mut Gpt2, need: &Need, progress: &Progress) -> Result<()> {
        let (tokens, n_ctx) = (need.positions, self.config.n_ctx);
        if tokens > n_ctx {
            return Err(ModelError::TooLong { tokens, n_ctx }.into());
        }
        let missing = model.missing(need);
        let mut failed = None;
        let receive = |part, numbers| {
            if let Err(error) = model.insert(&part, numbers) {
                failed.get_or_insert(error);
            }
        };
        let told = |arrived: Arrived<'_>| progress.bytes("Loading", arrived.done, arrived.total);
        let Self { source, index, manifest, ledger, .. } = self;
        let (store, name) = (&NO_STORE, "the model");
        let loader = Loader { source, store, index, manifest, ledger, name, progress: &told };
        block_on(loader.load(&missing, receive))?;
        progress.clear();
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Names the model in results files.
    pub fn model_id(&self) -> ModelId {
        let one_file = matches!(self.source, Source::File(_));
        ModelId {
            id: self.id.clone(),
            file: self.sha256.clone(),
            config: self.config.clone(),
            weights_sha256: one_file.then(|| self.sha256.clone()),
        }
    }

    /// How much of what was read is known to be the published bytes.
    pub fn checked(&self) -> Checked {
        self.ledger.checked()
    }
}

/// The files of weights of a folder, and their common header.
fn weights(folder: &Path) -> Result<(Source, Vec<u8>)> {
    let path = folder.join("model.safetensors");
    if path.exists() {
        let file = DiskFile::open(&path)?;
        let header =
            block_on(read_header(&file, HEADER_GUESS)).map_err(|error| of_file(&file.name, error))?;
        return Ok((Source::File(file), header));
    }
    let list = folder.join("model.safetensors.index.json");
    let Some(map) = optional(&list)? else {
        bail!(
            "{} holds neither model.safetensors nor model.safetensors.index.json; other formats are not read",
            folder.display()
        );
    };
    let map = ShardMap::from_json(&map).with_context(|| format!("{} cannot be used", list.display()))?;
    let files = map.files().into_iter().map(|name| Ok((name.clone(), DiskFile::open(&folder.join(&name))?)));
    let source = block_on(ShardedSource::open(files.collect::<Result<_>>()?, Some(&map)))?;
    let header = source.header().to_vec();
    Ok((Source::Shards(source), header))
}

/// A file's bytes; nothing where there is no such file.
fn optional(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn sha256(source: &Source) -> Result<String> {
    let mut hash = Sha256::new();
    let length = block_on(source.length())?;
    block_on(source.read(0..length, &mut |bytes| hash.update(bytes)))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The id of a model that a link asks for under a name. The two models whose bytes are
/// known are called so only if they are those bytes; of others the link is believed.
fn identify(asked: &str, sha256: &str) -> (String, Option<String>) {
    let known = match asked {
        "gpt2" => GPT2_SHA256,
        "tiny" => TINY_SHA256,
        _ => return (asked.to_owned(), None),
    };
    if sha256 == known {
        return (asked.to_owned(), None);
    }
    let note =
        format!("This folder does not hold the published model “{asked}”: the results say model=file.");
    ("file".to_owned(), Some(note))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::{TINY_SHA256, identify};

    #[test]
    fn the_hash_of_the_bundled_model_is_that_of_its_file() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/tiny/model.safetensors");
        assert_eq!(headscope::weights::sha256(&std::fs::read(file).unwrap()), TINY_SHA256);
    }

    #[test]
    fn a_published_name_is_kept_for_the_published_bytes_alone() {
        assert_eq!(identify("tiny", TINY_SHA256), ("tiny".to_owned(), None));
        assert_eq!(identify("gpt2", TINY_SHA256).0, "file");
        assert_eq!(identify("owner/name", TINY_SHA256), ("owner/name".to_owned(), None));
    }
}
