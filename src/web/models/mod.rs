//! Models: where they come from, which one is open, and what of it is here.

pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod disk;
pub(crate) mod gate;
pub(crate) mod http;
pub(crate) mod lock;
pub mod pool;
pub(crate) mod tokenizer;

use crate::model::{Gpt2, Need, WorkerPool, parallel};
use crate::tokens::Tokens;
use crate::web::js::{Timer, host_of};
use crate::web::known_models::{self, GPT2_HEADER, GPT2_LENGTH};
use crate::web::link::model_address;
use crate::web::models::cache::{CacheStore, description_on, name_on};
use crate::web::models::call::Call;
use crate::web::models::disk::DiskSource;
use crate::web::models::http::{HttpSource, Identity};
use crate::web::models::lock::Lock;
use crate::web::models::pool::{BrowserPool, Workers};
use crate::web::models::tokenizer::PickedFiles;
use crate::web::payload::Unit;
use crate::web::tokenizer_files;
use crate::web::{Problem, results::ModelId};
use crate::weights::{
    self, Arrived, ByteSource, Checked, Config, HEADER_GUESS, Index, Kept, Ledger, LoadError, Loader,
    Manifest, Part, ShardMap, ShardedSource, SourceError, Store, of_file, sha256,
};
use futures_channel::mpsc::UnboundedSender;
use futures_util::future::{self, Either, select};
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// Milliseconds between two reports of progress.
const REPORT_EVERY: f64 = 60.0;
/// Milliseconds after which a wait for another tab is told.
const PATIENCE: f64 = 500.0;

/// All models of the page, one of them open.
pub(super) struct Models {
    /// Address of the site's folder, ending in a slash.
    base: String,
    /// Names the version of the site, which the bundled model belongs to.
    build: String,
    pool: Option<Rc<BrowserPool>>,
    cache: RefCell<Option<Rc<CacheStore>>>,
    picked: RefCell<Option<Picked>>,
    open: RefCell<Option<Rc<Open>>>,
    /// Models whose files were found to be others than before.
    changed: RefCell<HashSet<String>>,
    /// How often that happened.
    changes: Cell<usize>,
}

/// Files that the visitor picked.
struct Picked {
    /// One, or all that the model is divided into.
    weights: Vec<DiskSource>,
    config: Option<DiskSource>,
    tokenizer: PickedFiles,
}

/// An open model.
pub(super) struct Open {
    /// As in the link.
    pub(super) id: String,
    pub(super) config: Config,
    pub(super) index: Index,
    /// Its tokenizer, if it is another than GPT-2's own.
    pub(super) tokens: Option<Rc<Tokens>>,
    /// What is to be said of its tokenizer.
    pub(super) tokenizer_note: Option<String>,
    /// Names the file and its version in the cache.
    name: String,
    source: Source,
    manifest: Manifest,
    ledger: Ledger,
    /// Whoever loads or computes holds this: one at a time.
    pub(super) model: Mutex<Gpt2>,
}

enum Source {
    Http(HttpSource),
    HttpShards(ShardedSource<HttpSource>),
    Disk(DiskSource),
    DiskShards(ShardedSource<DiskSource>),
}

/// What opening a model takes, as the cache keeps it.
#[derive(Serialize, Deserialize)]
struct Description {
    config: String,
    header: String,
    length: u64,
    version: String,
    /// Whether the host answers ranges with ranges.
    ranges: bool,
    /// The files that the model is divided into; none where it is one file.
    #[serde(default)]
    shards: Vec<ShardDescription>,
    /// The files of its tokenizer, which earlier versions did not ask for.
    #[serde(default)]
    tokenizer: Option<tokenizer_files::Files>,
}

/// One of several files of a model, as the cache keeps it.
#[derive(Serialize, Deserialize)]
struct ShardDescription {
    url: String,
    /// Where in the file its data are.
    data: Range<u64>,
    version: String,
    ranges: bool,
}

/// What a step would fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cost {
    /// Bytes from the network.
    pub(super) network: u64,
    /// Bytes that this browser's cache has.
    pub(super) cache: u64,
}

impl Models {
    pub(super) fn new(base: &str, build: &str, workers: Option<Workers>) -> Self {
        Self {
            base: format!("{}/", base.trim_end_matches('/')),
            build: build.to_owned(),
            pool: workers.map(|workers| Rc::new(BrowserPool::new(workers))),
            cache: RefCell::default(),
            picked: RefCell::default(),
            open: RefCell::default(),
            changed: RefCell::default(),
            changes: Cell::default(),
        }
    }

