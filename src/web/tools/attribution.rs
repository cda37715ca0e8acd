//! What every component of the model adds to the logit of a token of the shown prompt.

use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;

wire! {
    /// A logit, or a difference of two, by component.
    pub struct Attribution {
        /// The number of the prompt.
        pub prompt: usize,
        /// Where in it the token is predicted.
        pub position: usize,
        /// The token's id.
        pub token: u32,
        /// The other's; null for the mean over the vocabulary.
        pub against: Option<u32>,
        /// The first as it is shown.
        pub token_text: String,
        /// And the other.
        pub against_text: Option<String>,
        /// Of the residual stream after the last layer; the unembedding's bias is the last.
        pub components: Vec<String>,
        /// What each adds.
        pub parts: Vec<f64>,
        /// Their sum.
        pub difference: f64,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles {
    fits: |found| list(&found["components"]).len() == list(&found["parts"]).len(),
    ..InFiles::of(Attribution::SHAPE)
});

#[cfg(target_arch = "wasm32")]
pub(super) use crate::web::tools::text::cost;
#[cfg(target_arch = "wasm32")]
pub(super) use here::{asked_logit, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::Attribution;
    use crate::circuits::{LogitOf, attribute};
    use crate::web::models::call::Call;
    use crate::web::request::Study;
    use crate::web::tools::Tool;
    use crate::web::tools::text::whole_model;
    use crate::web::worker::Engine;
    use crate::web::{Problem, Settings};
    use wasm_bindgen::JsValue;

    /// The logit that the settings name, else the text's last token.
    pub fn asked_logit(settings: &Settings, ids: &[u32]) -> Option<LogitOf> {
        settings.logit.or_else(|| LogitOf::last_of(ids))
    }

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let (open, case) = whole_model(engine, &ask.settings, 0, call).await?;
        let tokens = engine.tokens_of(&open, &call.signal).await?;
        let of = asked_logit(&ask.settings, &case.ids).ok_or_else(|| {
            let next = "Write a longer text, or choose another prompt.";
            Problem::new("a text of one token has no next token to explain", "The settings are kept.", next)
        })?;
        call.stage("Attributing the logit");
        let found = attribute(&*open.model.lock().await, &case.ids, of, call).await?;
        Ok(engine.keep(
            Tool::Attribution,
            &Attribution {
                prompt: case.sequence,
                position: of.position,
                token: of.token,
                against: of.against,
                token_text: tokens.text_of(of.token),
                against_text: of.against.map(|id| tokens.text_of(id)),
                components: found.components,
                parts: found.parts,
                difference: found.difference,
            },
        ))
    }
}
