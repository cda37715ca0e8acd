//! Results in the shapes that the page is given, whether they were just computed
//! or read from a file.

use super::super::Settings;
use super::super::js::{set_property, to_js};
use super::super::prompt_set::{Prompt, PromptSet};
use super::super::results::{Shown, by_sequence};
use super::scored_cases;
use crate::study::{Ablation, Component, Effect, HeadScores, Measure, Shares, stats};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

/// All prompts, token by token.
pub(super) fn prompts(set: &PromptSet) -> Value {
    let prompt = |(sequence, prompt): (usize, &Prompt)| {
        json!({
            "sequence": sequence,
            "words": prompt.words.words,
            "categories": prompt.words.categories.iter().map(|c| c.map_or(-1, |c| c as i64)).collect::<Vec<_>>(),
            "tokens": prompt.tokenized.texts,
            "word_of": prompt.tokenized.word_of,
            "token_ids": prompt.tokenized.ids,
            "splits": prompt.tokenized.splits.iter().map(|split| {
                json!({ "word": split.word, "tokens": split.tokens })
            }).collect::<Vec<_>>(),
            "kept": prompt.dropped.is_none(),
            "reason": prompt.dropped,
            "targets": prompt.relations.targets().count(),
        })
    };
    json!({
        "prompts": set.prompts.iter().enumerate().map(prompt).collect::<Vec<_>>(),
        "categories": set.categories,
        "kept": set.cases().iter().map(|case| case.sequence).collect::<Vec<_>>(),
    })
}

/// The shown head's pattern on the shown prompt, its score there and its chance
/// level. A dropped prompt is part of no score.
pub(super) fn pattern(shown: &Shown, prompt: &Prompt, measure: Measure) -> JsValue {
    let Shown { head, prompt: number, pattern, .. } = shown;
    let kept = prompt.dropped.is_none();
    let result = to_js(&json!({
        "head": head.to_string(),
        "prompt": number,
        "n": prompt.relations.n(),
        "tokens": prompt.tokenized.texts,
        "score": kept.then(|| measure.score(pattern, &prompt.relations)).flatten(),
        "chance": measure.chance(&prompt.relations),
        "shares": Shares::of(pattern, &prompt.relations),
    }));
    let cells: Vec<u8> = prompt.relations.cells().iter().map(|&relation| relation as u8).collect();
    set_property(&result, "pattern", &js_sys::Float32Array::from(pattern.as_slice()));
    set_property(&result, "relations", &js_sys::Uint8Array::from(cells.as_slice()));
    result
}

/// Scores of all heads, the best one and the shown one's rank among them.
pub(super) fn head_scores(scores: &HeadScores, settings: &Settings, set: &PromptSet) -> Value {
    let ranking = scores.ranking();
    let best = ranking
        .first()
        .map(|(head, score)| json!({ "layer": head.layer, "head": head.head, "score": score }));
    let shown = settings.head.parse().ok();
    let asked = scored_cases(settings, set);
    let unscored = asked.iter().filter(|case| !scores.sequences.contains(&case.sequence));
    let no_pair = "it holds nothing of what is scored";
    json!({
        "metric": settings.metric,
        "target": settings.target,
        "chance": scores.chance,
        "higher_is_more": scores.measure.metric.higher_is_more(),
        "mean": scores.mean(),
        "sd": scores.sd(),
        "per_prompt": by_sequence(scores),
        "best": best,
        "rank_of_shown": ranking.iter().position(|(head, _)| Some(*head) == shown).map(|i| i + 1),
        "n": scores.sequences.len(),
        "skipped": unscored.map(|case| {
            json!({ "sequence": case.sequence, "reason": no_pair })
        }).collect::<Vec<_>>(),
    })
}

/// The ablations of the shown head.
pub(super) fn ablations(effects: &[Effect], settings: &Settings, set: &PromptSet) -> Value {
    let measure = settings.measure();
    let chances: Vec<f64> = set.cases().iter().filter_map(|case| measure.chance(&case.relations)).collect();
    json!({
        "head": settings.head,
        "metric": settings.metric,
        "target": settings.target,
        "chance": stats::mean(&chances),
        "higher_is_more": measure.metric.higher_is_more(),
        "kind": settings.kind,
        "against": settings.against,
        "n": chances.len(),
        "rows": effects.iter().map(row).collect::<Vec<_>>(),
    })
}

/// An effect as the page shows it.
pub(super) fn row(effect: &Effect) -> Value {
    json!({
        "component": effect.ablation.components(),
        "kind": effect.ablation.kinds(),
        "label": label(&effect.ablation),
        "sequences": effect.sequences,
        "baseline": effect.baseline,
        "ablated": effect.ablated,
        "mean_baseline": stats::mean(&effect.baseline),
        "mean_ablated": stats::mean(&effect.ablated),
        "effect": effect.mean(),
        "sd": effect.sd(),
        "ci": effect.interval().map(|(low, high)| [low, high]),
        "shares_before": effect.shares_before,
        "shares_after": effect.shares_after,
    })
}

/// An ablation's components in words.
pub(super) fn label(ablation: &Ablation) -> String {
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
