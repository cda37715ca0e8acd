//! Results files, read back: what they hold is checked before any of it is shown,
//! since a file may come from anybody.

mod further;

use super::prompt_set::PromptSet;
use super::results::{Bytes, ModelId, Results, SCHEMA, Shown, Timings};
use super::{SettingProblem, Settings};
use crate::study::{Ablation, Component, Effect, Head, HeadScores, Kind, Shares};
use crate::tokens::Tokens;
use crate::weights::Config;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Schema of a file that holds settings and nothing else.
pub const SETTINGS_SCHEMA: &str = "headscope-settings/1";

/// Largest file that is read, in bytes: a pattern of GPT-2's whole context takes 25 MB.
pub const LARGEST: usize = 64 << 20;

/// Most layers, and most heads of a layer; GPT-2 XL has 48 and 25.
const MOST_HEADS: usize = 200;

/// Most ablations of one file.
const MOST_ABLATIONS: usize = 2000;

/// Why a file cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is too large to be one.
    #[error("the file has more than {} MB", LARGEST >> 20)]
    TooLarge,
    /// It is no JSON, or none that a browser can hold.
    #[error("the file is not JSON: {0}")]
    NotJson(String),
    /// It is something else.
    #[error("the file is no Headscope results file: it does not say \"schema\": \"{SCHEMA}\"")]
    OtherSchema,
    /// One of its fields cannot be right.
    #[error("the file’s {field} {wrong}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is wrong with it, as a clause.
        wrong: String,
    },
}

type Result<T> = std::result::Result<T, ImportError>;

fn bad<T>(field: &'static str, wrong: impl Into<String>) -> Result<T> {
    Err(ImportError::Field { field, wrong: wrong.into() })
}

/// Reads a results file, or a file of settings, which gives results without any.
/// Prompts are drawn again from the settings and have to be those of the file.
///
/// # Errors
///
/// [`ImportError`] names the field that cannot be right.
pub fn read(text: &str, tokens: &Tokens) -> Result<Results> {
    if text.len() > LARGEST {
        return Err(ImportError::TooLarge);
    }
    let file: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| ImportError::NotJson(error.to_string()))?;
    let schema = file.get("schema").and_then(Value::as_str);
    if schema != Some(SCHEMA) && schema != Some(SETTINGS_SCHEMA) {
        return Err(ImportError::OtherSchema);
    }
    let settings = settings_of(&file)?;
    let prompts =
        PromptSet::of(&settings, tokens).or_else(|error| bad("settings", format!("fail: {error}")))?;
    let build = file.get("build").and_then(Value::as_str).unwrap_or("an unnamed build");
    let mut results = Results { build: build.chars().take(200).collect(), ..Results::default() };
    if schema == Some(SCHEMA) {
        check_prompts(&file, &prompts)?;
        results.model = model_of(&file, &settings)?;
        let size = results.model.as_ref().map(|model| (model.config.n_layer, model.config.n_head));
        results.head_scores = head_scores_of(&file, &settings, &prompts, size)?;
        results.shown = shown_of(&file, &settings, &prompts)?;
        results.ablations = ablations_of(&file, &settings, &prompts)?;
        results.further = further::read(file.get("further"))?;
        results.timings = field::<Option<Timings>>(&file, "timings_ms")?.unwrap_or_default();
        results.bytes = field::<Option<Bytes>>(&file, "bytes")?.unwrap_or_default();
    }
    results.settings = settings;
    results.prompts = Some(prompts);
    Ok(results)
}

/// A field in its own type; one that is absent reads as null.
fn field<T: DeserializeOwned>(file: &Map<String, Value>, name: &'static str) -> Result<T> {
    let value = file.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).or_else(|error| bad(name, format!("cannot be read: {error}")))
}

fn settings_of(file: &Map<String, Value>) -> Result<Settings> {
    let Some(Value::Object(given)) = file.get("settings") else { return bad("settings", "is missing") };
    let text = |key: &'static str| match given.get(key)? {
        Value::Null => None,
        Value::String(text) => Some((key, text.clone())),
        other => Some((key, other.to_string())),
    };
    let pairs: Vec<(&str, String)> = Settings::KEYS.into_iter().filter_map(text).collect();
    let (settings, problems) = Settings::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())));
    match problems.first() {
        Some(SettingProblem { key, value, .. }) => {
            let value: String = value.chars().take(60).collect();
            bad("settings", format!("cannot be used: {key} is \"{value}\""))
        }
        None => Ok(settings),
    }
}