    /// The address of a file of the site.
    pub(super) fn site_file(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The browser's cache.
    pub(super) async fn cache(&self) -> Rc<CacheStore> {
        let known = self.cache.borrow().clone();
        if let Some(cache) = known {
            return cache;
        }
        let cache = Rc::new(CacheStore::open().await);
        self.cache.replace(Some(cache.clone()));
        cache
    }

    /// Takes files from the visitor's disk as the model `file`.
    pub(super) fn pick(&self, weights: Vec<Blob>, config: Option<Blob>, tokenizer: Vec<Blob>) {
        self.close("file");
        let weights = weights.into_iter().map(DiskSource::new).collect();
        let (config, tokenizer) = (config.map(DiskSource::new), PickedFiles::new(tokenizer));
        self.picked.replace(Some(Picked { weights, config, tokenizer }));
    }

    /// What is taken for granted of a model.
    pub(super) fn assumption(&self, id: &str) -> Option<&'static str> {
        let without_config = self.picked.borrow().as_ref().is_some_and(|picked| picked.config.is_none());
        (id == "file" && without_config).then_some(
            "Without its config.json, heads of width 64 are taken for granted, as all published GPT-2s have.",
        )
    }

    /// Spreads the work over so many threads, this one included. The open model is
    /// closed, because its weights are shared out otherwise.
    pub(super) fn use_threads(&self, threads: usize) {
        self.open.replace(None);
        if let Some(pool) = &self.pool {
            pool.dismiss(threads.saturating_sub(1));
        }
    }

    /// Forgets a model if it is the open one, so that its weights leave memory.
    fn close(&self, id: &str) {
        self.open.borrow_mut().take_if(|open| open.id == id);
    }

    /// Opens a model: out of memory, else by what the cache knows of it, else by
    /// asking its host.
    pub(super) async fn open(&self, id: &str, call: &Call) -> Result<Rc<Open>, Problem> {
        if let Some(pool) = self.pool.as_ref().filter(|pool| pool.is_lost()) {
            self.open.replace(None);
            pool.regroup();
        }
        let open = match self.open_quietly(id).await? {
            Some(open) => open,
            None => {
                call.stage("Opening the model");
                call.progress(0, 0, Unit::Bytes);
                self.open_at_its_host(id, call).await?
            }
        };
        for source in open.source.on_host() {
            source.serve(call);
        }
        Ok(open)
    }

    /// Opens a model without asking anybody, if that is possible.
    pub(super) async fn open_quietly(&self, id: &str) -> Result<Option<Rc<Open>>, Problem> {
        let known = self.open.borrow().clone().filter(|open| open.id == id);
        if known.is_some() {
            return Ok(known);
        }
        let cache = self.cache().await;
        let Some(Kept { bytes: stored, .. }) = cache.get(&description_on(&self.cache_prefix(id))).await
        else {
            return Ok(None);
        };
        let Ok(description) = serde_json::from_slice::<Description>(&stored) else { return Ok(None) };
        if description.tokenizer.is_none() && known_models::json_of(id).is_none() {
            return Ok(None);
        }
        let Ok(manifest) = self.manifest_of(id).await else { return Ok(None) };
        let source = self.known_source(id, &description);
        Ok(self.set_open(id, source, &description, manifest).await.ok())
    }

    /// The files that an earlier visit knew.
    fn known_source(&self, id: &str, description: &Description) -> Source {
        let Description { header, length, version, ranges, shards, .. } = description;
        let known = |url: String, length: u64, version: &str, ranges: bool| {
            let identity = Identity { length, version: version.to_owned() };
            self.trusted(id, HttpSource::known(url, identity, ranges))
        };
        if shards.is_empty() {
            return Source::Http(known(self.file(id), *length, version, *ranges));
        }
        let shard = |shard: &ShardDescription| {
            let ShardDescription { url, data, version, ranges } = shard;
            (known(url.clone(), data.end, version, *ranges), data.clone())
        };
        let shards = shards.iter().map(shard).collect();
        Source::HttpShards(ShardedSource::known(header.as_bytes(), shards))
    }

