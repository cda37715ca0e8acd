//! The results file as it is written, and by the shape of these types as it is read back
//! ([`super::import`]). What the tools found has its types beside each of them
//! ([`crate::web::tools`]).

use super::{ModelId, Results, SCHEMA, Shown, by_sequence};
use crate::model::kernels::tiling::{self, Tiling};
use crate::study::{AttentionBreakdown, Effect, Head, Metric, Target};
use crate::web::results::shape::wire;
use crate::web::{Settings, link, prompt_set};
use crate::weights::Checked;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A results file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct File<'a> {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Which build of the page computed it.
    pub build: &'a str,
    /// What stands after `#` in the link that gives it again.
    pub link: String,
    /// The model, if one was opened.
    pub model: Option<Model>,
    /// As in the link, defaults filled in.
    pub settings: &'a Settings,
    /// What the rows of the word table are called.
    pub categories: Option<&'a [String]>,
    /// In the order of the draw.
    pub prompts: Vec<Prompt>,
    /// Scores of all heads.
    pub head_scores: Option<HeadScores>,
    /// Where the shown head's attention goes.
    pub breakdown: Option<Breakdown>,
    /// Its pattern on the shown prompt.
    pub patterns: Option<Pattern>,
    /// Its ablations.
    pub ablations: Vec<Ablation>,
    /// What the tools found, by their names.
    pub further: &'a BTreeMap<&'static str, Value>,
    /// How long it took.
    pub timings_ms: Timings,
    /// What was read of weights.
    pub bytes: Bytes,
}

wire! {
    /// The model that computed a file.
    pub struct Model {
        /// As in the link.
        pub id: String,
        /// Layers.
        pub n_layer: usize,
        /// Heads of each.
        pub n_head: usize,
        /// Width of the residual stream.
        pub d_model: usize,
        /// Of the files of the model's own tokenizer; null for GPT-2's.
        pub tokenizer_sha256: Option<String>,
        /// Of the whole file of weights, where all of it was hashed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub weights_sha256: Option<String>,
        /// How much of what was read is known to be the published bytes.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub weights_checked: Option<Checked>,
    }

    /// One prompt.
    pub struct Prompt {
        /// Its number, from 0, as drawn.
        pub sequence: usize,
        /// Its words.
        pub words: Vec<String>,
        /// Their rows of the word table.
        pub categories: Vec<Option<usize>>,
        /// Beginning-of-text first.
        pub token_ids: Vec<u32>,
        /// Whether it is scored.
        pub kept: bool,
        /// Why it is not.
        pub reason: Option<String>,
        /// Its tokens, if they are not GPT-2's, which every reader has.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tokens: Option<Vec<String>>,
        /// The word of each of those.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub word_of: Option<Vec<Option<usize>>>,
    }

    /// Scores of all heads.
    pub struct HeadScores {
        /// What was measured.
        pub metric: Metric,
        /// Attention on what.
        pub target: Target,
        /// The chance level.
        pub chance: f64,
        /// (layer, head).
        pub mean: Vec<Vec<f64>>,
        /// The same by the number of the prompt.
        pub per_prompt: BTreeMap<usize, Vec<Vec<f64>>>,
        /// Under which steering the shown head's are; absent in files of before.
        pub alpha: Option<f64>,
    }

    /// Where one head's attention goes.
    pub struct Breakdown {
        /// The head.
        pub head: Head,
        /// By the number of the prompt.
        pub per_prompt: BTreeMap<usize, AttentionBreakdown>,
        /// Under which steering; absent in files of before.
        pub alpha: Option<f64>,
    }

    /// One head on one prompt.
    pub struct Pattern {
        /// The head.
        pub head: Head,
        /// The number of the prompt.
        pub prompt: usize,
        /// (destination, source).
        pub rows: Vec<Vec<f32>>,
        /// Under which steering; absent in files of before.
        pub alpha: Option<f64>,
    }

    /// What an ablation does to one head.
    pub struct Ablation {
        /// What was ablated, joined by `+`.
        pub component: String,
        /// By what it was replaced, joined by `+`.
        pub kind: String,
        /// The head.
        pub head: Head,
        /// What was measured.
        pub metric: Metric,
        /// Attention on what.
        pub target: Target,
        /// Numbers of the scored prompts.
        pub sequences: Vec<usize>,
        /// Their scores without the ablation.
        pub baseline: Vec<f64>,
        /// And with it.
        pub ablated: Vec<f64>,
        /// Where the attention goes without it.
        pub shares_before: AttentionBreakdown,
        /// And with it.
        pub shares_after: AttentionBreakdown,
    }
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
    /// How the thread that computed goes over a product; absent where that is not known.
    #[serde(skip_serializing_if = "Tilings::is_unknown")]
    pub tiling: Tilings,
}

