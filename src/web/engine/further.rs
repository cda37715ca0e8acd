//! Beyond one head on one draw: category by category attention, heads and prompts
//! side by side, many seeds, the whole model on a text, and its self-check. Every
//! method takes what the page passes, a place to report progress to and a signal
//! to stop, as those of [`Engine`]'s first steps.

use super::super::choice::{all_together, seed_range};
use super::super::js::{breathe, from_js, property, to_js};
use super::super::prompt_set::PromptSet;
use super::super::{Problem, Settings};
use super::given::{label, row};
use super::{Call, Engine, Open, Step, head_of, settings_of};
use crate::model::Depth;
use crate::prompts::{Relations, WordSequence};
use crate::study::reading::{Sampler, continue_text};
use crate::study::self_check::{self, Published};
use crate::study::{self, Case, CategoryMatrix, Head, Pace, StudyError, stats};
use crate::tokens::Tokens;
use crate::weights::Config;
use serde::Deserialize;
use serde_json::{Value, json};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// The most tokens that continue a text at one click.
const MOST_NEW_TOKENS: usize = 100;

/// Most cells of one head's attention over the prompts of all seeds.
const MOST_CELLS: usize = 64 << 20;

/// Prompts of one name, to be put beside those of another.
#[derive(Deserialize)]
struct Condition {
    name: String,
    settings: Settings,
}

/// Steps of another name than the model's runs.
struct Steps<'a> {
    call: &'a Call,
    unit: &'static str,
}

impl Pace for Steps<'_> {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.call.progress(done as u64, total as u64, self.unit);
        breathe().await;
        if self.call.signal.aborted() { Err(StudyError::Cancelled) } else { Ok(()) }
    }
}