    async fn open_at_its_host(&self, id: &str, call: &Call) -> Result<Rc<Open>, Problem> {
        if id == "file" {
            return self.open_picked().await;
        }
        let config = self.config(id, call).await?;
        // What cannot be run is refused before more is asked for.
        let (tokenizer, pays) = {
            let config = Config::from_json(&config).map_err(LoadError::from)?;
            (Some(self.tokenizer_of(id, &config, call).await?), parallel::pays(&config))
        };
        let source = self.weights_of(id);
        source.serve(call);
        let guess = if id == "gpt2" { GPT2_HEADER } else { HEADER_GUESS };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // The threads start, and the hashes come, while the host is asked.
        let beside = async {
            let manifest = self.manifest_of(id).await;
            if pays {
                self.gather().await;
            }
            manifest
        };
        let (header, manifest) = future::join(weights::read_header(&source, guess), beside).await;
        let (source, description) = match header {
            Ok(header) => {
                let Identity { length, version } = identity(&source)?;
                let (config, header, ranges) = (text(&config), text(&header), source.serves_ranges());
                let shards = Vec::new();
                let description = Description { config, header, length, version, ranges, shards, tokenizer };
                (Source::Http(source), description)
            }
            // A large model may stand there in several files.
            Err(LoadError::Source(absent @ SourceError::NotFound { .. })) => {
                let source = self.open_shards(id, absent, call).await?;
                let shards = source.shards().iter().map(|(shard, data)| {
                    let (url, data, ranges) = (shard.url().to_owned(), data.clone(), shard.serves_ranges());
                    Ok(ShardDescription { url, data, version: identity(shard)?.version, ranges })
                });
                let shards = shards.collect::<Result<Vec<_>, Problem>>()?;
                let (config, header) = (text(&config), text(source.header()));
                let (length, ranges) = (source.file_len(), source.serves_ranges());
                let version = version_of(source.shards());
                let source = Source::HttpShards(source);
                (source, Description { config, header, length, version, ranges, shards, tokenizer })
            }
            Err(error) => return Err(error.into()),
        };
        let open = self.set_open(id, source, &description, manifest?).await?;
        if open.may_be_kept() {
            let stored = serde_json::to_vec(&description).map_err(Problem::bug)?;
            self.cache().await.put(&description_on(&self.cache_prefix(id)), &stored, None).await;
        }
        Ok(open)
    }

    /// A model's config.json, which the published model and the bundled one need not
    /// be asked for.
    async fn config(&self, id: &str, call: &Call) -> Result<Vec<u8>, Problem> {
        if let Some((config, _)) = known_models::json_of(id) {
            return Ok(config.to_vec());
        }
        let source = HttpSource::new(format!("{}/config.json", self.folder(id)));
        source.serve(call);
        Ok(source.text().await.map_err(LoadError::from)?)
    }

    /// A model's file at its host.
    fn weights_of(&self, id: &str) -> HttpSource {
        let url = self.file(id);
        if id == "gpt2" {
            let published = Identity { length: GPT2_LENGTH, version: String::new() };
            return HttpSource::known(url, published, true).fixed();
        }
        self.trusted(id, HttpSource::new(url))
    }

    /// The source, with as much trust in what its host says of versions as it earned.
    fn trusted(&self, id: &str, source: HttpSource) -> HttpSource {
        if names_a_revision(&self.folder(id)) {
            source.fixed()
        } else if self.changed.borrow().contains(id) {
            source.doubted()
        } else {
            source
        }
    }

    /// The files of a model that has no model.safetensors, by its list of them.
    async fn open_shards(
        &self,
        id: &str,
        absent: SourceError,
        call: &Call,
    ) -> Result<ShardedSource<HttpSource>, LoadError> {
        let at = |file: &str| {
            let source = self.trusted(id, HttpSource::new(format!("{}/{file}", self.folder(id))));
            source.serve(call);
            source
        };
        let map = match at("model.safetensors.index.json").text().await {
            Ok(map) => ShardMap::from_json(&map)?,
            Err(SourceError::NotFound { .. }) => {
                for file in ["pytorch_model.bin", "pytorch_model.bin.index.json"] {
                    let source = at(file);
                    if source.length().await.is_ok() {
                        let (host, file) = (host_of(source.url()), file.to_owned());
                        return Err(SourceError::OtherFormat { host, file }.into());
                    }
                }
                return Err(absent.into());
            }
            Err(error) => return Err(error.into()),
        };
        let files = map.files().into_iter().map(|file| (file.clone(), at(&file))).collect();
        ShardedSource::open(files, Some(&map)).await
    }

