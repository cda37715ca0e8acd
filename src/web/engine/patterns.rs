//! Other heads than the shown one on the shown prompt: pinned ones in full, all of
//! them as thumbnails.

use super::super::js::{from_js, property, set_property, to_js};
use super::super::prompt_set::{Prompt, PromptSet};
use super::super::{Problem, Settings};
use super::{Call, Engine, Open, exists};
use crate::model::Depth;
use crate::study::{self, Case, Head, Shares, patterns};
use js_sys::Float32Array;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// Most rows and columns of a thumbnail; longer prompts are made smaller.
const THUMBNAIL_SIDE: usize = 32;

#[wasm_bindgen]
impl Engine {
    /// The patterns of `heads` on the shown prompt, `{settings, heads, fetch}`.
    /// Without `fetch` nothing is loaded, and heads of layers that are not there yet
    /// are named as `missing`. Heads that the model lacks are left out.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn pinned(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let names: Vec<String> = from_js(property(&args, "heads"))?;
        let asked = names.iter().filter(|name| exists(name, &open.config));
        let asked: Vec<Head> = asked.filter_map(|name| name.parse().ok()).collect();
        let shown = ShownPrompt::of(&settings, &set)?;
        let deepest = asked.iter().map(|head| head.layer).max().unwrap_or(0);
        let last = self.within_reach(&args, &open, &shown.case, deepest, &call).await?;
        let (heads, missing): (Vec<Head>, Vec<Head>) =
            asked.into_iter().partition(|head| last.is_some_and(|last| head.layer <= last));
        let cells = shown.case.ids.len().pow(2);
        let mut full = vec![0.0_f32; heads.len() * cells];
        if let Some(last) = heads.iter().map(|head| head.layer).max() {
            let model = open.model.lock().await;
            let take = |l: usize, layer: Vec<f32>| {
                let places = heads.iter().enumerate().filter(|(_, head)| head.layer == l);
                for (i, head) in places {
                    full[i * cells..][..cells].copy_from_slice(&layer[head.head * cells..][..cells]);
                }
            };
            patterns::each_layer(&model, &shown.case, last, &call, take).await.map_err(Problem::from)?;
        }
        let facts = heads.iter().zip(full.chunks_exact(cells));
        let result = to_js(&json!({
            "prompt": shown.case.sequence,
            "heads": facts.map(|(head, pattern)| shown.facts(*head, pattern, &settings)).collect::<Vec<_>>(),
            "missing": missing.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
        set_property(&result, "patterns", &Float32Array::from(full.as_slice()));
        Ok(result)
    }

    /// Every head's pattern on the shown prompt, made small, `{settings, fetch}`.
    /// Without `fetch` nothing is loaded, and the layers end where the loaded ones do.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn thumbnails(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let shown = ShownPrompt::of(&settings, &set)?;
        let n_layer = open.config.n_layer;
        let last = self.within_reach(&args, &open, &shown.case, n_layer - 1, &call).await?;
        let n = shown.case.ids.len();
        let side = n.min(THUMBNAIL_SIDE);
        let (mut small, mut heads) = (Vec::new(), Vec::new());
        if let Some(last) = last {
            let model = open.model.lock().await;
            let take = |layer: usize, patterns: Vec<f32>| {
                for (head, pattern) in patterns.chunks_exact(n * n).enumerate() {
                    heads.push(shown.facts(Head { layer, head }, pattern, &settings));
                    small.extend(study::patterns::shrink(pattern, n, side));
                }
            };
            patterns::each_layer(&model, &shown.case, last, &call, take).await.map_err(Problem::from)?;
        }
        let result = to_js(&json!({
            "prompt": shown.case.sequence,
            "n": n,
            "side": side,
            "n_layer": n_layer,
            "n_head": open.config.n_head,
            "heads": heads,
        }));
        set_property(&result, "cells", &Float32Array::from(small.as_slice()));
        Ok(result)
    }
}

impl Engine {
    /// The last layer, up to `wanted`, whose patterns can be computed on a prompt;
    /// with `fetch` among the arguments that is the wanted one.
    async fn within_reach(
        &self,
        args: &JsValue,
        open: &Open,
        case: &Case,
        wanted: usize,
        call: &Call,
    ) -> Result<Option<usize>, Problem> {
        let cases = std::slice::from_ref(case);
        if property(args, "fetch").is_truthy() {
            self.fetch(open, cases, Depth::Pattern(wanted), call).await?;
        }
        call.stage("Running the shown prompt");
        let model = open.model.lock().await;
        let is_there = |l: &usize| model.missing(&study::need(cases, Depth::Pattern(*l))).is_empty();
        Ok((0..=wanted).rev().find(is_there))
    }
}

/// The shown prompt, which may be one that is dropped for scoring.
struct ShownPrompt<'a> {
    prompt: &'a Prompt,
    case: Case,
}

impl<'a> ShownPrompt<'a> {
    fn of(settings: &Settings, set: &'a PromptSet) -> Result<Self, Problem> {
        let number = settings.shown_prompt();
        let prompt = set.prompts.get(number).ok_or_else(|| Problem::bug("There is no such prompt"))?;
        Ok(Self { prompt, case: prompt.case(number) })
    }

    /// What is said of a head beside its pattern.
    fn facts(&self, head: Head, pattern: &[f32], settings: &Settings) -> Value {
        let relations = &self.case.relations;
        let measure = settings.measure();
        let kept = self.prompt.dropped.is_none();
        json!({
            "head": head.to_string(),
            "score": kept.then(|| measure.score(pattern, relations)).flatten(),
            "shares": Shares::of(pattern, relations),
        })
    }
}
