//! What was computed, and the file that it is exported to.

pub mod file;
pub mod import;
pub mod shape;

use crate::study::{AttentionBreakdown, Effect, Head, HeadScores};
use crate::tokens::Tokens;
use crate::web::Settings;
use crate::web::link::outcome::Outcome;
use crate::web::prompt_set::PromptSet;
use crate::web::tools::Tool;
use crate::weights::{Checked, Config};
use file::{Bytes, File, Timings};
use serde_json::Value;
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
    /// SHA-256 of the weights file, where all of it was hashed. This version never
    /// reads all of it; files of others may say it.
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
    /// The breakdown of every kept prompt, by its number.
    pub shares: BTreeMap<usize, AttentionBreakdown>,
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
    /// SHA-256 of the files of the tokenizer that they were read by; `None` for
    /// GPT-2's own.
    pub tokenizer: Option<String>,
    /// Scores of all heads, the shown one's under steering.
    pub head_scores: Option<HeadScores>,
    /// The same as the model has them.
    pub model_scores: Option<HeadScores>,
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
    /// How much of the loaded weights is known to be the published bytes.
    pub weights_checked: Option<Checked>,
}

impl Results {
    /// Takes new settings and forgets what they make untrue.
    pub fn adopt(&mut self, settings: &Settings) {
        let old = std::mem::replace(&mut self.settings, settings.clone());
        let is_stale = |outcome| settings.outdates(&old, outcome).is_some();
        if is_stale(Outcome::Draw) {
            self.prompts = None;
        }
        if is_stale(Outcome::Scores) {
            self.head_scores = None;
            // Steering changes the shown head's alone.
            let unsteered = Settings { alpha: old.alpha, head: old.head, ..settings.clone() };
            if unsteered.outdates(&old, Outcome::Scores).is_some() {
                self.model_scores = None;
            }
        }
        if is_stale(Outcome::Pattern) {
            self.shown = None;
        }
        if is_stale(Outcome::Ablations) {
            self.ablations = Vec::new();
        }
        for tool in Tool::ALL {
            if is_stale(Outcome::Tool(*tool)) {
                self.further.remove(tool.name());
            }
        }
    }

    /// Forgets the model and all that it computed.
    pub fn forget_model(&mut self) {
        let Self { build, settings, prompts, tokenizer, .. } = std::mem::take(self);
        *self = Self { build, settings, prompts, tokenizer, ..Self::default() };
    }

    /// Whether there are prompts of the settings, read by this tokenizer.
    #[must_use]
    pub fn has_prompts_of(&self, tokens: &Tokens) -> bool {
        self.prompts.is_some() && self.tokenizer.as_deref() == tokens.sha256()
    }

    /// Takes the settings' prompts, read by a tokenizer. What was computed of those
    /// of another goes.
    pub fn take_prompts(&mut self, prompts: PromptSet, tokens: &Tokens) {
        if self.tokenizer.as_deref() != tokens.sha256() {
            self.head_scores = None;
            self.model_scores = None;
            self.shown = None;
            self.ablations = Vec::new();
            self.further.clear();
        }
        self.prompts = Some(prompts);
        self.tokenizer = tokens.sha256().map(str::to_owned);
    }

    /// The results file, schema `headscope-results/1`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // All of a file is plain data, which always has a form in JSON.
        serde_json::to_value(File::of(self)).unwrap_or_default()
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
                let relation = prompt.relations.get(q, k).name();
                writer.serialize((q, &texts[q], k, &texts[k], relation, shown.pattern[q * n + k]))?;
            }
        }
        Ok(())
    }
}

/// Scores by the number of their prompt.
#[must_use]
pub fn by_sequence(scores: &HeadScores) -> BTreeMap<usize, Vec<Vec<f64>>> {
    let mut found = BTreeMap::new();
    for (sequence, layers) in scores.sequences.iter().zip(&scores.per_prompt) {
        // One by one: to collect would bring a sort of its own into the first load.
        found.insert(*sequence, layers.clone());
    }
    found
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
