//! Circuits: every number that TransformerLens 2.11.0 computed for a model of random
//! weights, to 1e-4, what it lacks beside a slow, obvious twin, and what has to hold of any
//! weights.

mod forms;
mod induction;
mod score_parts;
mod steering;
mod text;
mod words;

use crate::fixtures::{Folder, RANDOM, json, notebook_cases, numbers, tokens};
use headscope::circuits::{FoldedHead, Spectrum, Word, WordsAlone, single_words, words_alone};
use headscope::model::{Depth, Gpt2};
use headscope::prompts::WordTable;
use headscope::study::{Head, TokenizedPrompt, Uninterrupted};
use headscope::tokens::BOS;
use serde_json::Value;
use std::sync::LazyLock;

/// What the numbers agree to. They have seven decimals, and single precision behind them.
const TOLERANCE: f64 = 1e-4;

/// TransformerLens' numbers.
fn reference() -> &'static Value {
    static REFERENCE: LazyLock<Value> = LazyLock::new(|| json(&format!("{RANDOM}/circuits.json")));
    &REFERENCE
}

/// The head that the reference is about.
fn head() -> Head {
    reference()["head"].as_str().unwrap().parse().unwrap()
}

/// The whole model of random weights, for prompts of any length, and the notebook's kept
/// prompts.
fn model() -> (Gpt2, Vec<TokenizedPrompt>) {
    let cases = notebook_cases();
    let folder = Folder::open(RANDOM);
    let mut long = cases[0].clone();
    long.ids = long.ids.into_iter().cycle().take(folder.config.n_ctx).collect();
    (folder.model(&[long], Depth::Logits), cases)
}

fn folded(model: &Gpt2, head: Head) -> FoldedHead {
    pollster::block_on(FoldedHead::of(model, head)).unwrap()
}

/// The notebook's words that are one token.
fn words() -> Vec<Word> {
    single_words(&WordTable::notebook(), tokens()).unwrap()
}

/// The notebook's words, each alone.
fn alone(model: &Gpt2) -> WordsAlone {
    let folded = folded(model, head());
    let spectrum = Spectrum::of(&folded).unwrap();
    pollster::block_on(words_alone(model, BOS, &words(), &folded, &spectrum, &Uninterrupted)).unwrap()
}

/// A matrix of a reference, row after row.
fn matrix(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}
