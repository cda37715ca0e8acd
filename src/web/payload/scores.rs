//! A head's pattern, the scores of all heads, and ablations.

use crate::study::{
    Ablation, AttentionBreakdown, Component, Effect, Head, KindChoice, Metric, Target, TokenizedPrompt, stats,
};
use crate::web::link::settings::Over;
use crate::web::results::shape::wire;
use crate::web::results::{Shown, by_sequence};
use crate::web::{Settings, prompt_set};
use serde::Serialize;
use std::collections::BTreeMap;

/// The shown head's pattern on the shown prompt. Its numbers go to the page as arrays.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PatternResult {
    /// The head.
    pub head: Head,
    /// The prompt.
    pub prompt: usize,
    /// How many tokens it has.
    pub n: usize,
    /// They themselves.
    pub tokens: Vec<String>,
    /// The head's score there. A dropped prompt is part of no score.
    pub score: Option<f64>,
    /// The chance level there.
    pub chance: Option<f64>,
    /// Where its attention goes.
    pub shares: AttentionBreakdown,
    /// Whether any prompt has what heads are scored for.
    pub scorable: bool,
    /// (destination, source) row-major.
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(type = "Float32Array"))]
    pub pattern: Vec<f32>,
    /// What each source is to each destination: a place in the catalogue's list.
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(type = "Uint8Array"))]
    pub relations: Vec<u8>,
}

impl PatternResult {
    /// As the page is given it.
    #[must_use]
    pub fn of(
        shown: &Shown,
        prompt: &prompt_set::Prompt,
        settings: &Settings,
        set: &prompt_set::PromptSet,
    ) -> Self {
        let measure = settings.measure();
        let Shown { head, prompt: number, pattern, .. } = shown;
        let (relations, kept) = (&prompt.relations, prompt.dropped.is_none());
        Self {
            head: *head,
            prompt: *number,
            n: relations.n(),
            tokens: prompt.tokenized.texts.clone(),
            score: kept.then(|| measure.score(pattern, relations)).flatten(),
            chance: measure.chance(relations),
            shares: AttentionBreakdown::of(pattern, relations),
            scorable: can_be_scored(settings, set),
            pattern: pattern.clone(),
            relations: relations.cells().iter().map(|&relation| relation as u8).collect(),
        }
    }
}

/// Scores of all heads, the best one and the shown one's rank among them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HeadScores {
    /// What was measured.
    pub metric: Metric,
    /// Attention on what.
    pub target: Target,
    /// The chance level.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub chance: f64,
    /// Whether a higher score means more attention.
    pub higher_is_more: bool,
    /// Mean over the prompts, (layer, head).
    #[cfg_attr(test, ts(type = "(number | null)[][]"))]
    pub mean: Vec<Vec<f64>>,
    /// Their standard deviation; nothing for one prompt.
    pub sd: Vec<Vec<Option<f64>>>,
    /// (layer, head) by the number of the prompt.
    #[cfg_attr(test, ts(type = "Record<string, (number | null)[][]>"))]
    pub per_prompt: BTreeMap<usize, Vec<Vec<f64>>>,
    /// The head with the most of the target.
    pub best: Best,
    /// The place of the shown head; nothing of one that the model lacks.
    pub rank_of_shown: Option<usize>,
    /// How many prompts were scored.
    pub n: usize,
    /// Those that could not be.
    pub skipped: Vec<Skipped>,
}

/// A head and its score.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Best {
    /// Its layer.
    pub layer: usize,
    /// Its place in the layer.
    pub head: usize,
    /// Its mean score.
    pub score: f64,
}

/// A prompt without a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Skipped {
    /// Its number.
    pub sequence: usize,
    /// Why it has none, as a clause.
    pub reason: &'static str,
}

impl HeadScores {
    /// As the page is given it.
    #[must_use]
    pub fn of(scores: &crate::study::HeadScores, settings: &Settings, set: &prompt_set::PromptSet) -> Self {
        let ranking = scores.ranking();
        let best = |(head, score): &(Head, f64)| Best { layer: head.layer, head: head.head, score: *score };
        let mut skipped = scored_cases(settings, set);
        skipped.retain(|case| !scores.sequences.contains(&case.sequence));
        let no_pair = "it holds nothing of what is scored";
        Self {
            metric: settings.metric,
            target: settings.target.clone(),
            chance: scores.chance,
            higher_is_more: scores.measure.metric.higher_is_more(),
            mean: scores.mean(),
            sd: scores.sd(),
            per_prompt: by_sequence(scores),
            best: ranking.first().map(best).unwrap_or_default(),
            rank_of_shown: ranking.iter().position(|(head, _)| *head == settings.head).map(|i| i + 1),
            n: scores.sequences.len(),
            skipped: skipped
                .iter()
                .map(|case| Skipped { sequence: case.sequence, reason: no_pair })
                .collect(),
        }
    }
}