/// The tilings that a thread chose for few and for many rows ([`tiling`]); null where it
/// has not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tilings {
    /// For few rows: one prompt.
    pub few: Option<&'static str>,
    /// For many rows: all kept prompts.
    pub many: Option<&'static str>,
}

impl Tilings {
    /// What this thread chose.
    #[must_use]
    pub fn chosen() -> Self {
        let [few, many] = tiling::chosen().map(|chosen| chosen.map(Tiling::name));
        Self { few, many }
    }

    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// Bytes of weights that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bytes {
    /// From the network.
    pub network: u64,
    /// From this browser's cache.
    pub cache: u64,
}

impl<'a> File<'a> {
    /// The file of what was computed.
    #[must_use]
    pub fn of(results: &'a Results) -> Self {
        let set = results.prompts.as_ref();
        let shown = results.shown.as_ref();
        let is_own = results.tokenizer.is_some();
        let alpha = Some(results.settings.alpha.factor());
        let prompts = set.map_or(&[][..], |set| &set.prompts).iter().enumerate();
        Self {
            schema: SCHEMA,
            build: &results.build,
            link: link::format(&results.settings),
            model: results.model.as_ref().map(|model| Model::of(model, results)),
            settings: &results.settings,
            categories: set.map(|set| set.categories.as_slice()),
            prompts: prompts.map(|(i, prompt)| Prompt::of(i, prompt, is_own)).collect(),
            head_scores: results.head_scores.as_ref().map(|scores| HeadScores::of(scores, alpha)),
            breakdown: shown.map(|shown| Breakdown {
                head: shown.head,
                per_prompt: shown.shares.clone(),
                alpha,
            }),
            patterns: shown.map(|shown| Pattern::of(shown, alpha)),
            ablations: results
                .ablations
                .iter()
                .map(|effect| Ablation::of(effect, &results.settings))
                .collect(),
            further: &results.further,
            timings_ms: results.timings,
            bytes: results.bytes,
        }
    }
}

impl Model {
    fn of(model: &ModelId, results: &Results) -> Self {
        Self {
            id: model.id.clone(),
            n_layer: model.config.n_layer,
            n_head: model.config.n_head,
            d_model: model.config.d_model,
            tokenizer_sha256: results.tokenizer.clone(),
            weights_sha256: model.weights_sha256.clone(),
            weights_checked: results.weights_checked,
        }
    }
}

impl Prompt {
    fn of(sequence: usize, prompt: &prompt_set::Prompt, is_own: bool) -> Self {
        let tokenized = &prompt.tokenized;
        Self {
            sequence,
            words: prompt.words.words.clone(),
            categories: prompt.words.categories.clone(),
            token_ids: tokenized.ids.clone(),
            kept: prompt.dropped.is_none(),
            reason: prompt.dropped.clone(),
            tokens: is_own.then(|| tokenized.texts.clone()),
            word_of: is_own.then(|| tokenized.word_of.clone()),
        }
    }
}

impl HeadScores {
    fn of(scores: &crate::study::HeadScores, alpha: Option<f64>) -> Self {
        Self {
            metric: scores.measure.metric,
            target: scores.measure.target.clone(),
            chance: scores.chance,
            mean: scores.mean(),
            per_prompt: by_sequence(scores),
            alpha,
        }
    }
}

impl Pattern {
    fn of(shown: &Shown, alpha: Option<f64>) -> Self {
        let n = shown.pattern.len().isqrt().max(1);
        let rows = shown.pattern.chunks(n).map(<[f32]>::to_vec).collect();
        Self { head: shown.head, prompt: shown.prompt, rows, alpha }
    }
}

impl Ablation {
    fn of(effect: &Effect, settings: &Settings) -> Self {
        Self {
            component: effect.ablation.components(),
            kind: effect.ablation.kinds(),
            head: settings.head,
            metric: settings.metric,
            target: settings.target.clone(),
            sequences: effect.sequences.clone(),
            baseline: effect.baseline.clone(),
            ablated: effect.ablated.clone(),
            shares_before: effect.shares_before,
            shares_after: effect.shares_after,
        }
    }
}
