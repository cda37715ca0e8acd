//! Heads and prompts side by side: several heads on the prompts of several settings.

use crate::study::{AttentionBreakdown, Contrast, Head, Metric, Target, stats};
use crate::web::Settings;
use crate::web::results::shape::{Shaped, wire};
use crate::web::tools::InFiles;
use serde::Deserialize;

/// Heads, and prompts by the settings that draw them. Heads that the model lacks are left
/// out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskContrasts {
    /// Those in force: they say what is measured, and of which model.
    pub settings: Settings,
    /// The heads.
    pub heads: Vec<String>,
    /// The prompts.
    pub conditions: Vec<AskCondition>,
}

/// Prompts of one name, to be put beside those of another.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskCondition {
    /// Its name.
    pub name: String,
    /// What draws them.
    pub settings: Settings,
}

wire! {
    /// Several heads on several sets of prompts.
    pub struct Contrasts {
        /// What was measured.
        pub metric: Metric,
        /// Attention on what.
        pub target: Target,
        /// One for each set of prompts.
        pub conditions: Vec<Condition>,
    }

    /// Several heads on prompts of one name.
    pub struct Condition {
        /// The name.
        pub name: String,
        /// How many prompts were kept.
        pub prompts: usize,
        /// One for each head.
        pub heads: Vec<HeadContrast>,
    }

    /// One head on them.
    pub struct HeadContrast {
        /// The head.
        pub head: Head,
        /// How many prompts were scored.
        pub n: usize,
        /// The mean score; nothing where there is nothing to score.
        pub score: Option<f64>,
        /// Its standard deviation.
        pub sd: Option<f64>,
        /// The chance level.
        pub chance: Option<f64>,
        /// Where its attention goes.
        pub shares: AttentionBreakdown,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles::of(Contrasts::SHAPE));

impl From<&Contrast> for HeadContrast {
    fn from(contrast: &Contrast) -> Self {
        let scored = !contrast.scores.is_empty();
        Self {
            head: contrast.head,
            n: contrast.scores.len(),
            score: scored.then(|| stats::mean(&contrast.scores)),
            sd: stats::sd(&contrast.scores),
            chance: contrast.chance,
            shares: contrast.shares,
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{AskCondition, AskContrasts, Condition, Contrasts, HeadContrast};
    use crate::model::Depth;
    use crate::study::{self, Head};
    use crate::web::Problem;
    use crate::web::models::call::Call;
    use crate::web::payload::Estimate;
    use crate::web::prompt_set::PromptSet;
    use crate::web::request::AskCost;
    use crate::web::steps::{exists, needs_no_painting};
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    /// As much as the shown head on the shown prompts: other heads take no more than their
    /// layers, and other prompts a few words.
    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        engine.cost_of_head(&ask.settings, call).await
    }

    pub async fn run(ask: &AskContrasts, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        needs_no_painting(settings)?;
        let (_, open) = engine.begin(settings, call).await?;
        let known = ask.heads.iter().filter(|name| exists(name, &open.config));
        let heads: Vec<Head> = known.filter_map(|name| name.parse().ok()).collect();
        let last = heads.iter().map(|head| head.layer).max().unwrap_or(0);
        let mut conditions = Vec::new();
        for AskCondition { name, settings: own } in &ask.conditions {
            let tokens = engine.tokens_of_prompts(&open, own, &call.signal).await?;
            let cases = PromptSet::of(own, &tokens)?.cases();
            engine.fetch(&open, &cases, Depth::Pattern(last), call).await?;
            call.stage("Running the model");
            let model = open.model.lock().await;
            let contrasts = if cases.is_empty() {
                Vec::new()
            } else {
                study::contrast(&model, &cases, &heads, settings.measure(), call).await?
            };
            let heads = contrasts.iter().map(HeadContrast::from).collect();
            conditions.push(Condition { name: name.clone(), prompts: cases.len(), heads });
        }
        let study::Measure { metric, target } = settings.measure();
        Ok(engine.keep(Tool::Contrasts, &Contrasts { metric, target, conditions }))
    }
}
