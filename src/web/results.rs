//! What was computed, and the file that it is exported to.

use super::prompt_set::{Prompt, PromptSet};
use super::{Settings, link};
use crate::prompts::Relation;
use crate::study::{Effect, Head, HeadScores, Shares};
use crate::weights::Config;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Version of the results file. Readers rely on it.
pub const SCHEMA: &str = "headscope-results/1";

/// Which model computed something.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelId {
    /// As in the link.
    pub id: String,
    /// Names the file and its version.
    pub file: String,
    /// Its sizes.
    pub config: Config,
    /// SHA-256 of the whole weights file, where it is known.
    pub weights_sha256: Option<String>,
}

/// The shown head on all kept prompts, and its pattern on the shown one.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The head.
    pub head: Head,
    /// The shown prompt.
    pub prompt: usize,
    /// Its pattern there, (destination, source) row-major.
    pub pattern: Vec<f32>,
    /// Shares of every kept prompt, by its number.
    pub shares: BTreeMap<usize, Shares>,
}

/// Milliseconds that the steps took.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Timings {
    /// Fetching weights and putting them in place.
    pub load: f64,
    /// Running the model for the shown head.
    pub forward: f64,
    /// Scoring all heads.
    pub detect: f64,
    /// All ablations.
    pub ablate: f64,
}

/// Bytes of weights that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Bytes {
    /// From the network.
    pub network: u64,
    /// From this browser's cache.
    pub cache: u64,
}

/// Everything that was computed for some settings.
#[derive(Debug, Default)]
pub struct Results {
    /// Which build of the site computed it.
    pub build: String,
    /// The model.
    pub model: Option<ModelId>,
    /// The settings.
    pub settings: Settings,
    /// The prompts.
    pub prompts: Option<PromptSet>,
    /// Scores of all heads.
    pub head_scores: Option<HeadScores>,
    /// The shown head.
    pub shown: Option<Shown>,
    /// The ablations, of the shown head under the settings' measure.
    pub ablations: Vec<Effect>,
    /// What the further tools found, by their names, as the page was given it.
    pub further: BTreeMap<&'static str, Value>,
    /// How long it took.
    pub timings: Timings,
    /// What was read.
    pub bytes: Bytes,
}

impl Results {
    /// Takes new settings and forgets what they make untrue.
    pub fn adopt(&mut self, settings: &Settings) {
        let old = std::mem::replace(&mut self.settings, settings.clone());
        let same_input = old.model == settings.model && old.same_prompts(settings);
        if !old.same_prompts(settings) {
            self.prompts = None;
        }
        let changed = |keys: &[&str]| keys.iter().any(|key| old.get(key) != settings.get(key));
        let other_prompt = settings.over == "prompt" && changed(&["prompt"]);
        if !same_input || other_prompt || changed(&["metric", "target", "over"]) {
            self.head_scores = None;
        }
        if !same_input || changed(&["head", "prompt"]) {
            self.shown = None;
        }
        if !same_input || changed(&["metric", "target", "head", "kind", "ablate", "against"]) {
            self.ablations = Vec::new();
        }
        self.further.retain(|tool, _| !changed(needs_of(tool)));
    }

    /// Forgets the model and all that it computed.
    pub fn forget_model(&mut self) {
        let Self { build, settings, prompts, .. } = std::mem::take(self);
        *self = Self { build, settings, prompts, ..Self::default() };
    }

