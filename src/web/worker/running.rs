//! What every request that runs the model stands on: its prompts, its tokens, the open
//! model and what of it is loaded, and what that would cost.

use super::{Engine, KeptBaseline};
use crate::model::{Depth, Need};
use crate::study::{self, Head, TokenizedPrompt};
use crate::tokens::Tokens;
use crate::web::link::outcome::Outcome;
use crate::web::link::settings::RunStep;
use crate::web::models::Open;
use crate::web::models::call::Call;
use crate::web::models::http::HttpSource;
use crate::web::payload::Estimate;
use crate::web::prompt_set::PromptSet;
use crate::web::request::AskCost;
use crate::web::steps::{every_pattern, head_depth, shown_case};
use crate::web::taken_apart;
use crate::web::tools::seeds;
use crate::web::{Problem, Settings};
use crate::weights::{Config, Part, SourceError};
use futures_channel::mpsc::UnboundedSender;
use std::rc::Rc;
use web_sys::AbortSignal;

/// Most bytes of activations that are kept for ablations to start from.
const MOST_KEPT: usize = 400 << 20;

impl Engine {
    /// What every request that runs the model begins with.
    pub(in crate::web) async fn begin(
        &self,
        settings: &Settings,
        call: &Call,
    ) -> Result<(PromptSet, Rc<Open>), Problem> {
        let open = self.open(&settings.model, call).await?;
        Ok((self.prompt_set(settings, &call.signal).await?, open))
    }

    /// The host, and the bytes that a step or a tool would take from it and from this
    /// browser's cache. Asks nobody.
    pub(super) async fn estimate(&self, ask: &AskCost, call: &Call) -> Result<Estimate, Problem> {
        let settings = &ask.settings;
        match ask.step {
            Outcome::Tool(tool) => tool.cost(ask, self, call).await,
            Outcome::Scores => {
                let cases = self.prompts_to_be(settings, &call.signal).await?.cases();
                self.cost(settings, &cases, every_pattern).await
            }
            Outcome::Head => self.cost_of_start(settings, call).await,
            _ => self.cost_of_head(settings, call).await,
        }
    }

    /// What a Start takes: the head, and what the link's `run` names beside it.
    async fn cost_of_start(&self, settings: &Settings, call: &Call) -> Result<Estimate, Problem> {
        let set = self.prompts_to_be(settings, &call.signal).await?;
        let cases = set.cases();
        let steps = settings.run.as_ref().map_or(&[][..], |run| &run.steps);
        let has = |step: RunStep| steps.contains(&step);
        let (tokens, _) = self.tokens_for(settings, &call.signal).await?;
        let apart = if has(RunStep::Circuits) {
            Some(taken_apart::need_of_head(&set, settings, &tokens, true)?)
        } else {
            None
        };
        let shown = shown_case(&set, settings)?;
        let seeds = if has(RunStep::Seeds) && !settings.is_painted() {
            seeds::draws(settings, &tokens, call).await?
        } else {
            Vec::new()
        };
        let seeds: Vec<TokenizedPrompt> = seeds.into_iter().flat_map(|(_, cases)| cases).collect();
        self.cost_of(settings, |config| {
            let mut need = study::need(&cases, head_depth(settings, config));
            if has(RunStep::All) {
                need = need.and(study::need(&cases, every_pattern(config)));
            }
            if let Some(apart) = &apart {
                need = need.and(apart(config));
            }
            if has(RunStep::Lens) || has(RunStep::Output) {
                need = need.and(study::need(std::slice::from_ref(&shown), Depth::Logits));
            }
            if !seeds.is_empty() {
                need = need.and(study::need(&seeds, every_pattern(config)));
            }
            need
        })
        .await
    }

    /// The host, and the bytes that running these prompts so deep would take from
    /// it and from this browser's cache.
    pub(in crate::web) async fn cost(
        &self,
        settings: &Settings,
        cases: &[TokenizedPrompt],
        depth: impl Fn(&Config) -> Depth,
    ) -> Result<Estimate, Problem> {
        self.cost_of(settings, |config| study::need(cases, depth(config))).await
    }

