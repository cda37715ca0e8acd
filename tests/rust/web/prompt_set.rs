//! Settings become prompts: drawn words and texts of one's own.

use super::{keys, settings};
use crate::{fixtures, test};
use headscope::web::prompt_set::{PromptSet, PromptSetError};
use headscope::web::{Settings, link};

#[test]
fn a_free_text_is_one_prompt_whose_words_find_their_categories() {
    let (settings, _) = link::parse("text=The+cat+saw+a+horse+and+another+cat");
    let set = PromptSet::of(&settings, fixtures::tokens()).unwrap();
    assert_eq!(set.prompts.len(), 1);
    let case = &set.cases()[0];
    // "horse" looks back at "cat", and the second "cat" at "horse".
    assert_eq!(case.relations.targets().collect::<Vec<_>>(), [(5, 2), (8, 5)]);
}

#[test]
fn pieces_of_a_split_word_belong_to_no_category() {
    let set = PromptSet::of(&Settings::default(), fixtures::tokens()).unwrap();
    let dropped = &set.prompts[11];
    assert_eq!(dropped.dropped.as_deref(), Some("shelf splits into 2 tokens"));
    assert_eq!(dropped.relations.n(), dropped.tokenized.ids.len());
    assert!(dropped.relations.targets().all(|(q, k)| q > 2 && k > 2));
    assert_eq!(set.cases().len(), 22);
    assert_eq!(set.categories[5], "Animals");
}

#[test]
fn what_splits_into_too_many_tokens_is_refused_before_it_fills_the_memory() {
    let tokens = fixtures::tokens();
    // Rare signs take several tokens each.
    let (settings, problems) = link::parse(&format!("text={}", "\u{10FFFD}".repeat(4_500)));
    assert_eq!(problems, []);
    let refused = PromptSet::of(&settings, tokens);
    assert!(matches!(refused, Err(PromptSetError::TooLong { .. })), "{refused:?}");
    let row: Vec<String> = ["q", "x", "z"].iter().map(|letter| letter.repeat(99)).collect();
    let (settings, problems) = link::parse(&format!("words={}&cats=1&n=1&len=1023", row.join("%2C")));
    assert_eq!(problems, []);
    let refused = PromptSet::of(&settings, tokens);
    assert!(matches!(refused, Err(PromptSetError::TooLong { .. })), "{refused:?}");
    assert_eq!(keys(&format!("words={}", "w".repeat(101))), ["words"]);
}

#[test]
fn tokens_that_differ_are_never_one_word() {
    let tokens = fixtures::tokens();
    // Tab, line break, spaces, and the parts of an emoji: 0.1.0 took some of them for copies.
    let set =
        PromptSet::of(&settings("v=1&text=a%09b%0Dc%20%20%20d%F0%9F%91%A9%F0%9F%9A%80"), tokens).unwrap();
    let prompt = &set.prompts[0];
    let words = &prompt.words.words;
    for (i, word) in words.iter().enumerate() {
        assert!(!word.is_empty());
        for (k, other) in words.iter().enumerate() {
            let ids = &prompt.tokenized.ids;
            assert_eq!(word == other, ids[i + 1] == ids[k + 1], "{word:?} and {other:?}");
        }
    }
}
