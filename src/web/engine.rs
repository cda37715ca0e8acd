//! The worker's side: one engine that loads and computes. Ablations stand in
//! [`ablations`], other heads beside the shown one in [`patterns`], what goes beyond
//! one head and one draw in [`further`], results from a file in [`import`], the
//! tokens of words in [`word_tokens`]. How the page is given results stands in
//! [`given`].

mod ablations;
mod further;
mod given;
mod import;
mod patterns;
mod word_tokens;

use super::call::Call;
use super::crew::Workers;
use super::http::HttpSource;
use super::js::{from_js, property, to_js};
use super::library::{Library, Open};
use super::prompt_set::PromptSet;
use super::results::{Results, Shown};
use super::{Problem, SettingProblem, Settings};
use crate::model::Depth;
use crate::study::{self, Baseline, Case, Head, Pace, Shares};
use crate::tokens::Tokens;
use crate::weights::{Config, LoadError};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Blob};

/// Most bytes of activations that are kept for ablations to start from.
const MOST_KEPT: usize = 400 << 20;

/// Loads models, runs them and remembers what came out.
#[wasm_bindgen]
pub struct Engine {
    library: Library,
    /// Names the build of the site that computes.
    build: String,
    tokens: RefCell<Option<Rc<Tokens>>>,
    results: RefCell<Results>,
    baseline: RefCell<Option<Rc<KeptBaseline>>>,
}

/// The shown head's un-ablated run over the kept prompts, for as long as they
/// stay the same.
struct KeptBaseline {
    settings: Settings,
    head: Head,
    baseline: Baseline,
}

/// What a step needs the model for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The shown head's pattern.
    Head,
    /// All heads' scores.
    Scores,
    /// The ablations of the shown head.
    Ablations,
}

