//! The whole model on the shown prompt: the loss of each token and the likeliest next
//! ones, and the same with the settings' components ablated together.

use crate::study::TextLoss;
use crate::tokens::Tokens;
use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;
use serde_json::Value;

wire! {
    /// A text, read as it is and without some components.
    pub struct TextReading {
        /// The number of the prompt.
        pub prompt: usize,
        /// Its tokens.
        pub tokens: Vec<String>,
        /// Their ids.
        pub token_ids: Vec<u32>,
        /// As it is.
        pub before: Reading,
        /// Without the components, if there are any.
        pub after: Option<Reading>,
        /// Those, joined by `+`.
        pub components: String,
        /// The same in words.
        pub label: String,
        /// By what they were replaced, joined by `+`.
        pub kinds: String,
    }

    /// What the model makes of a text.
    pub struct Reading {
        /// The loss of each token but the first, in nats.
        pub losses: Vec<f64>,
        /// What comes next, the likeliest first.
        pub next: Vec<NextToken>,
        /// The same at each position, some fewer of them; nothing in files of 0.2.0 and before.
        pub next_at: Option<Vec<Vec<NextToken>>>,
    }

    /// A token that may come next.
    pub struct NextToken {
        /// Its id.
        pub id: u32,
        /// As it is shown.
        pub text: String,
        /// How likely it is.
        pub probability: f64,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles {
    once: Some("reading"),
    fits: has_a_loss_for_each_token,
    ..InFiles::of(TextReading::SHAPE)
});

/// The first token is given, and so has none.
fn has_a_loss_for_each_token(reading: &Value) -> bool {
    let n = list(&reading["tokens"]).len().saturating_sub(1);
    let next = |found: &Value| found["next_at"].is_null() || list(&found["next_at"]).len() == n + 1;
    let fits = |found: &Value| found.is_null() || list(&found["losses"]).len() == n && next(found);
    fits(&reading["before"]) && fits(&reading["after"])
}

impl Reading {
    /// As the page is given it.
    #[must_use]
    pub fn of(found: &TextLoss, tokens: &Tokens) -> Self {
        let next = |&(id, probability): &(u32, f64)| NextToken { id, text: tokens.text_of(id), probability };
        let all = |found: &Vec<(u32, f64)>| found.iter().map(next).collect::<Vec<_>>();
        Self {
            losses: found.losses.clone(),
            next: all(&found.next),
            next_at: Some(found.next_at.iter().map(all).collect()),
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run, whole_model};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{Reading, TextReading};
    use crate::model::Depth;
    use crate::study::{self, TokenizedPrompt};
    use crate::web::link::ablation_choice::all_together;
    use crate::web::models::Open;
    use crate::web::models::call::Call;
    use crate::web::payload::{Estimate, label};
    use crate::web::request::{AskCost, Study};
    use crate::web::steps::shown_case;
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use crate::web::{Problem, Settings};
    use std::rc::Rc;
    use wasm_bindgen::JsValue;

    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        let set = engine.prompt_set(&ask.settings, &call.signal).await?;
        engine.cost(&ask.settings, &[shown_case(&set, &ask.settings)?], |_| Depth::Logits).await
    }

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (open, case) = whole_model(engine, settings, 0, call).await?;
        let tokens = engine.tokens_of(&open, &call.signal).await?;
        let ablation = all_together(settings, &open.config);
        call.stage("Reading the text");
        let model = open.model.lock().await;
        let plain = study::Ablation::default();
        let before = study::evaluate(&model, &case.ids, &plain, call).await?;
        let after = match ablation == plain {
            true => None,
            false => Some(study::evaluate(&model, &case.ids, &ablation, call).await?),
        };
        Ok(engine.keep(
            Tool::Text,
            &TextReading {
                prompt: case.sequence,
                tokens: case.ids.iter().map(|&id| tokens.text_of(id)).collect(),
                before: Reading::of(&before, &tokens),
                after: after.map(|after| Reading::of(&after, &tokens)),
                components: ablation.components(),
                label: label(&ablation),
                kinds: ablation.kinds(),
                token_ids: case.ids,
            },
        ))
    }

    /// Opens the model and loads all of it for the shown prompt and some more positions
    /// after it.
    pub async fn whole_model(
        engine: &Engine,
        settings: &Settings,
        more: usize,
        call: &Call,
    ) -> Result<(Rc<Open>, TokenizedPrompt), Problem> {
        let (set, open) = engine.begin(settings, call).await?;
        let case = shown_case(&set, settings)?;
        let mut need = study::need(std::slice::from_ref(&case), Depth::Logits);
        if more > 0 {
            need.positions = need.positions.max((case.ids.len() + more).min(open.config.n_ctx));
            // Any token may come next.
            need.tokens.extend(0..open.config.d_vocab as u32);
        }
        engine.fetch_needed(&open, &need, call).await?;
        Ok((open, case))
    }
}