    /// The same of any need.
    pub(in crate::web) async fn cost_of(
        &self,
        settings: &Settings,
        need: impl Fn(&Config) -> Need,
    ) -> Result<Estimate, Problem> {
        let (host, cost) = self.models.cost(&settings.model, need).await?;
        let (bytes, cached) = (cost.map(|cost| cost.network), cost.map(|cost| cost.cache));
        let read = self.results.borrow().bytes;
        Ok(Estimate { host, bytes, cached, known: cost.is_some(), read })
    }

    /// The prompts that these settings would have. The results stay those of theirs: what
    /// another model would cost is asked while one is on show.
    async fn prompts_to_be(&self, settings: &Settings, signal: &AbortSignal) -> Result<PromptSet, Problem> {
        let (tokens, is_known) = self.tokens_for(settings, signal).await?;
        let results = self.results.borrow();
        let same = settings.outdates(&results.settings, Outcome::Draw).is_none()
            && (!is_known || results.has_prompts_of(&tokens));
        match results.prompts.clone().filter(|_| same) {
            Some(prompts) => Ok(prompts),
            None => Ok(PromptSet::of(settings, &tokens)?),
        }
    }

    /// What showing the head on all its prompts would take.
    pub(in crate::web) async fn cost_of_head(
        &self,
        settings: &Settings,
        call: &Call,
    ) -> Result<Estimate, Problem> {
        let cases = self.prompts_to_be(settings, &call.signal).await?.cases();
        self.cost(settings, &cases, |config| head_depth(settings, config)).await
    }

    /// The settings' prompts; makes the settings those of the results. Until it is known
    /// how a model reads, they are as GPT-2 reads them, or as a file of results has them.
    pub(in crate::web) async fn prompt_set(
        &self,
        settings: &Settings,
        signal: &AbortSignal,
    ) -> Result<PromptSet, Problem> {
        let (tokens, is_known) = self.tokens_for(settings, signal).await?;
        let mut results = self.results.borrow_mut();
        results.adopt(settings);
        if results.prompts.is_none() || (is_known && !results.has_prompts_of(&tokens)) {
            results.take_prompts(PromptSet::of(settings, &tokens)?, &tokens);
            self.forget_runs();
        }
        let prompts = results.prompts.as_mut().ok_or_else(|| Problem::bug("No prompts"))?;
        prompts.show(settings.shown_prompt());
        Ok(prompts.clone())
    }

    /// What reads the settings' prompts, and whether that is known: of a model that was not
    /// opened yet it is not, and GPT-2's tokenizer takes its place. Asks nobody.
    pub(in crate::web) async fn tokens_for(
        &self,
        settings: &Settings,
        signal: &AbortSignal,
    ) -> Result<(Rc<Tokens>, bool), Problem> {
        let model = settings.model.as_str();
        let named = ["gpt2", "tiny"].contains(&model);
        let open = if named { None } else { self.models.open_quietly(model).await? };
        let is_known = named || open.is_some();
        Ok(match open.and_then(|open| open.tokens.clone()) {
            Some(own) => (own, true),
            None => (self.tokens_of_gpt2(settings, signal).await?, is_known),
        })
    }

    /// What reads the settings' prompts for an open model.
    pub(in crate::web) async fn tokens_of_prompts(
        &self,
        open: &Open,
        settings: &Settings,
        signal: &AbortSignal,
    ) -> Result<Rc<Tokens>, Problem> {
        match &open.tokens {
            Some(own) => Ok(own.clone()),
            None => self.tokens_of_gpt2(settings, signal).await,
        }
    }

    /// The whole tokenizer of an open model.
    pub(in crate::web) async fn tokens_of(
        &self,
        open: &Open,
        signal: &AbortSignal,
    ) -> Result<Rc<Tokens>, Problem> {
        match &open.tokens {
            Some(own) => Ok(own.clone()),
            None => self.tokens(signal).await,
        }
    }

    /// GPT-2's tokenizer as far as the settings' prompts need it: for the built-in words it
    /// is part of the module, and nothing has to be fetched.
    async fn tokens_of_gpt2(&self, settings: &Settings, signal: &AbortSignal) -> Result<Rc<Tokens>, Problem> {
        let is_drawn = settings.words.is_none() && settings.text.is_none();
        if is_drawn { self.tokens_of_notebook() } else { self.tokens(signal).await }
    }