    /// The files of the tokenizer in a model's folder. Of a copy of GPT-2's nothing is
    /// kept.
    async fn tokenizer_of(
        &self,
        id: &str,
        config: &Config,
        call: &Call,
    ) -> Result<tokenizer_files::Files, Problem> {
        if known_models::json_of(id).is_some() {
            return Ok(tokenizer_files::Files::Gpt2);
        }
        let files = tokenizer_files::Files::find(async |file| {
            let source = HttpSource::new(format!("{}/{file}", self.folder(id)));
            source.serve(call);
            source.text().await
        });
        let files = files.await?;
        let copied = files.tokens(config)?.is_none() && !matches!(files, tokenizer_files::Files::Absent);
        Ok(if copied { tokenizer_files::Files::Gpt2 } else { files })
    }

    async fn open_picked(&self) -> Result<Rc<Open>, Problem> {
        let (files, config, tokenizer) = {
            let picked = self.picked.borrow();
            let Some(Picked { weights, config, tokenizer }) = &*picked else {
                let what = "A link cannot carry a file from somebody's disk";
                let next = "Pick a model.safetensors, or choose another model.";
                return Err(Problem::new(what, "The prompts and settings are kept.", next).about("model"));
            };
            (weights.clone(), config.clone(), tokenizer.clone())
        };
        let (source, header) = match <[DiskSource; 1]>::try_from(files) {
            Ok([file]) => {
                let header = weights::read_header(&file, HEADER_GUESS).await;
                let header = header.map_err(|error| of_file(file.name(), error))?;
                (Source::Disk(file), header)
            }
            Err(files) => {
                let files = files.into_iter().map(|file| (file.name().to_owned(), file)).collect();
                let source = ShardedSource::open(files, None).await?;
                let header = source.header().to_vec();
                (Source::DiskShards(source), header)
            }
        };
        let config = match config {
            Some(config) => {
                let mut json = Vec::new();
                let length = config.length().await.map_err(LoadError::from)?;
                let read = config.read(0..length, &mut |bytes| json.extend_from_slice(bytes)).await;
                read.map_err(LoadError::from)?;
                Config::from_json(&json).map_err(LoadError::from)?
            }
            None => Config::from_header(&header)?,
        };
        let length = source.length().await.map_err(LoadError::from)?;
        let index = Index::parse(&header, length, &config).map_err(LoadError::from);
        let index = index.map_err(|error| match &source {
            Source::Disk(file) => of_file(file.name(), error),
            _ => error,
        })?;
        let tokenizer = tokenizer_files::Files::find(async |file| tokenizer.read(file).await).await?;
        self.replace_open("file", source, config, index, Manifest::default(), &tokenizer).await
    }

    async fn set_open(
        &self,
        id: &str,
        source: Source,
        description: &Description,
        manifest: Manifest,
    ) -> Result<Rc<Open>, Problem> {
        let config = Config::from_json(description.config.as_bytes()).map_err(LoadError::from)?;
        let index = Index::parse(description.header.as_bytes(), description.length, &config);
        let index = index.map_err(LoadError::from)?;
        let tokenizer = description.tokenizer.as_ref().unwrap_or(&tokenizer_files::Files::Gpt2);
        self.replace_open(id, source, config, index, manifest, tokenizer).await
    }

    async fn replace_open(
        &self,
        id: &str,
        source: Source,
        config: Config,
        index: Index,
        manifest: Manifest,
        tokenizer: &tokenizer_files::Files,
    ) -> Result<Rc<Open>, Problem> {
        let config = index.complete(config);
        let tokens = tokenizer.tokens(&config)?;
        let tokenizer_note = tokenizer.note(tokens.as_deref());
        let version = match &source {
            Source::Http(source) => source.identity().map(|identity| identity.version).unwrap_or_default(),
            Source::HttpShards(source) => version_of(source.shards()),
            Source::Disk(_) | Source::DiskShards(_) => String::new(),
        };
        let mut name = name_on(&self.cache_prefix(id), index.file_len, &version);
        if !source.tells_versions() {
            // So that results of what it was before are told from those of what it is.
            name = format!("{name} after {} changes", self.changes.get());
        }
        let workers = self.pool.clone().filter(|_| parallel::pays(&config));
        if workers.is_some() {
            self.gather().await;
        }
        let pool = workers.map(|workers| workers as Rc<dyn WorkerPool>);
        let model = Mutex::new(known_models::without_weights(id, &config, pool)?);
        let open = Rc::new(Open {
            id: id.to_owned(),
            config,
            index,
            tokens,
            tokenizer_note,
            name,
            source,
            manifest,
            ledger: Ledger::default(),
            model,
        });
        self.open.replace(Some(open.clone()));
        Ok(open)
    }