#[wasm_bindgen]
impl Engine {
    /// An engine of the site under `base`, an absolute address, for results files
    /// that name `build`, with `workers` beside it if there are any.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(base: &str, build: &str, workers: Option<Workers>) -> Self {
        Self {
            library: Library::new(base, build, workers),
            build: build.to_owned(),
            tokens: RefCell::default(),
            results: RefCell::new(Results { build: build.to_owned(), ..Results::default() }),
            baseline: RefCell::default(),
        }
    }

    /// The prompts of `{settings}`. Fetches nothing but the site's tokenizer file.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn prompts(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let set = self.prompt_set(&settings, &signal).await?;
        Ok(to_js(&given::prompts(&set)))
    }

    /// The host, and the bytes that a `step` of `{settings}` would take from it and
    /// from this browser's cache. Asks nobody.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn estimate(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let step = match property(&args, "step").as_string().as_deref() {
            Some("scores") => Step::Scores,
            Some("ablations") => Step::Ablations,
            _ => Step::Head,
        };
        let cases = self.prompt_set(&settings, &signal).await?.cases();
        self.cost(&settings, &cases, |config| depth(step, &settings, config)).await
    }

    /// Takes `{file, config}` from the visitor's disk as the model `file`. Without
    /// a config the sizes are read off the shapes.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, if there is no file.
    pub async fn pick_file(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let blob = |name: &str| property(&args, name).dyn_into::<Blob>().ok();
        let file = blob("file").ok_or_else(|| Problem::bug("No file was picked"))?;
        self.library.pick(file, blob("config"));
        self.baseline.replace(None);
        self.results.borrow_mut().forget_model();
        Ok(JsValue::NULL)
    }

    /// Spreads the work over so many `{threads}`. The open model is closed, and what
    /// is kept of it comes back from this browser's cache.
    ///
    /// # Errors
    ///
    /// None; a promise like the others.
    pub async fn use_threads(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let threads = property(&args, "threads").as_f64().unwrap_or(1.0);
        self.library.use_threads(threads.max(1.0) as usize);
        Ok(JsValue::NULL)
    }

    /// What is stored on this device: bytes of weights, and what the browser says
    /// of all that this site uses and may use.
    ///
    /// # Errors
    ///
    /// None; a promise like the others.
    pub async fn storage(
        &self,
        _args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let cache = self.library.cache().await;
        let (used, granted) = super::cache::usage().await;
        Ok(to_js(&serde_json::json!({
            "bytes": cache.bytes().await,
            "used": used,
            "granted": granted,
            "note": cache.note(),
        })))
    }

    /// Forgets all downloaded weights. The open model stays in memory.
    ///
    /// # Errors
    ///
    /// None; a promise like the others.
    pub async fn clear_storage(
        &self,
        _args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        self.library.cache().await.clear().await;
        Ok(JsValue::NULL)
    }

    /// Opens the model of `{settings}` and loads what the shown head needs. A head
    /// that the model lacks is replaced by its best-scoring one.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn load(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let mut settings = settings_of(&args)?;
        let call = Call::new(on_progress, signal);
        let set = self.prompt_set(&settings, &call.signal).await?;
        let open = self.open(&settings.model, &call).await?;
        let mut problems = Vec::new();
        let mut note = None;
        if !exists(&settings.head, &open.config) {
            let asked = std::mem::take(&mut settings.head);
            let measure = settings.measure();
            let scorable = |case: &Case| measure.chance(&case.relations).is_some();
            let (head, why) = if scored_cases(&settings, &set).iter().any(scorable) {
                let scores = self.scores(&open, &settings, &set, &call).await?;
                (scores.ranking()[0].0, "its best-scoring head")
            } else {
                // Nothing can be scored, so no head is better than another.
                (Head { layer: open.config.n_layer - 1, head: 0 }, "the first head of its last layer")
            };
            settings.head = head.to_string();
            if asked == Settings::default().head {
                note = Some(format!("This model has no {asked}; {why}, {head}, is shown."));
            } else {
                problems.push(SettingProblem {
                    key: "head".to_owned(),
                    message: format!("This model has no {asked}."),
                    value: asked,
                    consequence: format!("{head}, {why}, is shown."),
                });
            }
        }
        self.ensure(&open, &set, Step::Head, &settings, &call).await?;
        let Config { n_layer, n_head, d_model, n_ctx, d_vocab, .. } = open.config;
        let notes = [note.as_deref(), self.library.assumption(&open.id)];
        let notes = notes.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Ok(to_js(&serde_json::json!({
            "id": open.id,
            "name": open.shown_name(),
            "n_layer": n_layer,
            "n_head": n_head,
            "d_model": d_model,
            "n_ctx": n_ctx,
            "n_vocab": d_vocab,
            "file_bytes": open.index.file_len,
            "head": settings.head,
            "problems": problems,
            "note": notes,
            "read": { "network": call.network.get(), "cache": call.cache.get() },
            "storage_note": self.library.cache().await.note(),
        })))
    }

    /// The shown head's pattern on the shown prompt, with its score there and
    /// its mean over the kept prompts.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn pattern(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let head = head_of(&settings, &open.config)?;
        let number = settings.shown_prompt();
        let prompt = set.prompts.get(number).ok_or_else(|| Problem::bug("There is no such prompt"))?;
        self.ensure(&open, &set, Step::Head, &settings, &call).await?;
        let started = js_sys::Date::now();
        let cases = set.cases();
        let kept = self.kept_baseline(&open, &settings, &cases, head, &call).await?;
        let place = cases.iter().position(|case| case.sequence == number);
        let pattern = match (place, &kept) {
            (Some(i), Some(kept)) => kept.baseline.pattern.patterns[i].clone(),
            // A dropped prompt is not part of any score, and run by itself.
            _ => {
                let case = prompt.case(number);
                self.fetch(&open, std::slice::from_ref(&case), Depth::Pattern(head.layer), &call).await?;
                let model = open.model.lock().await;
                let alone = study::baseline(&model, &[case], head, &call).await;
                alone.map_err(Problem::from)?.pattern.patterns.swap_remove(0)
            }
        };
        self.results.borrow_mut().timings.forward = js_sys::Date::now() - started;
        let patterns = kept.as_ref().map_or(&[][..], |kept| &kept.baseline.pattern.patterns);
        let shares =
            |(case, pattern): (&Case, &Vec<f32>)| (case.sequence, Shares::of(pattern, &case.relations));
        let shares = cases.iter().zip(patterns).map(shares).collect();
        let shown = Shown { head, prompt: number, pattern, shares };
        let result = given::pattern(&shown, prompt, settings.measure());
        self.results.borrow_mut().shown = Some(shown);
        Ok(result)
    }

    /// Scores every head on every kept prompt, and loads what that needs.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn score_heads(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let scores = self.scores(&open, &settings, &set, &call).await?;
        Ok(to_js(&given::head_scores(&scores, &settings, &set)))
    }

    /// The results file of what has been computed so far.
    ///
    /// # Errors
    ///
    /// None; a promise like the others.
    pub async fn export_json(
        &self,
        _args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let json = self.results.borrow().to_json();
        Ok(serde_json::to_string_pretty(&json).map_err(Problem::bug)?.into())
    }

    /// The ablations, else the scores, else the pattern, as CSV.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn export_csv(
        &self,
        _args: JsValue,
        _on_progress: js_sys::Function,
        _signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        Ok(self.results.borrow().to_csv().map_err(Problem::bug)?.into())
    }
}