/// Whether any prompt has what heads are scored for, so that one is better than another.
#[must_use]
pub fn can_be_scored(settings: &Settings, set: &prompt_set::PromptSet) -> bool {
    let measure = settings.measure();
    let scorable = |case: &TokenizedPrompt| measure.chance(&case.relations).is_some();
    scored_cases(settings, set).iter().any(scorable)
}

/// The prompts that the scorer runs: all that are kept, or the shown one of them.
#[must_use]
pub fn scored_cases(settings: &Settings, set: &prompt_set::PromptSet) -> Vec<TokenizedPrompt> {
    let mut cases = set.cases();
    if settings.scored_over() == Over::Prompt {
        cases.retain(|case| case.sequence == settings.shown_prompt());
    }
    cases
}

/// What is known of the scores already: the heads of finished layers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PartialScores {
    /// (layer, head).
    pub mean: Vec<Vec<f64>>,
    /// The chance level.
    pub chance: f64,
}

/// The ablations of the shown head.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ablations {
    /// The head.
    pub head: Head,
    /// What was measured.
    pub metric: Metric,
    /// Attention on what.
    pub target: Target,
    /// The chance level.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub chance: f64,
    /// Whether a higher score means more attention.
    pub higher_is_more: bool,
    /// What was put in place of what was ablated.
    pub kind: KindChoice,
    /// The second kind, beside the first.
    pub against: Option<KindChoice>,
    /// How many prompts were scored.
    pub n: usize,
    /// One for each ablation.
    pub rows: Vec<AblationRow>,
    /// Their p-values, each by a sign-flip test, after Holm's correction for all of them.
    pub adjusted: Vec<f64>,
}

wire! {
    /// An effect as the page shows it.
    pub struct AblationRow {
        /// What was ablated, joined by `+`.
        pub component: String,
        /// By what it was replaced, joined by `+`.
        pub kind: String,
        /// The components in words.
        pub label: String,
        /// Numbers of the scored prompts.
        pub sequences: Vec<usize>,
        /// Their scores without the ablation.
        pub baseline: Vec<f64>,
        /// And with it.
        pub ablated: Vec<f64>,
        /// Mean of the scores without it.
        pub mean_baseline: f64,
        /// And with it.
        pub mean_ablated: f64,
        /// Mean of the differences.
        pub effect: f64,
        /// Their standard deviation; nothing for one prompt, as the interval.
        pub sd: Option<f64>,
        /// Bootstrap 95 % interval of their mean.
        pub ci: Option<(f64, f64)>,
        /// Where the attention goes without the ablation.
        pub shares_before: AttentionBreakdown,
        /// And with it.
        pub shares_after: AttentionBreakdown,
    }
}

impl Ablations {
    /// As the page is given them.
    #[must_use]
    pub fn of(effects: &[Effect], settings: &Settings, set: &prompt_set::PromptSet) -> Self {
        let measure = settings.measure();
        let chances: Vec<f64> =
            set.cases().iter().filter_map(|case| measure.chance(&case.relations)).collect();
        Self {
            head: settings.head,
            metric: settings.metric,
            target: settings.target.clone(),
            chance: stats::mean(&chances),
            higher_is_more: measure.metric.higher_is_more(),
            kind: settings.kind,
            against: settings.against,
            n: chances.len(),
            rows: effects.iter().map(AblationRow::of).collect(),
            adjusted: stats::holm(&effects.iter().map(Effect::p_value).collect::<Vec<_>>()),
        }
    }
}

impl AblationRow {
    /// As the page is given it.
    #[must_use]
    pub fn of(effect: &Effect) -> Self {
        Self {
            component: effect.ablation.components(),
            kind: effect.ablation.kinds(),
            label: label(&effect.ablation),
            sequences: effect.sequences.clone(),
            baseline: effect.baseline.clone(),
            ablated: effect.ablated.clone(),
            mean_baseline: stats::mean(&effect.baseline),
            mean_ablated: stats::mean(&effect.ablated),
            effect: effect.mean(),
            sd: effect.sd(),
            ci: effect.interval(),
            shares_before: effect.shares_before,
            shares_after: effect.shares_after,
        }
    }
}

/// An ablation's components in words.
#[must_use]
pub fn label(ablation: &Ablation) -> String {
    let words: Vec<String> = ablation.parts().iter().map(|(component, _)| in_words(*component)).collect();
    words.join(" with ")
}

fn in_words(component: Component) -> String {
    match component {
        Component::Embed => "token embeddings".to_owned(),
        Component::PosEmbed => "position embeddings".to_owned(),
        Component::Pattern(l) => format!("layer {l} attention patterns"),
        Component::Head(head) => format!("head {head}"),
        Component::Attn(l) => format!("layer {l} attention output"),
        Component::Mlp(l) => format!("layer {l} MLP output"),
        Component::MlpOnly(l) => format!("all but the MLP output of layer {l}"),
    }
}