    /// Starts the threads beside this one, unless they are there.
    async fn gather(&self) {
        if let Some(pool) = &self.pool {
            pool.gather().await;
        }
    }

    /// A model's hashes, as far as they are published: of GPT-2's tensors, in a file of
    /// this site.
    async fn manifest_of(&self, id: &str) -> Result<Manifest, Problem> {
        if id != "gpt2" {
            return Ok(Manifest::default());
        }
        let source = HttpSource::new(self.site_file("data/gpt2/tensor-sha256.tsv"));
        let bytes = source.text().await.map_err(LoadError::from)?;
        Ok(Manifest::from_tsv(&String::from_utf8_lossy(&bytes)))
    }

    /// Host and cost of what is needed and not in memory. Asks nobody: of a model
    /// that was never opened only the named ones have known sizes.
    pub(super) async fn cost(
        &self,
        id: &str,
        need: impl Fn(&Config) -> Need,
    ) -> Result<(String, Option<Cost>), Problem> {
        let host = match id {
            "tiny" => "this site".to_owned(),
            "file" => "your disk".to_owned(),
            _ => host_of(&self.folder(id)),
        };
        if let Some(open) = self.open_quietly(id).await? {
            let need = need(&open.config);
            let cache = self.cache().await;
            return Ok((host, Some(open.cost(&need, &cache).await?)));
        }
        let Some((config, dtype)) = known_models::json_of(id) else { return Ok((host, None)) };
        let config = Config::from_json(config).map_err(LoadError::from)?;
        let missing = known_models::without_weights(id, &config, None)?.missing(&need(&config));
        let network = weights::cost(&known_models::usual_index(&config, dtype)?, &missing, true)?;
        Ok((host, Some(Cost { network, cache: 0 })))
    }

    /// Loads what is needed and missing; the call learns what came from where.
    pub(super) async fn fetch(&self, open: &Open, need: &Need, call: &Call) -> Result<(), Problem> {
        let mut model = open.model.lock().await;
        let missing = open.missing(&model, need)?;
        let mut failed = None;
        let receive = |part, numbers| {
            if let Err(error) = model.insert(&part, numbers) {
                failed.get_or_insert(error);
            }
        };
        self.load(open, &missing, call, receive).await?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The same beside a model that runs: each part is sent as it comes, in the order of
    /// the layers, and whoever receives it puts it into the model.
    pub(super) async fn fetch_beside(
        &self,
        open: &Open,
        need: &Need,
        call: &Call,
        coming: &UnboundedSender<(Part, Vec<f32>)>,
    ) -> Result<(), Problem> {
        let missing = open.missing(&*open.model.lock().await, need)?;
        let receive = |part, numbers| {
            // Who has what it needs, or has failed, receives no more.
            let _ = coming.unbounded_send((part, numbers));
        };
        self.load(open, &missing, call, receive).await
    }

    async fn load(
        &self,
        open: &Open,
        missing: &[Part],
        call: &Call,
        receive: impl FnMut(Part, Vec<f32>),
    ) -> Result<(), Problem> {
        if missing.is_empty() {
            return Ok(());
        }
        let lock = lock_of(&open.name, call).await;
        if call.signal.aborted() {
            return Err(Problem::cancelled());
        }
        let on_disk = open.source.on_host().is_empty();
        let (network, cache) = (call.network.get(), call.cache.get());
        // A pause may come before the first byte, and is told beside what is done.
        call.stage(stage(&missing[0].tensor));
        call.arrived(network + cache, 0, 0);
        let shown_at = Cell::new(0.0);
        let progress = |arrived: Arrived<'_>| {
            let Arrived { done, total, stored, part } = arrived;
            call.cache.set(cache + stored);
            // What comes from the visitor's own disk crosses no network.
            call.network.set(if on_disk { 0 } else { network + done - stored });
            let now = js_sys::Date::now();
            if now - shown_at.get() > REPORT_EVERY || done >= total {
                shown_at.set(now);
                call.stage(stage(&part.tensor));
                call.arrived(network + cache, done, total);
            }
        };
        let kept = self.cache().await;
        let store = open.may_be_kept().then_some(&*kept);
        let Open { source, index, manifest, name, ledger, .. } = open;
        let loader = Loader { source, store: &store, index, manifest, name, ledger, progress: &progress };
        let loaded = loader.load(missing, receive).await;
        let settling = kept.clone();
        spawn_local(async move {
            // Another tab then finds here what was loaded.
            settling.settled().await;
            drop(lock);
        });
        if let Err(LoadError::Source(SourceError::Changed { .. })) = loaded {
            self.changed.borrow_mut().insert(open.id.clone());
            self.changes.set(self.changes.get() + 1);
            self.close(&open.id);
            kept.remove_model(&self.cache_prefix(&open.id)).await;
        } else if store.is_some() && !open.may_be_kept() {
            // Its host turned out to make versions up while this was loaded.
            kept.remove_model(&self.cache_prefix(&open.id)).await;
        }
        Ok(loaded?)
    }

