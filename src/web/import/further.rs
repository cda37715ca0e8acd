//! The shapes of what the further tools found, as the page shows it. They are read
//! only to be checked: what passes goes on as it came.
#![allow(dead_code, reason = "the fields say what has to be there, and nobody reads them here")]

use super::{Result, bad};
use crate::study::{CategoryMatrix, Shares};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks a results file's `further`, tool by tool. Tools of later versions are
/// left out.
pub(super) fn read(further: Option<&Value>) -> Result<BTreeMap<&'static str, Value>> {
    let mut found = BTreeMap::new();
    let Some(Value::Object(given)) = further else { return Ok(found) };
    for (tool, check) in CHECKS {
        let Some(value) = given.get(tool) else { continue };
        if let Err(wrong) = check(value) {
            return bad("further", format!("has {tool} that cannot be shown: {wrong}"));
        }
        found.insert(tool, value.clone());
    }
    Ok(found)
}

type Check = fn(&Value) -> std::result::Result<(), String>;

const CHECKS: [(&str, Check); 6] = [
    ("categories", |value| parse::<Categories>(value)?.check()),
    ("contrasts", |value| parse::<Contrasts>(value).map(drop)),
    ("seeds", |value| parse::<Seeds>(value).map(drop)),
    ("reading", |value| parse::<TextReading>(value)?.check()),
    ("continuation", |value| parse::<Continuation>(value).map(drop)),
    ("self_check", |value| parse::<SelfCheck>(value).map(drop)),
];

fn parse<'a, T: Deserialize<'a>>(value: &'a Value) -> std::result::Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

fn expect(holds: bool, wrong: &str) -> std::result::Result<(), String> {
    if holds { Ok(()) } else { Err(wrong.to_owned()) }
}

#[derive(Deserialize)]
struct Categories {
    head: String,
    n: usize,
    attention: CategoryMatrix,
    chance: CategoryMatrix,
}

impl Categories {
    fn check(&self) -> std::result::Result<(), String> {
        let square = |CategoryMatrix { categories, rows }: &CategoryMatrix| {
            let n = categories.len();
            rows.len() == n && rows.iter().all(|row| row.mass.len() == n && row.cell_mean.len() == n)
        };
        expect(square(&self.attention) && square(&self.chance), "its rows differ in length")
    }
}

#[derive(Deserialize)]
struct Contrasts {
    metric: String,
    target: String,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    name: String,
    prompts: usize,
    heads: Vec<HeadContrast>,
}

#[derive(Deserialize)]
struct HeadContrast {
    head: String,
    n: usize,
    score: Option<f64>,
    sd: Option<f64>,
    chance: Option<f64>,
    shares: Shares,
}

#[derive(Deserialize)]
struct Seeds {
    head: String,
    metric: String,
    target: String,
    higher_is_more: bool,
    heads: usize,
    asked: usize,
    seeds: Vec<SeedResult>,
}

#[derive(Deserialize)]
struct SeedResult {
    seed: u32,
    prompts: usize,
    score: f64,
    chance: f64,
    rank: usize,
    best: String,
    holds: bool,
    effects: Vec<AblationRow>,
}

#[derive(Deserialize)]
struct AblationRow {
    component: String,
    kind: String,
    label: String,
    sequences: Vec<usize>,
    baseline: Vec<f64>,
    ablated: Vec<f64>,
    mean_baseline: f64,
    mean_ablated: f64,
    effect: f64,
    sd: f64,
    ci: Option<[f64; 2]>,
    shares_before: Shares,
    shares_after: Shares,
}

#[derive(Deserialize)]
struct TextReading {
    prompt: usize,
    tokens: Vec<String>,
    token_ids: Vec<u32>,
    before: Reading,
    after: Option<Reading>,
    components: String,
    label: String,
    kinds: String,
}

#[derive(Deserialize)]
struct Reading {
    losses: Vec<f64>,
    next: Vec<NextToken>,
}

#[derive(Deserialize)]
struct NextToken {
    id: u32,
    text: String,
    probability: f64,
}

impl TextReading {
    fn check(&self) -> std::result::Result<(), String> {
        let losses = std::iter::once(&self.before).chain(&self.after).map(|reading| reading.losses.len());
        let mut counts = losses.chain([self.token_ids.len().saturating_sub(1)]);
        let n = self.tokens.len().saturating_sub(1);
        expect(counts.all(|count| count == n), "it does not have a loss for each token but the first")
    }
}

#[derive(Deserialize)]
struct Continuation {
    text: String,
    tokens: Vec<String>,
    token_ids: Vec<u32>,
    components: String,
    seed: f64,
    temperature: f64,
    top_p: f64,
}

#[derive(Deserialize)]
struct SelfCheck {
    model: String,
    prompts: Vec<CheckedPrompt>,
}

#[derive(Deserialize)]
struct CheckedPrompt {
    prompt: String,
    same_ids: bool,
    same_top: bool,
    logits: Option<f64>,
    attention: Option<f64>,
    attention_figures: usize,
    pattern: Option<f64>,
}
