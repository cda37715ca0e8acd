//! Models: where they come from, which one is open, and what of it is here.

use super::cache::CacheStore;
use super::call::Call;
use super::crew::{WorkerCrew, Workers};
use super::disk::DiskSource;
use super::http::{HttpSource, Identity};
use super::js::host_of;
use super::{Problem, results::ModelId};
use crate::model::{Crew, Gpt2, Need, crew};
use crate::weights::{
    self, Arrived, Begun, ByteSource, Config, Index, LoadError, Loader, Manifest, SourceError, Store,
};
use futures_util::lock::Mutex;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use web_sys::{AbortSignal, Blob};

/// The published GPT-2 small, at the revision that the study's numbers are of.
const GPT2: &str =
    "https://huggingface.co/openai-community/gpt2/resolve/607a30d783dfa663caf39e06633721c8d4cfcd7e";
const GPT2_LENGTH: u64 = 548_105_171;
const GPT2_SHA256: &str = "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707";
/// Sizes that are known without a request, so that Start can name megabytes.
const GPT2_CONFIG: &[u8] = br#"{"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768,
    "n_positions": 1024, "vocab_size": 50257}"#;
const TINY_CONFIG: &[u8] = include_bytes!("../../data/tiny/config.json");

/// Milliseconds between two reports of progress.
const REPORT_EVERY: f64 = 60.0;

/// All models of the page, one of them open.
pub(super) struct Library {
    /// Address of the site's folder, ending in a slash.
    base: String,
    /// Names the version of the site, which the bundled model belongs to.
    build: String,
    crew: Option<Rc<WorkerCrew>>,
    cache: RefCell<Option<Rc<CacheStore>>>,
    picked: RefCell<Option<Picked>>,
    open: RefCell<Option<Rc<Open>>>,
}

/// Files that the visitor picked.
struct Picked {
    file: DiskSource,
    config: Option<DiskSource>,
}

/// An open model.
pub(super) struct Open {
    /// As in the link.
    pub(super) id: String,
    pub(super) config: Config,
    pub(super) index: Index,
    /// Names the file and its version in the cache.
    name: String,
    /// Whether that name tells one version of the file from the next.
    versioned: bool,
    source: Source,
    manifest: Manifest,
    begun: Begun,
    /// Whoever loads or computes holds this: one at a time.
    pub(super) model: Mutex<Gpt2>,
}

enum Source {
    Http(HttpSource),
    Disk(DiskSource),
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
}

/// What a step would fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cost {
    /// Bytes from the network.
    pub(super) network: u64,
    /// Bytes that this browser's cache has.
    pub(super) cache: u64,
}

