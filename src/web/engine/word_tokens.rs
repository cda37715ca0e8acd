//! Which words are single tokens.

use super::super::Problem;
use super::super::js::{from_js, property, to_js};
use super::Engine;
use crate::tokens::Tokens;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[wasm_bindgen]
impl Engine {
    /// The tokens of each of `{words}`, after a space as within a prompt and without
    /// one as at its start: `[{after_space, at_start}]`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn word_tokens(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let words: Vec<String> = from_js(property(&args, "words"))?;
        let tokens = self.tokens(&signal).await?;
        let of = |word: &String| tokens_of(word, &tokens);
        Ok(to_js(&words.iter().map(of).collect::<Result<Vec<Value>, Problem>>()?))
    }
}

fn tokens_of(word: &str, tokens: &Tokens) -> Result<Value, Problem> {
    let texts = |text: &str| -> Result<Vec<String>, Problem> {
        let ids = tokens.encode(text).map_err(Problem::bug)?;
        Ok(ids[1..].iter().map(|&id| tokens.text_of(id)).collect())
    };
    Ok(json!({ "after_space": texts(&format!(" {word}"))?, "at_start": texts(word)? }))
}