impl Engine {
    /// What every call that runs the model begins with.
    async fn begin(
        &self,
        args: &JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<(Settings, Call, PromptSet, Rc<Open>), Problem> {
        let settings = settings_of(args)?;
        let call = Call::new(on_progress, signal);
        let set = self.prompt_set(&settings, &call.signal).await?;
        let open = self.open(&settings.model, &call).await?;
        Ok((settings, call, set, open))
    }

    /// The settings' prompts; makes the settings those of the results.
    async fn prompt_set(&self, settings: &Settings, signal: &AbortSignal) -> Result<PromptSet, Problem> {
        let tokens = self.tokens(signal).await?;
        let mut results = self.results.borrow_mut();
        results.adopt(settings);
        if results.prompts.is_none() {
            results.prompts = Some(PromptSet::of(settings, &tokens)?);
        }
        results.prompts.clone().ok_or_else(|| Problem::bug("No prompts"))
    }

    /// The host, and the bytes that running these prompts so deep would take from
    /// it and from this browser's cache.
    async fn cost(
        &self,
        settings: &Settings,
        cases: &[Case],
        depth: impl Fn(&Config) -> Depth,
    ) -> Result<JsValue, JsValue> {
        let need = |config: &Config| study::need(cases, depth(config));
        let (host, cost) = self.library.cost(&settings.model, need).await?;
        Ok(to_js(&serde_json::json!({
            "host": host,
            "bytes": cost.map(|cost| cost.network),
            "cached": cost.map(|cost| cost.cache),
            "known": cost.is_some(),
        })))
    }

    async fn tokens(&self, signal: &AbortSignal) -> Result<Rc<Tokens>, Problem> {
        let known = self.tokens.borrow().clone();
        if let Some(tokens) = known {
            return Ok(tokens);
        }
        let source = HttpSource::new(self.library.site_file("data/tokenizer/merges.bin"));
        source.cancel_with(signal);
        let bytes = source.text().await.map_err(LoadError::Source)?;
        let tokens = Tokens::from_packed(&bytes).map_err(Problem::bug)?;
        let tokens = Rc::new(tokens);
        self.tokens.replace(Some(tokens.clone()));
        Ok(tokens)
    }

    /// Opens a model and names it in the results.
    async fn open(&self, id: &str, call: &Call) -> Result<Rc<Open>, Problem> {
        let started = js_sys::Date::now();
        let open = self.library.open(id, call).await?;
        let mut results = self.results.borrow_mut();
        if results.model.as_ref() != Some(&open.model_id()) {
            results.forget_model();
            // Results of a file that were here until now may be another build's.
            results.build.clone_from(&self.build);
            results.model = Some(open.model_id());
            results.timings.load = js_sys::Date::now() - started;
            drop(results);
            self.baseline.replace(None);
        }
        Ok(open)
    }

    /// Loads what a step on the kept prompts still lacks.
    async fn ensure(
        &self,
        open: &Open,
        set: &PromptSet,
        step: Step,
        settings: &Settings,
        call: &Call,
    ) -> Result<(), Problem> {
        self.fetch(open, &set.cases(), depth(step, settings, &open.config), call).await
    }

    async fn fetch(&self, open: &Open, cases: &[Case], depth: Depth, call: &Call) -> Result<(), Problem> {
        let started = js_sys::Date::now();
        let (network, cache) = (call.network.get(), call.cache.get());
        let fetched = self.library.fetch(open, &study::need(cases, depth), call).await;
        let mut results = self.results.borrow_mut();
        results.timings.load += js_sys::Date::now() - started;
        results.bytes.network += call.network.get() - network;
        results.bytes.cache += call.cache.get() - cache;
        fetched
    }

    /// Scores of all heads, kept for the export.
    async fn scores(
        &self,
        open: &Open,
        settings: &Settings,
        set: &PromptSet,
        call: &Call,
    ) -> Result<study::HeadScores, Problem> {
        let known = self.results.borrow().head_scores.clone();
        if let Some(scores) = known {
            return Ok(scores);
        }
        let cases = scored_cases(settings, set);
        let kept = set.cases();
        let last = open.config.n_layer - 1;
        let whole = self.library.cost(&open.id, |_| study::need(&kept, Depth::Pattern(last))).await?.1;
        call.expect(whole.map_or(0, |cost| cost.network + cost.cache));
        let mut detector = study::Detector::new(&cases, settings.measure()).map_err(Problem::from)?;
        let mut computing = 0.0;
        // Each layer is scored and shown as soon as it is there. A host that sends
        // only whole files is asked once.
        let at_least = if open.serves_ranges() { 0 } else { last };
        for l in 0..=last {
            self.fetch(open, &kept, Depth::Pattern(l.max(at_least)), call).await?;
            call.stage(format!("Scoring layer {l}"));
            call.step(l, last + 1).await.map_err(Problem::from)?;
            let started = js_sys::Date::now();
            detector.run_layer(&*open.model.lock().await).await.map_err(Problem::from)?;
            computing += js_sys::Date::now() - started;
            let scores = detector.scores();
            call.show(to_js(&serde_json::json!({ "mean": scores.mean(), "chance": scores.chance })));
        }
        let scores = detector.scores();
        let mut results = self.results.borrow_mut();
        results.timings.detect = computing;
        results.head_scores = Some(scores.clone());
        Ok(scores)
    }

    /// The un-ablated run of the kept prompts; `None` if none is kept.
    async fn kept_baseline(
        &self,
        open: &Open,
        settings: &Settings,
        cases: &[Case],
        head: Head,
        call: &Call,
    ) -> Result<Option<Rc<KeptBaseline>>, Problem> {
        if cases.is_empty() {
            return Ok(None);
        }
        let known = self.baseline.borrow().clone();
        let same = |kept: &Rc<KeptBaseline>| {
            kept.head == head && kept.settings.model == settings.model && kept.settings.same_prompts(settings)
        };
        if let Some(kept) = known.filter(same) {
            return Ok(Some(kept));
        }
        let bytes = study::Baseline::bytes(cases, head, &open.config);
        if bytes > MOST_KEPT {
            let what = format!(
                "running {} prompts up to {head} at once takes {} MB, and {} MB are set aside for it",
                cases.len(),
                bytes >> 20,
                MOST_KEPT >> 20
            );
            let next =
                format!("Draw at most {} sequences.", (settings.n as usize * MOST_KEPT / bytes).max(1));
            return Err(Problem::new(what, "The prompts and settings are kept.", &next).about("n"));
        }
        call.stage("Running the model");
        let model = open.model.lock().await;
        let baseline = study::baseline(&model, cases, head, call).await?;
        let kept = Rc::new(KeptBaseline { settings: settings.clone(), head, baseline });
        self.baseline.replace(Some(kept.clone()));
        Ok(Some(kept))
    }
}

/// The prompts that the detector runs: all that are kept, or the shown one of them.
fn scored_cases(settings: &Settings, set: &PromptSet) -> Vec<Case> {
    let mut cases = set.cases();
    if settings.over == "prompt" {
        cases.retain(|case| case.sequence == settings.shown_prompt());
    }
    cases
}

fn settings_of(args: &JsValue) -> Result<Settings, Problem> {
    from_js(property(args, "settings"))
}

fn exists(head: &str, config: &Config) -> bool {
    head.parse().is_ok_and(|head: Head| head.layer < config.n_layer && head.head < config.n_head)
}

fn head_of(settings: &Settings, config: &Config) -> Result<Head, Problem> {
    let head = settings.head.parse().ok().filter(|_| exists(&settings.head, config));
    head.ok_or_else(|| {
        let what = format!("the model has no head {}", settings.head);
        Problem::new(what, "The settings are kept.", "Choose a head in the map of all heads.")
    })
}

/// How deep a step has to go. Ablations run no deeper than the pattern itself.
fn depth(step: Step, settings: &Settings, config: &Config) -> Depth {
    let last = config.n_layer - 1;
    match (step, settings.head.parse::<Head>()) {
        (Step::Head | Step::Ablations, Ok(head)) if exists(&settings.head, config) => {
            Depth::Pattern(head.layer)
        }
        // A head that the model lacks gives way to the best one, which takes all scores.
        _ => Depth::Pattern(last),
    }
}