/// What of a prompt has to be as the settings draw it.
#[derive(Deserialize)]
struct PromptInFile {
    words: Vec<String>,
    token_ids: Vec<u32>,
    kept: bool,
}

fn check_prompts(file: &Map<String, Value>, drawn: &PromptSet) -> Result<()> {
    let prompts: Vec<PromptInFile> = field(file, "prompts")?;
    if prompts.len() != drawn.prompts.len() {
        let (found, expected) = (prompts.len(), drawn.prompts.len());
        return bad("prompts", format!("are {found}, and its settings draw {expected}"));
    }
    let differs = |(file, drawn): (&PromptInFile, &super::prompt_set::Prompt)| {
        file.words != drawn.words.words
            || file.token_ids != drawn.tokenized.ids
            || file.kept != drawn.dropped.is_none()
    };
    match prompts.iter().zip(&drawn.prompts).position(differs) {
        Some(i) => bad("prompts", format!("are not those that its settings draw: number {i} differs")),
        None => Ok(()),
    }
}

#[derive(Deserialize)]
struct ModelInFile {
    id: String,
    n_layer: usize,
    n_head: usize,
    d_model: usize,
    weights_sha256: Option<String>,
}

/// The model, by what the file says of it. Nothing else of its config is known,
/// and nothing is run with it.
fn model_of(file: &Map<String, Value>, settings: &Settings) -> Result<Option<ModelId>> {
    let Some(ModelInFile { id, n_layer, n_head, d_model, weights_sha256 }) = field(file, "model")? else {
        return Ok(None);
    };
    if id != settings.model {
        return bad("model", "is another than that of its settings");
    }
    if !(1..=MOST_HEADS).contains(&n_layer) || !(1..=MOST_HEADS).contains(&n_head) {
        return bad("model", "has no possible number of layers and heads");
    }
    if weights_sha256
        .as_ref()
        .is_some_and(|hash| hash.len() != 64 || hash.bytes().any(|b| !b.is_ascii_hexdigit()))
    {
        return bad("model", "has a weights_sha256 that is none");
    }
    let config = Config { n_layer, n_head, d_model, d_mlp: 0, n_ctx: 0, d_vocab: 0, eps: 0.0 };
    Ok(Some(ModelId { id, file: String::new(), config, weights_sha256 }))
}

#[derive(Deserialize)]
struct HeadScoresInFile {
    metric: String,
    target: String,
    chance: f64,
    per_prompt: BTreeMap<usize, Vec<Vec<f64>>>,
}

fn head_scores_of(
    file: &Map<String, Value>,
    settings: &Settings,
    prompts: &PromptSet,
    size: Option<(usize, usize)>,
) -> Result<Option<HeadScores>> {
    const NAME: &str = "head_scores";
    let Some(HeadScoresInFile { metric, target, chance, per_prompt }) = field(file, NAME)? else {
        return Ok(None);
    };
    let Some((n_layer, n_head)) = size else { return bad(NAME, "are of no model") };
    if (&metric, &target) != (&settings.metric, &settings.target) {
        return bad(NAME, "are of another metric or target than its settings");
    }
    let (sequences, per_prompt): (Vec<usize>, Vec<_>) = per_prompt.into_iter().unzip();
    check_kept(NAME, &sequences, prompts)?;
    let fits =
        |layers: &Vec<Vec<f64>>| layers.len() == n_layer && layers.iter().all(|heads| heads.len() == n_head);
    if !per_prompt.iter().all(fits) {
        return bad(NAME, format!("are not of {n_layer} layers with {n_head} heads each"));
    }
    Ok(Some(HeadScores { measure: settings.measure(), chance, sequences, per_prompt }))
}