#[wasm_bindgen]
impl Engine {
    /// The host and the bytes that a further `tool` would fetch now: `text`,
    /// `seeds`, `pins`, `thumbnails`, or `check` with the published `figures`. Asks
    /// nobody.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn estimate_tool(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        match property(&args, "tool").as_string().as_deref() {
            Some("seeds") => {
                let tokens = self.tokens(&signal).await?;
                let call = Call::new(on_progress, signal);
                let draws = draws(&settings, &tokens, &Steps { call: &call, unit: "seeds" }).await?;
                let cases: Vec<Case> = draws.into_iter().flat_map(|(_, cases)| cases).collect();
                self.cost(&settings, &cases, every_pattern).await
            }
            Some("check") => {
                let cases: Vec<Case> = figures_of(&args)?.iter().map(unscored).collect();
                self.cost(&settings, &cases, |_| Depth::Logits).await
            }
            Some("thumbnails") => {
                let set = self.prompt_set(&settings, &signal).await?;
                self.cost(&settings, &[shown_case(&set, &settings)?], every_pattern).await
            }
            Some("pins") => {
                let set = self.prompt_set(&settings, &signal).await?;
                let layers = settings.pinned_heads().into_iter().map(|head| head.layer);
                let deepest = layers.max().unwrap_or(0);
                let deep = |config: &Config| Depth::Pattern(deepest.min(config.n_layer - 1));
                self.cost(&settings, &[shown_case(&set, &settings)?], deep).await
            }
            _ => {
                let set = self.prompt_set(&settings, &signal).await?;
                self.cost(&settings, &[shown_case(&set, &settings)?], |_| Depth::Logits).await
            }
        }
    }

    /// Category by category attention of the shown head over the kept prompts,
    /// with its chance level. Needs what the shown head needs.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn categories(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let head = head_of(&settings, &open.config)?;
        self.ensure(&open, &set, Step::Head, &settings, &call).await?;
        let cases = set.cases();
        let kept = self.kept_baseline(&open, &settings, &cases, head, &call).await?;
        let patterns = kept.as_ref().map_or(&[][..], |kept| &kept.baseline.pattern.patterns);
        self.keep(
            "categories",
            json!({
                "head": head.to_string(),
                "n": cases.len(),
                "attention": CategoryMatrix::of(&cases, patterns),
                "chance": CategoryMatrix::chance(&cases),
            }),
        )
    }

    /// Several `heads` on the prompts of several `conditions`, `{name, settings}`
    /// each. Heads that the model lacks are left out.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn contrast(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let conditions: Vec<Condition> = from_js(property(&args, "conditions"))?;
        let names: Vec<String> = from_js(property(&args, "heads"))?;
        let call = Call::new(on_progress, signal);
        self.prompt_set(&settings, &call.signal).await?;
        let open = self.open(&settings.model, &call).await?;
        let tokens = self.tokens(&call.signal).await?;
        let heads: Vec<Head> = names
            .iter()
            .filter(|name| super::exists(name, &open.config))
            .filter_map(|n| n.parse().ok())
            .collect();
        let last = heads.iter().map(|head| head.layer).max().unwrap_or(0);
        let mut found = Vec::new();
        for Condition { name, settings: own } in &conditions {
            let cases = PromptSet::of(own, &tokens).map_err(Problem::from)?.cases();
            self.fetch(&open, &cases, Depth::Pattern(last), &call).await?;
            call.stage("Running the model");
            let model = open.model.lock().await;
            let contrasts = if cases.is_empty() {
                Vec::new()
            } else {
                study::contrast(&model, &cases, &heads, settings.measure(), &call)
                    .await
                    .map_err(Problem::from)?
            };
            let heads = contrasts.iter().map(contrast_json).collect::<Vec<_>>();
            found.push(json!({ "name": name, "prompts": cases.len(), "heads": heads }));
        }
        self.keep(
            "contrasts",
            json!({
                "metric": settings.metric,
                "target": settings.target,
                "conditions": found,
            }),
        )
    }

    /// The detector and the notebook preset over the settings' range of seeds.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn many_seeds(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let call = Call::new(on_progress, signal);
        self.prompt_set(&settings, &call.signal).await?;
        let open = self.open(&settings.model, &call).await?;
        let head = head_of(&settings, &open.config)?;
        let steps = Steps { call: &call, unit: "seeds" };
        call.stage("Drawing the prompts");
        let draws = draws(&settings, &*self.tokens(&call.signal).await?, &steps).await?;
        let cases: Vec<Case> = draws.iter().flat_map(|(_, cases)| cases.iter().cloned()).collect();
        self.fetch(&open, &cases, every_pattern(&open.config), &call).await?;
        call.stage("Running seed by seed");
        let measure = settings.measure();
        let model = open.model.lock().await;
        let results =
            study::over_seeds(&model, &draws, head, measure, &steps).await.map_err(Problem::from)?;
        let seed = |result: &study::SeedResult| {
            json!({
                "seed": result.seed,
                "prompts": result.prompts,
                "score": result.score,
                "chance": result.chance,
                "rank": result.rank,
                "best": result.best.to_string(),
                "holds": result.holds(measure),
                "effects": result.effects.iter().map(row).collect::<Vec<_>>(),
            })
        };
        self.keep(
            "seeds",
            json!({
                "head": head.to_string(),
                "metric": settings.metric,
                "target": settings.target,
                "higher_is_more": measure.metric.higher_is_more(),
                "heads": open.config.n_layer * open.config.n_head,
                "asked": draws.len(),
                "seeds": results.iter().map(seed).collect::<Vec<_>>(),
            }),
        )
    }

    /// The whole model on the shown prompt: loss of each token and the likeliest
    /// next ones, and the same with the settings' components ablated together.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn read_text(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let call = Call::new(on_progress, signal);
        let (open, case) = self.whole_model(&settings, 0, &call).await?;
        let tokens = self.tokens(&call.signal).await?;
        let ablation = all_together(&settings, &open.config);
        call.stage("Reading the text");
        let model = open.model.lock().await;
        let plain = study::Ablation::default();
        let before = study::read(&model, &case.ids, &plain, &call).await.map_err(Problem::from)?;
        let after = if ablation == plain {
            None
        } else {
            Some(study::read(&model, &case.ids, &ablation, &call).await.map_err(Problem::from)?)
        };
        let next = |reading: &study::Reading| {
            let token =
                |&(id, p): &(u32, f64)| json!({ "id": id, "text": tokens.text_of(id), "probability": p });
            json!({ "losses": reading.losses, "next": reading.next.iter().map(token).collect::<Vec<_>>() })
        };
        self.keep(
            "reading",
            json!({
                "prompt": case.sequence,
                "tokens": case.ids.iter().map(|&id| tokens.text_of(id)).collect::<Vec<_>>(),
                "token_ids": case.ids,
                "before": next(&before),
                "after": after.as_ref().map(next),
                "components": ablation.components(),
                "label": label(&ablation),
                "kinds": ablation.kinds(),
            }),
        )
    }

    /// Goes on with the shown prompt: `{settings, tokens, seed, temperature, top_p,
    /// ablated}`, where `ablated` says whether the settings' components are missing.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn continue_text(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let number = |name: &str, default: f64| property(&args, name).as_f64().unwrap_or(default);
        let (temperature, top_p) =
            (number("temperature", 1.0).max(0.0), number("top_p", 1.0).clamp(0.0, 1.0));
        let seed = number("seed", 0.0) as u64;
        let new_tokens = (number("tokens", 20.0) as usize).clamp(1, MOST_NEW_TOKENS);
        let call = Call::new(on_progress, signal);
        let (open, case) = self.whole_model(&settings, new_tokens, &call).await?;
        let ablation = match property(&args, "ablated").is_truthy() {
            true => all_together(&settings, &open.config),
            false => study::Ablation::default(),
        };
        call.stage("Continuing the text");
        let steps = Steps { call: &call, unit: "tokens" };
        let mut sampler = Sampler::new(seed, temperature, top_p);
        let model = open.model.lock().await;
        let ids = continue_text(&model, &case.ids, &ablation, &mut sampler, new_tokens, &steps).await;
        let ids = ids.map_err(Problem::from)?;
        let tokens = self.tokens(&call.signal).await?;
        self.keep(
            "continuation",
            json!({
                "token_ids": ids,
                "tokens": ids.iter().map(|&id| tokens.text_of(id)).collect::<Vec<_>>(),
                "text": tokens.decode(&ids),
                "components": ablation.components(),
                "seed": seed,
                "temperature": temperature,
                "top_p": top_p,
            }),
        )
    }

    /// Holds the model against published `figures`, a JSON text.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn self_check(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let settings = settings_of(&args)?;
        let figures = figures_of(&args)?;
        let call = Call::new(on_progress, signal);
        let open = self.open(&settings.model, &call).await?;
        let cases: Vec<Case> = figures.iter().map(unscored).collect();
        self.fetch(&open, &cases, Depth::Logits, &call).await?;
        call.stage("Checking the published figures");
        let steps = Steps { call: &call, unit: "prompts" };
        let tokens = self.tokens(&call.signal).await?;
        let model = open.model.lock().await;
        let mut prompts = Vec::new();
        for (i, figures_of_one) in figures.iter().enumerate() {
            steps.step(i, figures.len()).await.map_err(Problem::from)?;
            let own = tokens.encode(&figures_of_one.prompt).map_err(Problem::bug)?;
            let distance = self_check::compare(&model, figures_of_one, &own[1..], &study::NoPace).await;
            prompts.push(distance_json(&distance.map_err(Problem::from)?));
        }
        self.keep("self_check", json!({ "model": settings.model, "prompts": prompts }))
    }
}

