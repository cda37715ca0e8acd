//! The pinned heads' patterns on the shown prompt, in full.

use crate::study::{AttentionBreakdown, Head};
use crate::web::tools::InFiles;
use serde::Serialize;

/// Patterns of the pinned heads on the shown prompt, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Pins {
    /// The number of the prompt.
    pub prompt: usize,
    /// The heads, those left out that the model lacks.
    pub heads: Vec<HeadFacts>,
    /// Heads of layers that are not loaded.
    pub missing: Vec<Head>,
    /// (head, destination, source).
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(type = "Float32Array"))]
    pub patterns: Vec<f32>,
}

/// What is said of a head beside its pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HeadFacts {
    /// The head.
    pub head: Head,
    /// Its score on the prompt.
    pub score: Option<f64>,
    /// Where its attention goes.
    pub shares: AttentionBreakdown,
}

/// They are computed again in a moment.
pub(super) const IN_FILES: Option<InFiles> = None;

#[cfg(target_arch = "wasm32")]
pub(super) use here::{ShownPrompt, cost, run, within_reach};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{HeadFacts, Pins};
    use crate::model::Depth;
    use crate::study::{self, AttentionBreakdown, Head, TokenizedPrompt, patterns};
    use crate::web::js::{set_property, to_js};
    use crate::web::models::Open;
    use crate::web::models::call::Call;
    use crate::web::payload::Estimate;
    use crate::web::prompt_set::{Prompt, PromptSet};
    use crate::web::request::{AskCost, AskPrompt};
    use crate::web::steps::shown_case;
    use crate::web::worker::Engine;
    use crate::web::{Problem, Settings};
    use crate::weights::Config;
    use js_sys::Float32Array;
    use wasm_bindgen::JsValue;

    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        let settings = &ask.settings;
        let set = engine.prompt_set(settings, &call.signal).await?;
        let deepest = settings.pins.iter().map(|head| head.layer).max().unwrap_or(0);
        let deep = |config: &Config| Depth::Pattern(deepest.min(config.n_layer - 1));
        engine.cost(settings, &[shown_case(&set, settings)?], deep).await
    }

    pub async fn run(ask: &AskPrompt, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (set, open) = engine.begin(settings, call).await?;
        let mut asked = settings.pins.clone();
        asked.retain(|head| head.exists(&open.config));
        let shown = ShownPrompt::of(ask, &set)?;
        let deepest = asked.iter().map(|head| head.layer).max().unwrap_or(0);
        let last = within_reach(ask, engine, &open, &shown.case, deepest, call).await?;
        let (heads, missing): (Vec<Head>, Vec<Head>) =
            asked.into_iter().partition(|head| last.is_some_and(|last| head.layer <= last));
        let cells = shown.case.ids.len().pow(2);
        let mut full = vec![0.0_f32; heads.len() * cells];
        if let Some(last) = heads.iter().map(|head| head.layer).max() {
            let model = open.model.lock().await;
            let mut take = |l: usize, layer: Vec<f32>| {
                let places = heads.iter().enumerate().filter(|(_, head)| head.layer == l);
                for (i, head) in places {
                    full[i * cells..][..cells].copy_from_slice(&layer[head.head * cells..][..cells]);
                }
            };
            patterns::each_layer(&model, &shown.case, last, call, &mut take).await?;
        }
        let facts = heads.iter().zip(full.chunks_exact(cells));
        let found = Pins {
            prompt: shown.case.sequence,
            heads: facts.map(|(head, pattern)| shown.facts(*head, pattern, settings)).collect(),
            missing,
            patterns: full,
        };
        let result = to_js(&found);
        set_property(&result, "patterns", &Float32Array::from(found.patterns.as_slice()));
        Ok(result)
    }

    /// The last layer, up to `wanted`, whose patterns can be computed on a prompt; if
    /// what is missing is to be loaded, that is the wanted one.
    pub async fn within_reach(
        ask: &AskPrompt,
        engine: &Engine,
        open: &Open,
        case: &TokenizedPrompt,
        wanted: usize,
        call: &Call,
    ) -> Result<Option<usize>, Problem> {
        let cases = std::slice::from_ref(case);
        if ask.fetch {
            engine.fetch(open, cases, Depth::Pattern(wanted), call).await?;
        }
        call.stage("Running the shown prompt");
        let model = open.model.lock().await;
        let is_there = |l: &usize| model.missing(&study::need(cases, Depth::Pattern(*l))).is_empty();
        Ok((0..=wanted).rev().find(is_there))
    }

    /// The shown prompt, or another that is asked for. It may be one that is dropped for
    /// scoring.
    pub struct ShownPrompt<'a> {
        prompt: &'a Prompt,
        pub case: TokenizedPrompt,
    }

    impl<'a> ShownPrompt<'a> {
        pub fn of(ask: &AskPrompt, set: &'a PromptSet) -> Result<Self, Problem> {
            let sequence = ask.prompt.unwrap_or(ask.settings.shown_prompt());
            let prompt = set.prompts.get(sequence).ok_or_else(|| Problem::bug("There is no such prompt"))?;
            Ok(Self { prompt, case: prompt.case(sequence) })
        }

        /// What is said of a head beside its pattern.
        pub fn facts(&self, head: Head, pattern: &[f32], settings: &Settings) -> HeadFacts {
            let relations = &self.case.relations;
            let kept = self.prompt.dropped.is_none();
            HeadFacts {
                head,
                score: kept.then(|| settings.measure().score(pattern, relations)).flatten(),
                shares: AttentionBreakdown::of(pattern, relations),
            }
        }
    }
}