/// Scores are of kept prompts, each once, and at least of one.
fn check_kept(name: &'static str, sequences: &[usize], prompts: &PromptSet) -> Result<()> {
    let kept = |i: &usize| prompts.prompts.get(*i).is_some_and(|prompt| prompt.dropped.is_none());
    if sequences.is_empty() || !sequences.iter().all(kept) || !sequences.is_sorted_by(|a, b| a < b) {
        return bad(name, "are not of its kept prompts, each once and in their order");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Pattern {
    head: String,
    prompt: usize,
    rows: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Breakdown {
    head: String,
    per_prompt: BTreeMap<usize, Shares>,
}

fn shown_of(file: &Map<String, Value>, settings: &Settings, prompts: &PromptSet) -> Result<Option<Shown>> {
    let Some(Pattern { head, prompt, rows }) = field(file, "patterns")? else { return Ok(None) };
    let Some(Breakdown { head: same, per_prompt: shares }) = field(file, "breakdown")? else {
        return bad("breakdown", "is missing beside the pattern");
    };
    if head != settings.head || same != head || prompt != settings.shown_prompt() {
        return bad("patterns", "are of another head or prompt than its settings");
    }
    let n = prompts.prompts.get(prompt).map_or(0, |prompt| prompt.relations.n());
    if rows.len() != n || rows.iter().any(|row| row.len() != n) {
        return bad("patterns", format!("are not of {n} rows with {n} numbers each"));
    }
    let pattern = rows.concat();
    if !pattern.iter().all(|weight| (0.0..=1.001).contains(weight)) {
        return bad("patterns", "hold a number that is no share of attention");
    }
    if let Some(i) = shares.keys().find(|i| **i >= prompts.prompts.len()) {
        return bad("breakdown", format!("has a prompt {i} that is not there"));
    }
    let head: Head = head.parse().or_else(|()| bad("patterns", "are of no head"))?;
    Ok(Some(Shown { head, prompt, pattern, shares }))
}

#[derive(Deserialize)]
struct EffectInFile {
    component: String,
    kind: String,
    head: String,
    metric: String,
    target: String,
    sequences: Vec<usize>,
    baseline: Vec<f64>,
    ablated: Vec<f64>,
    shares_before: Shares,
    shares_after: Shares,
}

fn ablations_of(file: &Map<String, Value>, settings: &Settings, prompts: &PromptSet) -> Result<Vec<Effect>> {
    const NAME: &str = "ablations";
    let effects: Option<Vec<EffectInFile>> = field(file, NAME)?;
    let effects = effects.unwrap_or_default();
    if effects.len() > MOST_ABLATIONS {
        return bad(NAME, format!("are more than {MOST_ABLATIONS}"));
    }
    let effect = |effect: EffectInFile| {
        if [&effect.head, &effect.metric, &effect.target]
            != [&settings.head, &settings.metric, &settings.target]
        {
            return bad(NAME, "are of another head, metric or target than its settings");
        }
        check_kept(NAME, &effect.sequences, prompts)?;
        let n = effect.sequences.len();
        if effect.baseline.len() != n || effect.ablated.len() != n {
            return bad(NAME, "do not have a baseline and an ablated score for each prompt");
        }
        let Some(ablation) = ablation_of(&effect.component, &effect.kind) else {
            return bad(NAME, "name a component or a kind that is none");
        };
        let EffectInFile { sequences, baseline, ablated, shares_before, shares_after, .. } = effect;
        Ok(Effect { ablation, sequences, baseline, ablated, shares_before, shares_after })
    };
    effects.into_iter().map(effect).collect()
}

/// An ablation by the names of its components and of their kinds. Each kind is
/// named once, so a component's own is the one of them that it takes; zero is last,
/// because beside another kind it is only there for what takes nothing else.
fn ablation_of(components: &str, kinds: &str) -> Option<Ablation> {
    let mut named = kinds.split('+').map(|kind| kind.parse().ok()).collect::<Option<Vec<Kind>>>()?;
    named.sort_by_key(|kind| *kind == Kind::Zero);
    let part = |name: &str| {
        let component: Component = name.parse().ok()?;
        Some((component, *named.iter().find(|kind| component.takes(**kind))?))
    };
    let parts = components.split('+').map(part).collect::<Option<Vec<_>>>()?;
    let ablation = Ablation::together(parts);
    (ablation.components() == components && ablation.kinds() == kinds).then_some(ablation)
}