    fn folder(&self, id: &str) -> String {
        match id {
            "tiny" => self.site_file("data/tiny"),
            other => model_address::folder(other).unwrap_or_else(|| other.to_owned()),
        }
    }

    /// Names a model in the cache. The bundled one belongs to a build of the site.
    fn cache_prefix(&self, id: &str) -> String {
        if id == "tiny" { format!("tiny of {}", self.build) } else { self.folder(id) }
    }

    fn file(&self, id: &str) -> String {
        format!("{}/model.safetensors", self.folder(id))
    }
}

impl Open {
    /// What is needed and not in the model yet.
    fn missing(&self, model: &Gpt2, need: &Need) -> Result<Vec<Part>, Problem> {
        let (tokens, n_ctx) = (need.positions, self.config.n_ctx);
        if tokens > n_ctx {
            return Err(crate::model::ModelError::TooLong { tokens, n_ctx }.into());
        }
        Ok(model.missing(need))
    }

    /// Names the model in results files. The whole file is never read, so its hash is
    /// not known.
    pub(super) fn model_id(&self) -> ModelId {
        let (id, file) = (self.id.clone(), self.name.clone());
        ModelId { id, file, config: self.config.clone(), weights_sha256: None }
    }

    /// How much of what was read of it is known to be the published bytes.
    pub(super) fn checked(&self) -> Checked {
        self.ledger.checked()
    }

    /// What a visitor should know of how the model is kept.
    pub(super) fn note(&self) -> Option<String> {
        let files = self.source.on_host();
        if files.is_empty() || self.may_be_kept() {
            return None;
        }
        let host = host_of(&self.name);
        let why = if files.iter().any(|file| file.makes_versions_up()) {
            "names another version of this file with every answer"
        } else {
            "names no version of this file"
        };
        Some(format!(
            "{host} {why}, so nothing of it is kept on this device; \
            what arrives stays in memory until the page is closed."
        ))
    }

    /// Whether parts of the file may be stored. What lies on the visitor's disk need
    /// not be a second time, and what has no version could be mixed with the next one;
    /// the bundled model has that of the site.
    fn may_be_kept(&self) -> bool {
        !self.source.on_host().is_empty() && (self.source.tells_versions() || self.id == "tiny")
    }

    /// What the model is called on the page.
    pub(super) fn shown_name(&self) -> String {
        match (self.id.as_str(), &self.source) {
            ("gpt2", _) => "GPT-2 small".to_owned(),
            ("tiny", _) => "The bundled model".to_owned(),
            (_, Source::Disk(file)) => file.name().to_owned(),
            (_, Source::DiskShards(files)) => {
                let names: Vec<&str> = files.shards().iter().map(|(file, _)| file.name()).collect();
                names.join(", ")
            }
            (url, _) => url.to_owned(),
        }
    }