    /// What reads the built-in words.
    pub(super) fn tokens_of_notebook(&self) -> Result<Rc<Tokens>, Problem> {
        let known = self.tokens.borrow().clone().or_else(|| self.few_tokens.borrow().clone());
        if let Some(tokens) = known {
            return Ok(tokens);
        }
        let tokens = Rc::new(Tokens::of_notebook_words().map_err(Problem::bug)?);
        self.few_tokens.replace(Some(tokens.clone()));
        Ok(tokens)
    }

    /// GPT-2's whole tokenizer, which comes with the site and is fetched when it is needed.
    pub(in crate::web) async fn tokens(&self, signal: &AbortSignal) -> Result<Rc<Tokens>, Problem> {
        let known = self.tokens.borrow().clone();
        if let Some(tokens) = known {
            return Ok(tokens);
        }
        let source = HttpSource::new(self.models.site_file("data/tokenizer/merges.bin"));
        source.cancel_with(signal);
        let missing = |error| match error {
            SourceError::Cancelled => Problem::cancelled(),
            error => Problem::missing_part("The tokenizer of this page", error),
        };
        let bytes = source.text().await.map_err(missing)?;
        let unsound = |error| Problem::missing_part("The tokenizer of this page", error);
        let tokens = Rc::new(Tokens::from_packed(&bytes).map_err(unsound)?);
        self.tokens.replace(Some(tokens.clone()));
        Ok(tokens)
    }

    /// Opens a model and names it in the results.
    pub(in crate::web) async fn open(&self, id: &str, call: &Call) -> Result<Rc<Open>, Problem> {
        let started = js_sys::Date::now();
        let open = self.models.open(id, call).await?;
        let mut results = self.results.borrow_mut();
        if results.model.as_ref() != Some(&open.model_id()) {
            results.forget_model();
            // Results of a file that were here until now may be another build's.
            results.build.clone_from(&self.build);
            results.model = Some(open.model_id());
            results.timings.load = js_sys::Date::now() - started;
            drop(results);
            self.forget_runs();
        }
        Ok(open)
    }

    pub(in crate::web) async fn fetch(
        &self,
        open: &Open,
        cases: &[TokenizedPrompt],
        depth: Depth,
        call: &Call,
    ) -> Result<(), Problem> {
        self.fetch_needed(open, &study::need(cases, depth), call).await
    }

    pub(in crate::web) async fn fetch_needed(
        &self,
        open: &Open,
        need: &Need,
        call: &Call,
    ) -> Result<(), Problem> {
        self.note_load(open, call, self.models.fetch(open, need, call)).await
    }

    /// The same beside a model that runs: see [`Models::fetch_beside`].
    ///
    /// [`Models::fetch_beside`]: crate::web::models::Models::fetch_beside
    pub(super) async fn fetch_beside(
        &self,
        open: &Open,
        need: &Need,
        call: &Call,
        coming: &UnboundedSender<(Part, Vec<f32>)>,
    ) -> Result<(), Problem> {
        self.note_load(open, call, self.models.fetch_beside(open, need, call, coming)).await
    }

    /// Takes note of what a load took.
    async fn note_load(
        &self,
        open: &Open,
        call: &Call,
        load: impl Future<Output = Result<(), Problem>>,
    ) -> Result<(), Problem> {
        let started = js_sys::Date::now();
        let (network, cache) = (call.network.get(), call.cache.get());
        let fetched = load.await;
        let mut results = self.results.borrow_mut();
        results.timings.load += js_sys::Date::now() - started;
        results.bytes.network += call.network.get() - network;
        results.bytes.cache += call.cache.get() - cache;
        results.weights_checked = Some(open.checked());
        fetched
    }

    /// The un-ablated run of the kept prompts; `None` if none is kept.
    pub(in crate::web) async fn kept_baseline(
        &self,
        open: &Open,
        settings: &Settings,
        cases: &[TokenizedPrompt],
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