impl Engine {
    /// Keeps a result for the export under its name, and gives it to the page.
    fn keep(&self, name: &'static str, result: Value) -> Result<JsValue, JsValue> {
        let passed = to_js(&result);
        self.results.borrow_mut().further.insert(name, result);
        Ok(passed)
    }

    /// Opens the model and loads all of it for the shown prompt and some more
    /// positions after it.
    async fn whole_model(
        &self,
        settings: &Settings,
        more: usize,
        call: &Call,
    ) -> Result<(Rc<Open>, Case), Problem> {
        let set = self.prompt_set(settings, &call.signal).await?;
        let case = shown_case(&set, settings)?;
        let open = self.open(&settings.model, call).await?;
        let mut longest = case.clone();
        let end = (case.ids.len() + more).min(open.config.n_ctx).max(case.ids.len());
        longest.ids.resize(end, crate::tokens::BOS);
        self.fetch(&open, &[longest], Depth::Logits, call).await?;
        Ok((open, case))
    }
}

fn every_pattern(config: &Config) -> Depth {
    Depth::Pattern(config.n_layer - 1)
}

fn shown_case(set: &PromptSet, settings: &Settings) -> Result<Case, Problem> {
    let number = settings.shown_prompt();
    let prompt = set.prompts.get(number).ok_or_else(|| Problem::bug("There is no such prompt"))?;
    Ok(prompt.case(number))
}

