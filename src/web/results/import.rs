//! Results files, read back: what they hold is checked before any of it is shown,
//! since a file may come from anybody.

mod prompts;

use crate::model::kernels::tiling::Tiling;
use crate::study::{Ablation, AblationKind, AttentionBreakdown, Component, Effect, HeadScores};
use crate::tokens::Tokens;
use crate::web::link::model_address;
use crate::web::prompt_set::PromptSet;
use crate::web::results::file::{self, Bytes, Tilings, Timings};
use crate::web::results::shape::{Shape, Shaped, count, list, number, numbers, text};
use crate::web::results::{ModelId, Results, SCHEMA, Shown};
use crate::web::tools::Tool;
use crate::web::{SettingProblem, Settings};
use crate::weights::{Checked, Config};
use serde_json::Value;
use std::collections::BTreeMap;

/// Schema of a file that holds settings and nothing else.
pub const SETTINGS_SCHEMA: &str = "headscope-settings/1";

/// Most layers, and most heads of a layer; GPT-2 XL has 48 and 25.
const MOST_HEADS: usize = 200;

/// Most ablations of one file.
const MOST_ABLATIONS: usize = 2000;

/// Times, of which a file may leave some out.
const TIMINGS: &Shape = &Shape::Fields(&[
    ("load", &Shape::Maybe(&Shape::Number)),
    ("forward", &Shape::Maybe(&Shape::Number)),
    ("detect", &Shape::Maybe(&Shape::Number)),
    ("ablate", &Shape::Maybe(&Shape::Number)),
    ("tiling", &Shape::Maybe(&Shape::Map(&Shape::Maybe(&Shape::Text)))),
]);
/// The same of bytes.
const BYTES: &Shape =
    &Shape::Fields(&[("network", &Shape::Maybe(&Shape::Count)), ("cache", &Shape::Maybe(&Shape::Count))]);

/// Why a file cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
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
pub fn read(file: &Value, tokens: &Tokens) -> Result<Results> {
    let schema = file["schema"].as_str();
    if schema != Some(SCHEMA) && schema != Some(SETTINGS_SCHEMA) {
        return Err(ImportError::OtherSchema);
    }
    let mut settings = settings_of(file)?;
    if prompts::texts(file, &settings, tokens).len() == 1 && settings.texts().len() > 1 {
        settings.prompt = 0;
    }
    let prompts = prompts::read(file, &settings, tokens)?;
    let build = file["build"].as_str().unwrap_or("an unnamed build");
    let mut results = Results { build: build.chars().take(200).collect(), ..Results::default() };
    if schema == Some(SCHEMA) {
        prompts::check(file, &settings, &prompts)?;
        results.tokenizer = tokenizer_of(file)?;
        results.model = model_of(file, &settings)?;
        results.weights_checked = checked_of(file)?;
        let size = results.model.as_ref().map(|model| (model.config.n_layer, model.config.n_head));
        results.head_scores = head_scores_of(file, &settings, &prompts, size)?;
        results.shown = shown_of(file, &settings, &prompts)?;
        results.ablations = ablations_of(file, &settings, &prompts)?;
        results.further = further_of(&file["further"])?;
        let took = field(file, "timings_ms", TIMINGS)?.unwrap_or(&Value::Null);
        let [load, forward, detect, ablate] =
            ["load", "forward", "detect", "ablate"].map(|step| number(&took[step]));
        let [few, many] = ["few", "many"].map(|rows| took["tiling"][rows].as_str().and_then(Tiling::named));
        let tiling = Tilings { few: few.map(Tiling::name), many: many.map(Tiling::name) };
        results.timings = Timings { load, forward, detect, ablate, tiling };
        let read = field(file, "bytes", BYTES)?.unwrap_or(&Value::Null);
        let [network, cache] = ["network", "cache"].map(|from| count(&read[from]) as u64);
        results.bytes = Bytes { network, cache };
    }
    results.settings = settings;
    results.prompts = Some(prompts);
    Ok(results)
}

