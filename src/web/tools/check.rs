//! The self-check: the model held against figures that others published of it.

use crate::model::Gpt2;
use crate::prompts::{Relations, WordSequence};
use crate::study::self_check::{Distance, Published, compare};
use crate::study::{TokenizedPrompt, Uninterrupted, YieldPoint};
use crate::tokens::Tokens;
use crate::web::results::shape::{Shaped, wire};
use crate::web::tools::InFiles;
use crate::web::{Problem, Settings};
use serde::Deserialize;

/// What the model is held against.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskCheck {
    /// Those in force.
    pub settings: Settings,
    /// The published figures, as the text of a JSON file.
    pub figures: String,
}

wire! {
    /// How far a model is from what is published.
    pub struct SelfCheck {
        /// As in the link.
        pub model: String,
        /// One for each prompt.
        pub prompts: Vec<CheckedPrompt>,
    }

    /// How far it is on one prompt. A distance is null where the shapes do not fit.
    pub struct CheckedPrompt {
        /// The text.
        pub prompt: String,
        /// Whether the tokenizer gives the same ids.
        pub same_ids: bool,
        /// Whether the likeliest next tokens are the same, in the same order.
        pub same_top: bool,
        /// Of their logits.
        pub logits: Option<f64>,
        /// Of the attention of the last token.
        pub attention: Option<f64>,
        /// How many figures of attention those are.
        pub attention_figures: usize,
        /// Of a head's whole pattern.
        pub pattern: Option<f64>,
    }
}

pub(super) const IN_FILES: Option<InFiles> =
    Some(InFiles { once: Some("self_check"), ..InFiles::of(SelfCheck::SHAPE) });

impl From<Distance> for CheckedPrompt {
    fn from(found: Distance) -> Self {
        let finite = |distance: f64| distance.is_finite().then_some(distance);
        Self {
            prompt: found.prompt,
            same_ids: found.same_ids,
            same_top: found.same_top,
            logits: finite(found.logits),
            attention: finite(found.attention),
            attention_figures: found.attention_figures,
            pattern: found.pattern.and_then(finite),
        }
    }
}

/// The prompts of a file of figures.
///
/// # Errors
///
/// A [`Problem`] that names the field that is not there.
pub fn read_figures(text: &str) -> Result<Vec<Published>, Problem> {
    #[derive(Deserialize)]
    struct File {
        prompts: Vec<Published>,
    }
    let file: File = serde_json::from_str(text).map_err(Problem::bug)?;
    Ok(file.prompts)
}

/// Published prompts as what the model has to be loaded for. They have no words that
/// could be scored.
#[must_use]
pub fn unscored(figures: &[Published]) -> Vec<TokenizedPrompt> {
    let nothing = WordSequence { words: Vec::new(), categories: Vec::new() };
    let relations = Relations::of(&nothing);
    let case = |published: &Published| TokenizedPrompt {
        sequence: 0,
        ids: published.token_ids.clone(),
        relations: relations.clone(),
    };
    figures.iter().map(case).collect()
}

/// Holds the model against every published prompt.
///
/// # Errors
///
/// A [`Problem`] if it was cancelled, or if the model cannot be run.
pub async fn check_all(
    model: &Gpt2,
    tokens: &Tokens,
    figures: &[Published],
    pace: &impl YieldPoint,
) -> Result<Vec<CheckedPrompt>, Problem> {
    let mut prompts = Vec::new();
    for (i, published) in figures.iter().enumerate() {
        pace.step(i, figures.len()).await?;
        let own = tokens.encode(&published.prompt).map_err(Problem::bug)?;
        let distance = compare(model, published, &own[1..], &Uninterrupted).await?;
        prompts.push(CheckedPrompt::from(distance));
    }
    Ok(prompts)
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{AskCheck, SelfCheck, check_all, read_figures, unscored};
    use crate::model::Depth;
    use crate::web::Problem;
    use crate::web::models::call::{Call, Steps};
    use crate::web::payload::{Estimate, Unit};
    use crate::web::request::AskCost;
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    pub async fn cost(ask: &AskCost, engine: &Engine, _: &Call) -> Result<Estimate, Problem> {
        let figures = read_figures(ask.figures.as_deref().unwrap_or_default())?;
        engine.cost(&ask.settings, &unscored(&figures), |_| Depth::Logits).await
    }

    pub async fn run(ask: &AskCheck, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let figures = read_figures(&ask.figures)?;
        let open = engine.open(&ask.settings.model, call).await?;
        engine.fetch(&open, &unscored(&figures), Depth::Logits, call).await?;
        call.stage("Checking the published figures");
        let steps = Steps { call, unit: Unit::Prompts };
        let tokens = engine.tokens_of(&open, &call.signal).await?;
        let model = open.model.lock().await;
        let prompts = check_all(&model, &tokens, &figures, &steps).await?;
        Ok(engine.keep(Tool::Check, &SelfCheck { model: ask.settings.model.clone(), prompts }))
    }
}
