//! How the shown prompt goes on, token by token, with or without the settings' components.

use crate::web::Settings;
use crate::web::results::shape::{Shaped, wire};
use crate::web::tools::InFiles;
use serde::Deserialize;

/// How the text is to go on. What is left out has its default.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskContinuation {
    /// Those in force.
    pub settings: Settings,
    /// How many tokens are added.
    pub tokens: Option<f64>,
    /// Seed of the sampler.
    pub seed: Option<f64>,
    /// 0 for the likeliest token each time.
    pub temperature: Option<f64>,
    /// How much of the probability the likeliest tokens have together.
    pub top_p: Option<f64>,
    /// Whether the settings' components are missing.
    pub ablated: bool,
}

wire! {
    /// How a text went on.
    pub struct Continuation {
        /// What was added.
        pub text: String,
        /// Its tokens.
        pub tokens: Vec<String>,
        /// Their ids.
        pub token_ids: Vec<u32>,
        /// What was missing, joined by `+`.
        pub components: String,
        /// Seed of the sampler.
        pub seed: f64,
        /// Its temperature.
        pub temperature: f64,
        /// Its share of the probability.
        pub top_p: f64,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles::of(Continuation::SHAPE));

#[cfg(target_arch = "wasm32")]
pub(super) use super::text::cost;
#[cfg(target_arch = "wasm32")]
pub(super) use here::run;

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{AskContinuation, Continuation};
    use crate::study;
    use crate::study::text_loss::{Sampler, continue_text};
    use crate::web::Problem;
    use crate::web::link::ablation_choice::all_together;
    use crate::web::models::call::{Call, Steps};
    use crate::web::payload::Unit;
    use crate::web::tools::Tool;
    use crate::web::tools::text::whole_model;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    /// The most tokens that continue a text at one click.
    const MOST_NEW_TOKENS: usize = 100;

    pub async fn run(ask: &AskContinuation, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let temperature = ask.temperature.unwrap_or(1.0).max(0.0);
        let top_p = ask.top_p.unwrap_or(1.0).clamp(0.0, 1.0);
        let seed = ask.seed.unwrap_or(0.0) as u64;
        let new_tokens = (ask.tokens.unwrap_or(20.0) as usize).clamp(1, MOST_NEW_TOKENS);
        let (open, case) = whole_model(engine, settings, new_tokens, call).await?;
        let ablation = match ask.ablated {
            true => all_together(settings, &open.config),
            false => study::Ablation::default(),
        };
        call.stage("Continuing the text");
        let steps = Steps { call, unit: Unit::Tokens };
        let mut sampler = Sampler::new(seed, temperature, top_p);
        let tokens = engine.tokens_of(&open, &call.signal).await?;
        let model = open.model.lock().await;
        let ids = continue_text(&model, &tokens, &case.ids, &ablation, &mut sampler, new_tokens, &steps);
        let ids = ids.await?;
        Ok(engine.keep(
            Tool::Continuation,
            &Continuation {
                text: tokens.decode(&ids),
                tokens: ids.iter().map(|&id| tokens.text_of(id)).collect(),
                token_ids: ids,
                components: ablation.components(),
                seed: seed as f64,
                temperature,
                top_p,
            },
        ))
    }
}
