//! What every component of the model adds to the logit of a token of the shown prompt.

use crate::circuits::{self, LogitOf};
use crate::tokens::Tokens;
use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;
use crate::web::{Problem, Settings};

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

/// The logit that the settings name, else the text's last token.
#[must_use]
pub fn asked_logit(settings: &Settings, ids: &[u32]) -> Option<LogitOf> {
    settings.logit.or_else(|| LogitOf::last_of(ids))
}

/// The same where there has to be one.
///
/// # Errors
///
/// A [`Problem`] if the text has no next token.
pub fn needed_logit(settings: &Settings, ids: &[u32]) -> Result<LogitOf, Problem> {
    asked_logit(settings, ids).ok_or_else(|| {
        let next = "Write a longer text, or choose another prompt.";
        Problem::new("a text of one token has no next token to explain", "The settings are kept.", next)
    })
}

impl Attribution {
    /// As the page is given it, of a prompt by its number.
    #[must_use]
    pub fn of(found: circuits::Attribution, of: LogitOf, prompt: usize, tokens: &Tokens) -> Self {
        Self {
            prompt,
            position: of.position,
            token: of.token,
            against: of.against,
            token_text: tokens.text_of(of.token),
            against_text: of.against.map(|id| tokens.text_of(id)),
            components: found.components,
            parts: found.parts,
            difference: found.difference,
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use crate::web::tools::text::cost;
#[cfg(target_arch = "wasm32")]
pub(super) use here::run;

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{Attribution, needed_logit};
    use crate::circuits::attribute;
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
        let of = needed_logit(&ask.settings, &case.ids)?;
        call.stage("Attributing the logit");
        let found = attribute(&*open.model.lock().await, &case.ids, of, call).await?;
        Ok(engine.keep(Tool::Attribution, &Attribution::of(found, of, case.sequence, &tokens)))
    }
}