/// A field of this shape; nothing where it is absent or null.
fn field<'a>(file: &'a Value, name: &'static str, shape: &Shape) -> Result<Option<&'a Value>> {
    let value = &file[name];
    if value.is_null() {
        return Ok(None);
    }
    shape.check(value).or_else(|wrong| bad(name, format!("cannot be read: {wrong}")))?;
    Ok(Some(value))
}

fn shares(value: &Value) -> AttentionBreakdown {
    let [same_category, same_word, itself, bos, other] =
        ["same_category", "same_word", "self", "bos", "other"].map(|part| number(&value[part]));
    AttentionBreakdown { same_category, same_word, itself, bos, other }
}

/// The values of a checked map by the numbers of their prompts; nothing if a key is
/// no number as it is written, of which there could be two for one prompt.
fn by_prompt(map: &Value) -> Option<BTreeMap<usize, &Value>> {
    let mut found = BTreeMap::new();
    for (key, value) in map.as_object()? {
        let number: usize = key.parse().ok()?;
        if number.to_string() != *key {
            return None;
        }
        // One by one: to collect would bring a sort of its own into the first load.
        found.insert(number, value);
    }
    Some(found)
}

/// What was found under steering is shown as that of its settings, and has to be.
fn check_alpha(field: &'static str, value: &Value, settings: &Settings) -> Result<()> {
    let alpha = &value["alpha"];
    if !alpha.is_null() && alpha.as_f64() != Some(settings.alpha.factor()) {
        return bad(field, "are of another steering than its settings");
    }
    Ok(())
}

fn settings_of(file: &Value) -> Result<Settings> {
    let Some(given) = file["settings"].as_object() else { return bad("settings", "are missing") };
    let (settings, problems) = Settings::from_json(given);
    match problems.first() {
        Some(SettingProblem { key, value, .. }) => {
            let value: String = value.chars().take(60).collect();
            bad("settings", format!("cannot be used: {key} is \"{value}\""))
        }
        None => Ok(settings),
    }
}

/// The hash of the model's own tokenizer.
fn tokenizer_of(file: &Value) -> Result<Option<String>> {
    let hash = file["model"]["tokenizer_sha256"].as_str();
    if hash.is_some_and(|hash| hash.len() != 64 || hash.bytes().any(|b| !b.is_ascii_hexdigit())) {
        return bad("model", "has a tokenizer_sha256 that is none");
    }
    Ok(hash.map(str::to_owned))
}

/// The model, by what the file says of it. Nothing else of its config is known,
/// and nothing is run with it.
fn model_of(file: &Value, settings: &Settings) -> Result<Option<ModelId>> {
    let Some(model) = field(file, "model", file::Model::SHAPE)? else { return Ok(None) };
    let [n_layer, n_head, d_model] = ["n_layer", "n_head", "d_model"].map(|size| count(&model[size]));
    // A file may name the model in a form that is no longer kept.
    if model_address::canonical(text(&model["id"])).as_deref() != Ok(&settings.model) {
        return bad("model", "is another than that of its settings");
    }
    if !(1..=MOST_HEADS).contains(&n_layer) || !(1..=MOST_HEADS).contains(&n_head) {
        return bad("model", "has no possible number of layers and heads");
    }
    let weights_sha256 = model["weights_sha256"].as_str();
    if weights_sha256.is_some_and(|hash| hash.len() != 64 || hash.bytes().any(|b| !b.is_ascii_hexdigit())) {
        return bad("model", "has a weights_sha256 that is none");
    }
    let config = Config { n_layer, n_head, d_model, ..Config::default() };
    let weights_sha256 = weights_sha256.map(str::to_owned);
    Ok(Some(ModelId { id: settings.model.clone(), file: String::new(), config, weights_sha256 }))
}

/// How much of the weights was checked, which is less than all of what was read.
fn checked_of(file: &Value) -> Result<Option<Checked>> {
    let checked = &file["model"]["weights_checked"];
    if checked.is_null() {
        return Ok(None);
    }
    let [hashed_bytes, of] = ["hashed_bytes", "of"].map(|field| count(&checked[field]) as u64);
    if hashed_bytes > of {
        return bad("model", "has more weights_checked than there were");
    }
    Ok(Some(Checked { hashed_bytes, of }))
}