    /// The results file, schema `headscope-results/1`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let prompts = self.prompts.iter().flat_map(|set| set.prompts.iter().enumerate());
        json!({
            "schema": SCHEMA,
            "build": self.build,
            "link": link::format(&self.settings),
            "model": self.model.as_ref().map(|model| json!({
                "id": model.id,
                "n_layer": model.config.n_layer,
                "n_head": model.config.n_head,
                "d_model": model.config.d_model,
                "weights_sha256": model.weights_sha256,
            })),
            "settings": self.settings,
            "prompts": prompts.map(|(i, prompt)| prompt_json(i, prompt)).collect::<Vec<_>>(),
            "head_scores": self.head_scores.as_ref().map(|scores| json!({
                "metric": scores.measure.metric.to_string(),
                "target": scores.measure.target.to_string(),
                "chance": scores.chance,
                "mean": scores.mean(),
                "per_prompt": by_sequence(scores),
            })),
            "breakdown": self.shown.as_ref().map(|shown| json!({
                "head": shown.head.to_string(),
                "per_prompt": shown.shares,
            })),
            "patterns": self.shown.as_ref().map(|shown| json!({
                "head": shown.head.to_string(),
                "prompt": shown.prompt,
                "rows": rows(&shown.pattern),
            })),
            "ablations": self.ablations.iter().map(|effect| self.effect_json(effect)).collect::<Vec<_>>(),
            "further": self.further,
            "timings_ms": self.timings,
            "bytes": self.bytes,
        })
    }

    /// The ablations as CSV, prompt by prompt; without any, the scores of all
    /// heads; without those, the shown pattern.
    ///
    /// # Errors
    ///
    /// The csv crate's, which writing to memory does not cause.
    pub fn to_csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !self.ablations.is_empty() {
            self.write_ablations(&mut writer)?;
        } else if let Some(scores) = &self.head_scores {
            write_scores(scores, &mut writer)?;
        } else if let Some(shown) = &self.shown {
            self.write_pattern(shown, &mut writer)?;
        }
        let bytes = writer.into_inner().map_err(|e| e.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn effect_json(&self, effect: &Effect) -> Value {
        json!({
            "component": effect.ablation.components(),
            "kind": effect.ablation.kinds(),
            "head": self.settings.head,
            "metric": self.settings.metric,
            "target": self.settings.target,
            "sequences": effect.sequences,
            "baseline": effect.baseline,
            "ablated": effect.ablated,
            "shares_before": effect.shares_before,
            "shares_after": effect.shares_after,
        })
    }

    fn write_ablations(&self, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
        writer.write_record(["component", "kind", "head", "metric", "prompt", "baseline", "ablated"])?;
        let Settings { head, metric, .. } = &self.settings;
        for effect in &self.ablations {
            let (component, kind) = (effect.ablation.components(), effect.ablation.kinds());
            let pairs = effect.baseline.iter().zip(&effect.ablated);
            for (sequence, (before, after)) in effect.sequences.iter().zip(pairs) {
                writer.serialize((&component, &kind, head, metric, sequence, before, after))?;
            }
        }
        Ok(())
    }

    fn write_pattern(&self, shown: &Shown, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
        let prompt = self.prompts.as_ref().and_then(|set| set.prompts.get(shown.prompt));
        let Some(prompt) = prompt else { return Ok(()) };
        let texts = &prompt.tokenized.texts;
        writer.write_record([
            "destination",
            "destination_token",
            "source",
            "source_token",
            "relation",
            "attention",
        ])?;
        let n = prompt.relations.n();
        for q in 0..n {
            for k in 0..=q {
                let relation = relation_name(prompt.relations.get(q, k));
                writer.serialize((q, &texts[q], k, &texts[k], relation, shown.pattern[q * n + k]))?;
            }
        }
        Ok(())
    }
}

/// The settings that a further tool's result stands on, as the page has them too
/// (`DEPENDS` in www/study-state.js).
fn needs_of(tool: &str) -> &'static [&'static str] {
    match tool {
        "categories" => &["model", "seed", "n", "len", "cats", "words", "text", "head"],
        "contrasts" => &["model", "seed", "n", "len", "cats", "words", "text", "metric", "target"],
        "seeds" => &["model", "n", "len", "cats", "words", "metric", "target", "head", "seeds"],
        "self_check" => &["model"],
        _ => &["model", "seed", "n", "len", "cats", "words", "text", "prompt", "kind", "ablate"],
    }
}

/// A relation in the results' words.
#[must_use]
pub fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Masked => "masked",
        Relation::Bos => "bos",
        Relation::Itself => "self",
        Relation::SameWord => "same word",
        Relation::SameCategory => "same category",
        Relation::Other => "other",
    }
}

/// Scores by the number of their prompt.
#[must_use]
pub fn by_sequence(scores: &HeadScores) -> BTreeMap<usize, &Vec<Vec<f64>>> {
    scores.sequences.iter().copied().zip(&scores.per_prompt).collect()
}

fn prompt_json(sequence: usize, prompt: &Prompt) -> Value {
    json!({
        "sequence": sequence,
        "words": prompt.words.words,
        "categories": prompt.words.categories,
        "token_ids": prompt.tokenized.ids,
        "kept": prompt.dropped.is_none(),
        "reason": prompt.dropped,
    })
}

fn rows(pattern: &[f32]) -> Vec<&[f32]> {
    let n = pattern.len().isqrt().max(1);
    pattern.chunks(n).collect()
}

fn write_scores(scores: &HeadScores, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
    writer.write_record(["layer", "head", "metric", "prompt", "score"])?;
    let metric = scores.measure.metric.to_string();
    for (sequence, layers) in scores.sequences.iter().zip(&scores.per_prompt) {
        for (layer, heads) in layers.iter().enumerate() {
            for (head, score) in heads.iter().enumerate() {
                writer.serialize((layer, head, &metric, sequence, score))?;
            }
        }
    }
    Ok(())
}