    async fn cost(&self, need: &Need, cache: &CacheStore) -> Result<Cost, Problem> {
        let mut missing = self.model.lock().await.missing(need);
        let mut stored = 0;
        if !self.source.on_host().is_empty() {
            let mut elsewhere = Vec::new();
            for part in missing {
                match cache.length_of(&weights::key(&self.name, &part)).await {
                    Some(length) => stored += length,
                    None => elsewhere.push(part),
                }
            }
            missing = elsewhere;
        }
        let network = weights::cost(&self.index, &missing, self.source.serves_ranges())?;
        Ok(Cost { network, cache: stored })
    }
}

impl Source {
    /// The files that a host is asked for; none where they are on disk.
    fn on_host(&self) -> Vec<&HttpSource> {
        match self {
            Self::Http(source) => vec![source],
            Self::HttpShards(source) => source.shards().iter().map(|(shard, _)| shard).collect(),
            Self::Disk(_) | Self::DiskShards(_) => Vec::new(),
        }
    }
}

/// What is known of a file that was read.
fn identity(source: &HttpSource) -> Result<Identity, Problem> {
    source.identity().ok_or_else(|| Problem::bug("The file has no length"))
}

/// The version of several files: nothing if one of them shows none.
fn version_of(shards: &[(HttpSource, Range<u64>)]) -> String {
    let versions: Vec<String> =
        shards.iter().map(|(shard, _)| shard.identity().map_or_else(String::new, |of| of.version)).collect();
    if versions.iter().any(String::is_empty) { String::new() } else { sha256(versions.join(" ").as_bytes()) }
}

impl ByteSource for Source {
    async fn length(&self) -> Result<u64, SourceError> {
        match self {
            Self::Http(source) => source.length().await,
            Self::HttpShards(source) => source.length().await,
            Self::Disk(source) => source.length().await,
            Self::DiskShards(source) => source.length().await,
        }
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        match self {
            Self::Http(source) => source.read(range, on_bytes).await,
            Self::HttpShards(source) => source.read(range, on_bytes).await,
            Self::Disk(source) => source.read(range, on_bytes).await,
            Self::DiskShards(source) => source.read(range, on_bytes).await,
        }
    }

    async fn beginning(&self, at_most: u64) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Http(source) => source.beginning(at_most).await,
            Self::HttpShards(source) => source.beginning(at_most).await,
            Self::Disk(source) => source.beginning(at_most).await,
            Self::DiskShards(source) => source.beginning(at_most).await,
        }
    }

    fn tells_versions(&self) -> bool {
        match self {
            Self::Http(source) => source.tells_versions(),
            Self::HttpShards(source) => source.tells_versions(),
            Self::Disk(source) => source.tells_versions(),
            Self::DiskShards(source) => source.tells_versions(),
        }
    }

    fn changed(&self) -> SourceError {
        match self {
            Self::Http(source) => source.changed(),
            Self::HttpShards(source) => source.changed(),
            Self::Disk(source) => source.changed(),
            Self::DiskShards(source) => source.changed(),
        }
    }

    fn serves_ranges(&self) -> bool {
        match self {
            Self::Http(source) => source.serves_ranges(),
            Self::HttpShards(source) => source.serves_ranges(),
            Self::Disk(source) => source.serves_ranges(),
            Self::DiskShards(source) => source.serves_ranges(),
        }
    }
}

/// Whether a folder's address names one revision for good: a commit on a hub.
fn names_a_revision(folder: &str) -> bool {
    let mut parts = folder.split('/').skip_while(|part| *part != "resolve").skip(1);
    parts.next().is_some_and(|part| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The lock on a model's downloads, which another tab may hold for a while.
async fn lock_of(name: &str, call: &Call) -> Option<Lock> {
    match select(pin!(Lock::wait(name, &call.signal)), Timer::new(PATIENCE)).await {
        Either::Left((lock, _)) => lock,
        Either::Right(((), lock)) => {
            call.stage("Waiting for another tab, which loads the same model");
            call.progress(0, 0, Unit::Bytes);
            lock.await
        }
    }
}

/// A tensor's place in words.
fn stage(tensor: &str) -> String {
    match tensor.split('.').collect::<Vec<_>>()[..] {
        ["wte", ..] => "Fetching words".to_owned(),
        ["wpe", ..] => "Fetching positions".to_owned(),
        ["h", layer, ..] => format!("Fetching layer {layer}"),
        ["lm_head", ..] => "Fetching the unembedding".to_owned(),
        _ => "Fetching the final layer norm".to_owned(),
    }
}