impl Library {
    pub(super) fn new(base: &str, build: &str, workers: Option<Workers>) -> Self {
        Self {
            base: format!("{}/", base.trim_end_matches('/')),
            build: build.to_owned(),
            crew: workers.map(|workers| Rc::new(WorkerCrew::new(workers))),
            cache: RefCell::default(),
            picked: RefCell::default(),
            open: RefCell::default(),
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
    pub(super) fn pick(&self, file: Blob, config: Option<Blob>) {
        self.close("file");
        self.picked
            .replace(Some(Picked { file: DiskSource::new(file), config: config.map(DiskSource::new) }));
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
        if let Some(crew) = &self.crew {
            crew.dismiss(threads.saturating_sub(1));
        }
    }

    /// Forgets a model if it is the open one, so that its weights leave memory.
    fn close(&self, id: &str) {
        self.open.borrow_mut().take_if(|open| open.id == id);
    }

    /// Opens a model: out of memory, else by what the cache knows of it, else by
    /// asking its host.
    pub(super) async fn open(&self, id: &str, call: &Call) -> Result<Rc<Open>, Problem> {
        if self.crew.as_ref().is_some_and(|crew| crew.is_lost()) {
            self.use_threads(1);
        }
        let open = match self.open_quietly(id).await? {
            Some(open) => open,
            None => {
                call.stage("Opening the model");
                call.progress(0, 0, "bytes");
                self.open_at_its_host(id, &call.signal).await?
            }
        };
        if let Source::Http(source) = &open.source {
            source.cancel_with(&call.signal);
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
        let Some(stored) = cache.get(&self.description_key(id)).await else { return Ok(None) };
        let Ok(description) = serde_json::from_slice::<Description>(&stored) else { return Ok(None) };
        let identity = Identity { length: description.length, version: description.version.clone() };
        let source = HttpSource::known(self.file(id), identity, description.ranges);
        Ok(self.set_open(id, Source::Http(source), &description).await.ok())
    }

    async fn open_at_its_host(&self, id: &str, signal: &AbortSignal) -> Result<Rc<Open>, Problem> {
        if id == "file" {
            return self.open_picked().await;
        }
        let config = HttpSource::new(format!("{}/config.json", self.folder(id)));
        config.cancel_with(signal);
        let config = config.text().await.map_err(LoadError::from)?;
        // What cannot be run is refused before more is asked for.
        Config::from_json(&config).map_err(LoadError::from)?;
        let source = HttpSource::new(self.file(id));
        source.cancel_with(signal);
        let header = weights::read_header(&source).await?;
        let Identity { length, version } =
            source.identity().ok_or_else(|| Problem::bug("The file has no length"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ranges = source.serves_ranges();
        let description =
            Description { config: text(&config), header: text(&header), length, version, ranges };
        let open = self.set_open(id, Source::Http(source), &description).await?;
        if open.is_versioned() {
            let stored = serde_json::to_vec(&description).map_err(Problem::bug)?;
            self.cache().await.put(&self.description_key(id), &stored).await;
        }
        Ok(open)
    }

    async fn open_picked(&self) -> Result<Rc<Open>, Problem> {
        let (file, config) = {
            let picked = self.picked.borrow();
            let Some(Picked { file, config }) = &*picked else {
                let what = "A link cannot carry a file from somebody's disk";
                let next = "Pick a model.safetensors, or choose another model.";
                return Err(Problem::new(what, "The prompts and settings are kept.", next).about("model"));
            };
            (file.clone(), config.clone())
        };
        let header = weights::read_header(&file).await?;
        let config = match config {
            Some(config) => {
                let mut json = Vec::new();
                let length = config.length().await.map_err(LoadError::from)?;
                let read = config.read(0..length, &mut |bytes| json.extend_from_slice(bytes)).await;
                read.map_err(LoadError::from)?;
                Config::from_json(&json).map_err(LoadError::from)?
            }
            None => Config::from_header(&header).map_err(LoadError::from)?,
        };
        let length = file.length().await.map_err(LoadError::from)?;
        let index = Index::parse(&header, length, &config).map_err(LoadError::from)?;
        Ok(self.replace_open("file", Source::Disk(file), config, index, Manifest::default()).await)
    }

    async fn set_open(
        &self,
        id: &str,
        source: Source,
        description: &Description,
    ) -> Result<Rc<Open>, Problem> {
        let config = Config::from_json(description.config.as_bytes()).map_err(LoadError::from)?;
        let index = Index::parse(description.header.as_bytes(), description.length, &config);
        let index = index.map_err(LoadError::from)?;
        let manifest = if id == "gpt2" { self.manifest().await? } else { Manifest::default() };
        Ok(self.replace_open(id, source, config, index, manifest).await)
    }

    async fn replace_open(
        &self,
        id: &str,
        source: Source,
        config: Config,
        index: Index,
        manifest: Manifest,
    ) -> Rc<Open> {
        let version = match &source {
            Source::Http(source) => source.identity().map(|identity| identity.version).unwrap_or_default(),
            Source::Disk(_) => String::new(),
        };
        let name = format!("{}/{} {version}", self.shelf(id), index.file_len);
        let versioned = !version.is_empty() || ["gpt2", "tiny"].contains(&id);
        let workers = self.crew.clone().filter(|_| crew::pays(&config));
        if let Some(workers) = &workers {
            workers.gather().await;
        }
        let crew = workers.map(|workers| workers as Rc<dyn Crew>);
        let model = Mutex::new(Gpt2::shared(config.clone(), crew));
        let open = Rc::new(Open {
            versioned,
            id: id.to_owned(),
            config,
            index,
            name,
            source,
            manifest,
            begun: Begun::default(),
            model,
        });
        self.open.replace(Some(open.clone()));
        open
    }

    /// The published tensors' hashes, a file of this site.
    async fn manifest(&self) -> Result<Manifest, Problem> {
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
        let (config, number_size) = match id {
            "gpt2" => (GPT2_CONFIG, 4),
            "tiny" => (TINY_CONFIG, 2),
            _ => return Ok((host, None)),
        };
        let config = Config::from_json(config).map_err(LoadError::from)?;
        let missing = Gpt2::empty(config.clone()).missing(&need(&config));
        let row_len = |tensor: &str| {
            let shape = config.tensors().find(|(name, _)| name == tensor).map(|(_, shape)| shape);
            shape.map_or(0, |shape| shape[1..].iter().product())
        };
        let network = missing.iter().map(|part| part.rows.len() as u64 * row_len(&part.tensor) * number_size);
        Ok((host, Some(Cost { network: network.sum(), cache: 0 })))
    }

    /// Loads what is needed and missing; the call learns what came from where.
    pub(super) async fn fetch(&self, open: &Open, need: &Need, call: &Call) -> Result<(), Problem> {
        if need.positions > open.config.n_ctx {
            let (tokens, n_ctx) = (need.positions, open.config.n_ctx);
            return Err(crate::model::ModelError::TooLong { tokens, n_ctx }.into());
        }
        let mut model = open.model.lock().await;
        let missing = model.missing(need);
        if missing.is_empty() {
            return Ok(());
        }
        let _lock = super::lock::Lock::wait(&open.name, &call.signal).await;
        if call.signal.aborted() {
            return Err(Problem::cancelled());
        }
        let on_disk = matches!(open.source, Source::Disk(_));
        let (network, cache) = (call.network.get(), call.cache.get());
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
        let mut failed = None;
        let mut receive = |part, numbers| {
            if let Err(error) = model.insert(&part, numbers) {
                failed.get_or_insert(error);
            }
        };
        let kept = self.cache().await;
        // What lies on the visitor's disk need not be kept a second time, and what has
        // no version could be mixed with the next one.
        let store = (!on_disk && open.is_versioned()).then_some(&*kept);
        let Open { source, index, manifest, name, begun, .. } = open;
        let loader = Loader { source, store: &store, index, manifest, name, begun, progress: &progress };
        let loaded = loader.load(&missing, &mut receive).await;
        if let Err(LoadError::Source(SourceError::Changed { .. })) = loaded {
            kept.remove_below(&self.shelf(&open.id)).await;
            self.close(&open.id);
        }
        loaded?;
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn folder(&self, id: &str) -> String {
        match id {
            "gpt2" => GPT2.to_owned(),
            "tiny" => self.site_file("data/tiny"),
            url => url.to_owned(),
        }
    }

    /// Names a model in the cache. The bundled one belongs to a build of the site.
    fn shelf(&self, id: &str) -> String {
        if id == "tiny" { format!("tiny of {}", self.build) } else { self.folder(id) }
    }

    fn description_key(&self, id: &str) -> String {
        format!("{}/description", self.shelf(id))
    }

    fn file(&self, id: &str) -> String {
        format!("{}/model.safetensors", self.folder(id))
    }
}

impl Open {
    /// Names the model in results files. The hash is that of the published file,
    /// which this one is by address and length; of its parts those are checked whose
    /// own hashes are known.
    pub(super) fn model_id(&self) -> ModelId {
        let published = self.id == "gpt2" && self.index.file_len == GPT2_LENGTH;
        ModelId {
            id: self.id.clone(),
            file: self.name.clone(),
            config: self.config.clone(),
            weights_sha256: published.then(|| GPT2_SHA256.to_owned()),
        }
    }

    /// Whether the host serves parts of the file.
    pub(super) fn serves_ranges(&self) -> bool {
        self.source.serves_ranges()
    }

    /// Whether what is kept of the file cannot be mixed with its next version.
    fn is_versioned(&self) -> bool {
        self.versioned
    }

    /// What the model is called on the page.
    pub(super) fn shown_name(&self) -> String {
        match (self.id.as_str(), &self.source) {
            ("gpt2", _) => "GPT-2 small".to_owned(),
            ("tiny", _) => "The bundled model".to_owned(),
            (_, Source::Disk(file)) => file.name().to_owned(),
            (url, _) => url.to_owned(),
        }
    }

    async fn cost(&self, need: &Need, cache: &CacheStore) -> Result<Cost, Problem> {
        let mut missing = self.model.lock().await.missing(need);
        let mut stored = 0;
        if let Source::Http(_) = self.source {
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

impl ByteSource for Source {
    async fn length(&self) -> Result<u64, SourceError> {
        match self {
            Self::Http(source) => source.length().await,
            Self::Disk(source) => source.length().await,
        }
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        match self {
            Self::Http(source) => source.read(range, on_bytes).await,
            Self::Disk(source) => source.read(range, on_bytes).await,
        }
    }

    fn serves_ranges(&self) -> bool {
        match self {
            Self::Http(source) => source.serves_ranges(),
            Self::Disk(source) => source.serves_ranges(),
        }
    }
}

/// A tensor's place in words.
fn stage(tensor: &str) -> String {
    match tensor.split('.').collect::<Vec<_>>()[..] {
        ["wte", ..] => "Fetching words".to_owned(),
        ["wpe", ..] => "Fetching positions".to_owned(),
        ["h", layer, ..] => format!("Fetching layer {layer}"),
        _ => "Fetching the final layer norm".to_owned(),
    }
}