fn head_scores_of(
    file: &Value,
    settings: &Settings,
    prompts: &PromptSet,
    size: Option<(usize, usize)>,
) -> Result<Option<HeadScores>> {
    const NAME: &str = "head_scores";
    let Some(scores) = field(file, NAME, file::HeadScores::SHAPE)? else { return Ok(None) };
    let Some((n_layer, n_head)) = size else { return bad(NAME, "are of no model") };
    if scores["metric"] != settings.metric.to_string() || scores["target"] != settings.target.to_string() {
        return bad(NAME, "are of another metric or target than its settings");
    }
    check_alpha(NAME, scores, settings)?;
    let per_prompt = by_prompt(&scores["per_prompt"]).unwrap_or_default();
    let sequences: Vec<usize> = per_prompt.keys().copied().collect();
    check_kept(NAME, &sequences, prompts)?;
    let layers = |layers: &Value| list(layers).iter().map(numbers).collect();
    let per_prompt: Vec<Vec<Vec<f64>>> = per_prompt.into_values().map(layers).collect();
    let fits =
        |layers: &Vec<Vec<f64>>| layers.len() == n_layer && layers.iter().all(|heads| heads.len() == n_head);
    if !per_prompt.iter().all(fits) {
        return bad(NAME, format!("are not of {n_layer} layers with {n_head} heads each"));
    }
    let chance = number(&scores["chance"]);
    let found = HeadScores { measure: settings.measure(), chance, sequences, per_prompt };
    let near = |(told, mean): (&Value, &f64)| (number(told) - mean).abs() <= 1e-9 * mean.abs().max(1.0);
    let told = list(&scores["mean"]);
    let is_mean = |(told, means): (&Value, &Vec<f64>)| {
        list(told).len() == means.len() && list(told).iter().zip(means).all(near)
    };
    if told.len() != n_layer || !told.iter().zip(&found.mean()).all(is_mean) {
        return bad(NAME, "have a mean that is none of its prompts’ scores");
    }
    Ok(Some(found))
}

/// Scores are of kept prompts, each once, and at least of one.
fn check_kept(name: &'static str, sequences: &[usize], prompts: &PromptSet) -> Result<()> {
    let kept = |i: &usize| prompts.prompts.get(*i).is_some_and(|prompt| prompt.dropped.is_none());
    if sequences.is_empty() || !sequences.iter().all(kept) || !sequences.is_sorted_by(|a, b| a < b) {
        return bad(name, "are not of its kept prompts, each once and in their order");
    }
    Ok(())
}

fn shown_of(file: &Value, settings: &Settings, prompts: &PromptSet) -> Result<Option<Shown>> {
    let (pattern, breakdown) = match (
        field(file, "patterns", file::Pattern::SHAPE)?,
        field(file, "breakdown", file::Breakdown::SHAPE)?,
    ) {
        (Some(pattern), Some(breakdown)) => (pattern, breakdown),
        (None, None) => return Ok(None),
        (Some(_), None) => return bad("breakdown", "is missing beside the pattern"),
        (None, Some(_)) => return bad("patterns", "are missing beside the breakdown"),
    };
    check_alpha("patterns", pattern, settings)?;
    check_alpha("breakdown", breakdown, settings)?;
    let number_shown = settings.shown_prompt();
    let head = settings.head.to_string();
    if pattern["head"] != head || breakdown["head"] != head || count(&pattern["prompt"]) != number_shown {
        return bad("patterns", "are of another head or prompt than its settings");
    }
    let n = prompts.prompts.get(number_shown).map_or(0, |prompt| prompt.relations.n());
    let rows = list(&pattern["rows"]);
    if rows.len() != n || rows.iter().any(|row| list(row).len() != n) {
        return bad("patterns", format!("are not of {n} rows with {n} numbers each"));
    }
    let pattern: Vec<f32> = rows.iter().flat_map(list).map(|weight| number(weight) as f32).collect();
    if !pattern.iter().all(|weight| (0.0..=1.001).contains(weight)) {
        return bad("patterns", "hold a number that is no share of attention");
    }
    let per_prompt = by_prompt(&breakdown["per_prompt"]);
    let Some(per_prompt) = per_prompt.filter(|shares| shares.keys().all(|i| *i < prompts.prompts.len()))
    else {
        return bad("breakdown", "has a prompt that is not there");
    };
    let mut shown = Shown { head: settings.head, prompt: number_shown, pattern, shares: BTreeMap::new() };
    for (i, of_one) in per_prompt {
        shown.shares.insert(i, shares(of_one));
    }
    Ok(Some(shown))
}

