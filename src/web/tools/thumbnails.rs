//! Every head's pattern on the shown prompt, made small, or on another one in full.

use crate::web::tools::InFiles;
use crate::web::tools::pins::HeadFacts;
use serde::Serialize;

/// Patterns of every head of the loaded layers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ThumbnailSheet {
    /// The number of the prompt.
    pub prompt: usize,
    /// How many tokens it has.
    pub n: usize,
    /// Rows and columns of each picture.
    pub side: usize,
    /// Layers of the model.
    pub n_layer: usize,
    /// Heads of each.
    pub n_head: usize,
    /// The heads, layer by layer.
    pub heads: Vec<HeadFacts>,
    /// (head, row, column).
    #[serde(skip_serializing)]
    #[cfg_attr(test, ts(type = "Float32Array"))]
    pub cells: Vec<f32>,
}

/// They are computed again in a moment.
pub(super) const IN_FILES: Option<InFiles> = None;

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::ThumbnailSheet;
    use crate::study::{self, Head, patterns};
    use crate::web::Problem;
    use crate::web::js::{set_property, to_js};
    use crate::web::models::call::Call;
    use crate::web::payload::Estimate;
    use crate::web::request::{AskCost, AskPrompt};
    use crate::web::steps::{every_pattern, shown_case};
    use crate::web::tools::pins::{ShownPrompt, within_reach};
    use crate::web::worker::Engine;
    use js_sys::Float32Array;
    use wasm_bindgen::JsValue;

    /// Most rows and columns of a thumbnail; longer prompts are made smaller.
    const THUMBNAIL_SIDE: usize = 32;

    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        let set = engine.prompt_set(&ask.settings, &call.signal).await?;
        engine.cost(&ask.settings, &[shown_case(&set, &ask.settings)?], every_pattern).await
    }

    pub async fn run(ask: &AskPrompt, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (set, open) = engine.begin(settings, call).await?;
        let shown = ShownPrompt::of(ask, &set)?;
        let n_layer = open.config.n_layer;
        let last = within_reach(ask, engine, &open, &shown.case, n_layer - 1, call).await?;
        let n = shown.case.ids.len();
        let side = if ask.prompt.is_some() { n } else { n.min(THUMBNAIL_SIDE) };
        let (mut cells, mut heads) = (Vec::new(), Vec::new());
        if let Some(last) = last {
            let model = open.model.lock().await;
            let mut take = |layer: usize, patterns: Vec<f32>| {
                for (head, pattern) in patterns.chunks_exact(n * n).enumerate() {
                    heads.push(shown.facts(Head { layer, head }, pattern, settings));
                    cells.extend(study::patterns::shrink(pattern, n, side));
                }
            };
            patterns::each_layer(&model, &shown.case, last, call, &mut take).await?;
        }
        let (prompt, n_head) = (shown.case.sequence, open.config.n_head);
        let found = ThumbnailSheet { prompt, n, side, n_layer, n_head, heads, cells };
        let result = to_js(&found);
        set_property(&result, "cells", &Float32Array::from(found.cells.as_slice()));
        Ok(result)
    }
}