/// The kept prompts of every seed of the range, drawn seed by seed at a `pace`. A
/// text is no draw.
async fn draws(
    settings: &Settings,
    tokens: &Tokens,
    pace: &impl Pace,
) -> Result<Vec<(u32, Vec<Case>)>, Problem> {
    let seeds = seed_range(&settings.seeds).map_err(Problem::bug)?;
    let total = seeds.clone().count();
    let mut cells = 0;
    let mut all = Vec::with_capacity(total);
    for seed in seeds {
        pace.step(all.len(), total).await?;
        let own = Settings { seed, text: None, ..settings.clone() };
        let cases = PromptSet::of(&own, tokens)?.cases();
        cells += cases.iter().map(|case| case.ids.len().pow(2)).sum::<usize>();
        if cells > MOST_CELLS {
            let what = format!("the prompts of more than {} seeds are too much to hold at once", all.len());
            let next = "Ask for fewer seeds, or for fewer or shorter sequences.";
            return Err(Problem::new(what, "The settings are kept.", next).about("seeds"));
        }
        all.push((seed, cases));
    }
    Ok(all)
}

fn figures_of(args: &JsValue) -> Result<Vec<Published>, Problem> {
    #[derive(Deserialize)]
    struct File {
        prompts: Vec<Published>,
    }
    let text = property(args, "figures").as_string().unwrap_or_default();
    let file: File = serde_json::from_str(&text).map_err(Problem::bug)?;
    Ok(file.prompts)
}

/// Published prompts have no words that could be scored.
fn unscored(published: &Published) -> Case {
    let nothing = WordSequence { words: Vec::new(), categories: Vec::new() };
    Case { sequence: 0, ids: published.token_ids.clone(), relations: Relations::of(&nothing) }
}

fn contrast_json(contrast: &study::Contrast) -> Value {
    let scored = !contrast.scores.is_empty();
    json!({
        "head": contrast.head.to_string(),
        "n": contrast.scores.len(),
        "score": scored.then(|| stats::mean(&contrast.scores)),
        "sd": stats::sd(&contrast.scores),
        "chance": contrast.chance,
        "shares": contrast.shares,
    })
}

fn distance_json(distance: &self_check::Distance) -> Value {
    // JSON has no infinity; null says that the shapes do not fit.
    json!({
        "prompt": distance.prompt,
        "same_ids": distance.same_ids,
        "same_top": distance.same_top,
        "logits": distance.logits,
        "attention": distance.attention,
        "attention_figures": distance.attention_figures,
        "pattern": distance.pattern,
    })
}