fn ablations_of(file: &Value, settings: &Settings, prompts: &PromptSet) -> Result<Vec<Effect>> {
    const NAME: &str = "ablations";
    let effects = field(file, NAME, Vec::<file::Ablation>::SHAPE)?.map_or(&[][..], list);
    if effects.len() > MOST_ABLATIONS {
        return bad(NAME, format!("are more than {MOST_ABLATIONS}"));
    }
    let effect = |effect: &Value| {
        let Settings { head, metric, target, .. } = settings;
        if effect["head"] != head.to_string()
            || effect["metric"] != metric.to_string()
            || effect["target"] != target.to_string()
        {
            return bad(NAME, "are of another head, metric or target than its settings");
        }
        let sequences: Vec<usize> = list(&effect["sequences"]).iter().map(count).collect();
        check_kept(NAME, &sequences, prompts)?;
        let (baseline, ablated) = (numbers(&effect["baseline"]), numbers(&effect["ablated"]));
        if baseline.len() != sequences.len() || ablated.len() != sequences.len() {
            return bad(NAME, "do not have a baseline and an ablated score for each prompt");
        }
        let Some(ablation) = ablation_of(text(&effect["component"]), text(&effect["kind"])) else {
            return bad(NAME, "name a component or a kind that is none");
        };
        let (shares_before, shares_after) =
            (shares(&effect["shares_before"]), shares(&effect["shares_after"]));
        Ok(Effect { ablation, sequences, baseline, ablated, shares_before, shares_after })
    };
    effects.iter().map(effect).collect()
}

/// An ablation by the names of its components and of their kinds. Each kind is
/// named once, so a component's own is the one of them that it takes; zero only
/// where there is no other, because beside another kind it is there for what takes
/// nothing else.
fn ablation_of(components: &str, kinds: &str) -> Option<Ablation> {
    let named = kinds.split('+').map(|kind| kind.parse().ok()).collect::<Option<Vec<AblationKind>>>()?;
    let part = |name: &str| {
        let component: Component = name.parse().ok()?;
        let taken = |kind: &&AblationKind| component.takes(**kind);
        let other = named.iter().filter(|kind| **kind != AblationKind::Zero).find(taken);
        Some((component, *other.or_else(|| named.iter().find(taken))?))
    };
    let parts = components.split('+').map(part).collect::<Option<Vec<_>>>()?;
    let ablation = Ablation::together(parts);
    (ablation.components() == components && ablation.kinds() == kinds).then_some(ablation)
}

/// What the tools found: checked, it goes on as it came. Tools of later versions are left
/// out.
fn further_of(further: &Value) -> Result<BTreeMap<&'static str, Value>> {
    if !(further.is_null() || further.is_object()) {
        return bad("further", "is not an object");
    }
    let mut found = BTreeMap::new();
    for tool in Tool::ALL {
        let Some(in_files) = tool.in_files() else { continue };
        let names = [Some(tool.name()), in_files.once];
        let Some(value) = names.into_iter().flatten().find_map(|name| further.get(name)) else { continue };
        if let Err(wrong) = in_files.shape.check(value) {
            return bad("further", format!("has {} that cannot be shown: {wrong}", tool.name()));
        }
        if !(in_files.fits)(value) {
            return bad("further", format!("has {} whose lists differ in length", tool.name()));
        }
        found.insert(tool.name(), value.clone());
    }
    Ok(found)
}
