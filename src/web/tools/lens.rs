//! The logit lens: what each layer of the model would say of the shown prompt.

use crate::circuits::LensLayer;
use crate::study::TokenizedPrompt;
use crate::tokens::Tokens;
use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;
use crate::web::tools::text::NextToken;
use serde_json::Value;
use std::collections::BTreeMap;

wire! {
    /// A text, read after every layer.
    pub struct Lens {
        /// The number of the prompt.
        pub prompt: usize,
        /// The text.
        pub text: String,
        /// Its tokens.
        pub tokens: Vec<String>,
        /// Their ids.
        pub token_ids: Vec<u32>,
        /// The layers in their order, which an object has none of.
        pub order: Vec<String>,
        /// By their names: `embed` before layer 0, `L0` after it, and so on.
        pub layers: BTreeMap<String, Layer>,
    }

    /// What one layer says.
    pub struct Layer {
        /// Log-probability of each token but the first, in nats.
        pub next_token_logprob: Vec<f64>,
        /// Entropy of the next token at each position, in nats.
        pub entropy: Vec<f64>,
        /// The likeliest next tokens at each position, the likeliest first.
        pub top: Vec<Vec<NextToken>>,
    }
}

pub(super) const IN_FILES: Option<InFiles> =
    Some(InFiles { fits: |found| fit(found), ..InFiles::of(Lens::SHAPE) });

/// Whether each layer has a number for each token.
fn fit(found: &Value) -> bool {
    let n = list(&found["tokens"]).len();
    let full = |name: &Value| {
        let layer = &found["layers"][name.as_str().unwrap_or_default()];
        list(&layer["next_token_logprob"]).len() + 1 == n
            && list(&layer["entropy"]).len() == n
            && list(&layer["top"]).len() == n
    };
    list(&found["token_ids"]).len() == n && list(&found["order"]).iter().all(full)
}

impl Layer {
    /// As the page is given it.
    #[must_use]
    pub fn of(layer: &LensLayer, tokens: &Tokens) -> Self {
        let next = |&(id, probability): &(u32, f64)| NextToken { id, text: tokens.text_of(id), probability };
        Self {
            next_token_logprob: layer.next_token_logprob.clone(),
            entropy: layer.entropy.clone(),
            top: layer.top.iter().map(|top| top.iter().map(next).collect()).collect(),
        }
    }
}

impl Lens {
    /// As the page is given it, of a prompt.
    #[must_use]
    pub fn of(found: &[LensLayer], case: &TokenizedPrompt, tokens: &Tokens) -> Self {
        Self {
            prompt: case.sequence,
            text: tokens.decode(&case.ids[1..]),
            tokens: case.ids.iter().map(|&id| tokens.text_of(id)).collect(),
            token_ids: case.ids.clone(),
            order: found.iter().map(|layer| layer.name.clone()).collect(),
            layers: found.iter().map(|layer| (layer.name.clone(), Layer::of(layer, tokens))).collect(),
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use crate::web::tools::text::cost;
#[cfg(target_arch = "wasm32")]
pub(super) use here::run;

#[cfg(target_arch = "wasm32")]
mod here {
    use super::Lens;
    use crate::circuits;
    use crate::web::Problem;
    use crate::web::models::call::Call;
    use crate::web::request::Study;
    use crate::web::tools::Tool;
    use crate::web::tools::text::whole_model;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let (open, case) = whole_model(engine, &ask.settings, 0, call).await?;
        let tokens = engine.tokens_of(&open, &call.signal).await?;
        call.stage("Reading every layer");
        let found = circuits::lens(&*open.model.lock().await, &case.ids, call).await?;
        Ok(engine.keep(Tool::Lens, &Lens::of(&found, &case, &tokens)))
    }
}
