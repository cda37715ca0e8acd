//! Which words are single tokens.

use super::Engine;
use crate::prompts::WordTable;
use crate::tokens::Tokens;
use crate::web::js::to_js;
use crate::web::models::call::Call;
use crate::web::payload::WordTokens;
use crate::web::{Problem, Settings};
use wasm_bindgen::JsValue;

impl Engine {
    /// The tokens of each of these words, after a space as within a prompt and without
    /// one as at its start.
    pub(super) async fn word_tokens(&self, words: &[String], call: &Call) -> Result<JsValue, Problem> {
        let settings = self.results.borrow().settings.clone();
        // Words beyond the built-in ones take the whole tokenizer, as an own table does.
        let built_in = WordTable::notebook();
        let known = words.iter().all(|word| built_in.category_of(word).is_some());
        let words_of = if known { None } else { Some(String::new()) };
        let settings = Settings { words: words_of, text: None, ..settings };
        let (tokens, _) = self.tokens_for(&settings, &call.signal).await?;
        let of = |word: &String| tokens_of(word, &tokens);
        Ok(to_js(&words.iter().map(of).collect::<Result<Vec<WordTokens>, Problem>>()?))
    }
}

fn tokens_of(word: &str, tokens: &Tokens) -> Result<WordTokens, Problem> {
    let texts = |text: &str| -> Result<Vec<String>, Problem> {
        let ids = tokens.encode(text)?;
        Ok(ids[1..].iter().map(|&id| tokens.text_of(id)).collect())
    };
    Ok(WordTokens { after_space: texts(&format!(" {word}"))?, at_start: texts(word)? })
}
