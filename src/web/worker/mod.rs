//! The worker's side: one engine that loads and computes what the page asks for. What
//! every request that runs the model stands on is in [`running`], the three steps in
//! [`head`], [`scores`] and [`ablations`], the shown head taken apart in [`circuits`], results
//! from a file in [`import`], the tokens of words in [`word_tokens`]; the tools have a room of their own ([`crate::web::tools`]).

mod ablations;
mod circuits;
mod head;
mod import;
mod running;
mod scores;
mod word_tokens;

use crate::study::{Baseline, Head};
use crate::tokens::Tokens;
use crate::web::js::{from_js, pretty, to_js};
use crate::web::models::Models;
use crate::web::models::call::Call;
use crate::web::models::pool::Workers;
use crate::web::payload::{PromptSet, Stored};
use crate::web::request::{PickedFiles, Request};
use crate::web::results::Results;
use crate::web::taken_apart::HeadTakenApart;
use crate::web::tools::Tool;
use crate::web::{Problem, Settings};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Blob};

/// Loads models, runs them and remembers what came out.
#[wasm_bindgen]
pub struct Engine {
    models: Models,
    /// Names the build of the site that computes.
    build: String,
    tokens: RefCell<Option<Rc<Tokens>>>,
    /// Those of the built-in words.
    few_tokens: RefCell<Option<Rc<Tokens>>>,
    results: RefCell<Results>,
    baseline: RefCell<Option<Rc<KeptBaseline>>>,
    taken_apart: RefCell<Option<Rc<HeadTakenApart>>>,
}

/// The shown head's un-ablated run over the kept prompts, for as long as they
/// stay the same.
pub(in crate::web) struct KeptBaseline {
    settings: Settings,
    head: Head,
    pub(in crate::web) baseline: Baseline,
}

#[wasm_bindgen]
impl Engine {
    /// An engine of the site under `base`, an absolute address, for results files
    /// that name `build`, with `workers` beside it if there are any.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(base: &str, build: &str, workers: Option<Workers>) -> Self {
        Self {
            models: Models::new(base, build, workers),
            build: build.to_owned(),
            tokens: RefCell::default(),
            few_tokens: RefCell::default(),
            results: RefCell::new(Results { build: build.to_owned(), ..Results::default() }),
            baseline: RefCell::default(),
            taken_apart: RefCell::default(),
        }
    }

    /// Does what a [`Request`] asks for, with the files beside it. How far it is, is told
    /// to `on_progress`; `signal` cancels it.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn request(
        &self,
        request: JsValue,
        files: js_sys::Array,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let request: Request = from_js(&request)?;
        Ok(self.answer(request, &files, &Call::new(on_progress, signal)).await?)
    }
}

impl Engine {
    async fn answer(&self, request: Request, files: &js_sys::Array, call: &Call) -> Result<JsValue, Problem> {
        match request {
            Request::Prompts(ask) => {
                let set = self.prompt_set(&ask.settings, &call.signal).await?;
                Ok(to_js(&PromptSet::of(&set, &ask.settings)))
            }
            Request::Estimate(ask) => Ok(to_js(&self.estimate(&ask, call).await?)),
            Request::Load(ask) => self.load(ask.settings, call).await,
            Request::Pattern(ask) => self.pattern(&ask.settings, call).await,
            Request::Scores(ask) => self.score_heads(&ask.settings, call).await,
            Request::LoadedScores(ask) => self.score_loaded(&ask.settings, call).await,
            Request::Ablations(ask) => self.run_ablations(&ask.settings, call).await,
            Request::Tool(ask) => ask.run(self, call).await,
            Request::PickFile(picked) => self.pick_files(&picked, files),
            Request::UseThreads(threads) => {
                self.models.use_threads(threads.max(1));
                Ok(JsValue::NULL)
            }
            Request::Storage(()) => {
                let cache = self.models.cache().await;
                let granted = crate::web::models::cache::granted().await;
                Ok(to_js(&Stored {
                    bytes: cache.bytes().await,
                    granted,
                    note: cache.note().map(str::to_owned),
                }))
            }
            Request::ClearStorage(()) => {
                self.models.cache().await.clear().await;
                Ok(JsValue::NULL)
            }
            Request::ExportJson(settings) => {
                self.adopt(settings);
                Ok(pretty(&self.results.borrow().to_json()))
            }
            Request::ExportCsv(settings) => {
                self.adopt(settings);
                Ok(self.results.borrow().to_csv().map_err(Problem::bug)?.into())
            }
            Request::ImportResults(text) => self.import_results(&text, call).await,
            Request::WordTokens(words) => self.word_tokens(&words, call).await,
        }
    }

    fn adopt(&self, settings: Option<Settings>) {
        if let Some(settings) = settings {
            self.results.borrow_mut().adopt(&settings);
        }
    }

    /// Takes files from the visitor's disk as the model `file`.
    fn pick_files(&self, picked: &PickedFiles, files: &js_sys::Array) -> Result<JsValue, Problem> {
        let mut files = files.iter().filter_map(|file| file.dyn_into::<Blob>().ok());
        let weights: Vec<Blob> = files.by_ref().take(picked.weights).collect();
        if weights.is_empty() {
            return Err(Problem::bug("No file was picked"));
        }
        let config = if picked.config { files.next() } else { None };
        self.models.pick(weights, config, files.collect());
        self.forget_runs();
        self.results.borrow_mut().forget_model();
        Ok(JsValue::NULL)
    }

    /// Keeps a tool's result for the export, and gives it to the page.
    pub(in crate::web) fn keep(&self, tool: Tool, found: &impl Serialize) -> JsValue {
        // What a tool finds is plain data.
        let found = serde_json::to_value(found).unwrap_or_default();
        let given = to_js(&found);
        self.results.borrow_mut().further.insert(tool.name(), found);
        given
    }
}
