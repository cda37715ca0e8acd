//! Texts: what GPT-2's tokenizer makes of them says them again, in every form of it.

use super::holds;
use crate::fixtures::{read, tokens};
use headscope::prompts::WordSequence;
use headscope::tokens::Tokens;
use headscope::web::results::import::{self, SETTINGS_SCHEMA};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

/// Letters, digits, signs and spaces of all kinds, and the token that ends a text.
const TEXT: &str = "([a-z]{1,6}| |\\PC|[\t\n\r\u{a0}\u{3000}]|'(s|t|ll)|[0-9]{1,4}|<\\|endoftext\\|>){0,30}";

#[test]
fn packed_merges_read_every_text_as_the_written_ones_do() {
    let packed = Tokens::from_packed(&read("data/tokenizer/merges.bin")).unwrap();
    holds(file!(), 500, &TEXT, |text| {
        let ids = tokens().encode(&text).unwrap();
        prop_assert_eq!(&packed.encode(&text).unwrap(), &ids);
        prop_assert_eq!(tokens().decode(&ids[1..]), text);
        Ok(())
    });
}

#[test]
fn every_token_belongs_to_a_word_in_their_order() {
    let words = vec("[a-zA-Z]{1,12}|\\PC{1,4}|[0-9]{1,6}|'s|<\\|endoftext\\|>", 1..12);
    let words = words.prop_map(|words| {
        words.into_iter().filter(|word| !word.contains(char::is_whitespace)).collect::<Vec<_>>()
    });
    holds(file!(), 500, &words, |words| {
        prop_assume!(!words.is_empty());
        let categories = vec![None; words.len()];
        let sequence = WordSequence { words, categories };
        let tokenized = tokens().tokenize(&sequence).unwrap();
        let n = sequence.words.len();
        prop_assert_eq!(&tokenized.ids, &tokens().encode(&sequence.text()).unwrap());
        prop_assert_eq!(tokenized.texts.len(), tokenized.ids.len());
        prop_assert_eq!(tokenized.word_of.len(), tokenized.ids.len());
        prop_assert_eq!(tokenized.word_of[0], None);
        let rest: Vec<usize> = tokenized.word_of[1..].iter().map(|word| word.unwrap()).collect();
        prop_assert!(rest.is_sorted() && rest.iter().all(|word| *word < n), "{:?}", rest);
        let reason = tokenized.dropped_because(n);
        prop_assert_eq!(reason.is_none(), tokenized.ids.len() == n + 1);
        for split in &tokenized.splits {
            prop_assert!(split.tokens.len() > 1 && sequence.words.contains(&split.word));
        }
        Ok(())
    });
}

#[test]
fn results_of_every_text_are_read_back_as_they_were_written() {
    holds(file!(), 400, &TEXT, |text| {
        let settings = json!({ "model": "tiny", "text": text });
        let file = json!({ "schema": SETTINGS_SCHEMA, "build": "", "settings": settings });
        // A text without a letter is none, and one may be too long.
        let Ok(results) = import::read(&file, tokens()) else { return Ok(()) };
        let written = results.to_json();
        let again = import::read(&written, tokens());
        prop_assert_eq!(again.map(|again| again.to_json()).ok(), Some(written));
        Ok(())
    });
}
