//! A file's prompts, which have to be those that its settings draw.

use super::{Result, bad, field};
use crate::prompts::WordSequence;
use crate::tokens::{Tokenized, Tokens, shown};
use crate::web::Settings;
use crate::web::prompt_set::{Fed, LONGEST, Prompt, PromptSet, PromptSetError};
use crate::web::results::file;
use crate::web::results::shape::{Shape, Shaped, count, list, text};
use serde_json::Value;

const SHAPE: &Shape = Vec::<file::Prompt>::SHAPE;

/// Texts that a file was made of. Earlier versions took lines for one text: a file with one
/// prompt of several lines is opened as it was saved. Of one line and empty ones around it
/// only the tokens tell which it was.
pub(super) fn texts<'a>(file: &Value, settings: &'a Settings, tokens: &Tokens) -> Vec<&'a str> {
    let lines = settings.texts();
    match (settings.text.as_deref(), list(&file["prompts"])) {
        (Some(whole), [prompt]) if lines.len() != 1 || spell(&ids_of(prompt), whole, tokens) => vec![whole],
        _ => lines,
    }
}

fn ids_of(prompt: &Value) -> Vec<u32> {
    list(&prompt["token_ids"]).iter().map(|id| count(id) as u32).collect()
}

/// Whether tokens are beginning of text and a text, however it is split.
fn spell(ids: &[u32], text: &str, tokens: &Tokens) -> bool {
    ids.split_first().is_some_and(|(bos, rest)| {
        *bos == tokens.bos() && rest.iter().all(|id| tokens.has(*id)) && tokens.decode(rest) == text
    })
}

/// The prompts that the settings draw. Their tokens are made anew where GPT-2's
/// tokenizer made them; those of a model's own stand in the file alone. Tokens of a text
/// only have to spell it: earlier versions read `<|endoftext|>` letter by letter.
pub(super) fn read(file: &Value, settings: &Settings, tokens: &Tokens) -> Result<PromptSet> {
    let own = file["model"]["tokenizer_sha256"].is_string();
    let given = field(file, "prompts", SHAPE)?.map_or(&[][..], list);
    let read = |i: usize, fed: Fed<'_>| {
        let prompt = given.get(i);
        Ok(match (fed, prompt) {
            (Fed::Text(text), Some(prompt)) if !own => {
                let ids = ids_of(prompt);
                if spell(&ids, text, tokens) {
                    tokens.text_of_ids(ids)
                } else {
                    tokens.tokenize_text(text)?
                }
            }
            (_, Some(prompt)) if own => {
                let texts = list(&prompt["tokens"]).iter().map(|token| shown(text(token).as_bytes()));
                let word_of =
                    list(&prompt["word_of"]).iter().map(|word| (!word.is_null()).then(|| count(word)));
                let (texts, word_of): (Vec<_>, Vec<_>) = (texts.collect(), word_of.collect());
                let nothing = WordSequence { words: Vec::new(), categories: Vec::new() };
                let (words, last) = match fed {
                    Fed::Text(_) => (&nothing, texts.len()),
                    Fed::Words(words) => (words, words.words.len()),
                };
                let ids = ids_of(prompt);
                let rest = word_of.get(1..).unwrap_or_default();
                // Each word looks for its tokens among all of them.
                let fits = texts.len() <= LONGEST
                    && texts.len() == ids.len()
                    && word_of.len() == ids.len()
                    && word_of.first() == Some(&None)
                    && rest.iter().all(|word| word.is_some_and(|word| word < last))
                    && rest.is_sorted();
                if !fits {
                    return Err(PromptSetError::OtherTokens(i));
                }
                Tokenized::of_words(words, ids, texts, word_of)
            }
            (Fed::Text(text), _) => tokens.tokenize_text(text)?,
            (Fed::Words(words), _) => tokens.tokenize(words)?,
        })
    };
    PromptSet::read_by(settings, &texts(file, settings, tokens), read)
        .or_else(|error| bad("settings", format!("fail: {error}")))
}

/// Whether they are what the file says that they are.
pub(super) fn check(file: &Value, settings: &Settings, drawn: &PromptSet) -> Result<()> {
    let Some(prompts) = field(file, "prompts", SHAPE)?.map(list) else {
        return bad("prompts", "are missing");
    };
    if prompts.len() != drawn.prompts.len() {
        let (found, expected) = (prompts.len(), drawn.prompts.len());
        return bad("prompts", format!("are {found}, and its settings draw {expected}"));
    }
    let differs = |(i, (file, drawn)): (usize, (&Value, &Prompt))| {
        // The words of a text are its tokens, whose looks are this version's.
        let other_words = !list(&file["words"]).iter().map(text).eq(&drawn.words.words);
        let row = |row: &Value| (!row.is_null()).then(|| count(row));
        let other_rows =
            !list(&file["categories"]).iter().map(row).eq(drawn.words.categories.iter().copied());
        (other_words && settings.text.is_none())
            || other_rows
            || count(&file["sequence"]) != i
            || !list(&file["token_ids"]).iter().map(count).eq(drawn
                .tokenized
                .ids
                .iter()
                .map(|id| *id as usize))
            || file["kept"] != drawn.dropped.is_none()
    };
    match prompts.iter().zip(&drawn.prompts).enumerate().position(differs) {
        Some(i) => bad("prompts", format!("are not those that its settings draw: number {i} differs")),
        None => Ok(()),
    }
}
