//! Links, settings and results files, without a browser.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use headscope::web::prompt_set::{PromptSet, PromptSetError};
use headscope::web::{Settings, link};

fn keys(hash: &str) -> Vec<String> {
    link::parse(hash).1.into_iter().map(|problem| problem.key).collect()
}

#[test]
fn defaults_are_left_out_but_the_model_never_is() {
    assert_eq!(link::format(&Settings::default()), "v=1&model=gpt2");
    assert_eq!(link::parse("#v=1"), (Settings::default(), vec![]));
    assert_eq!(link::parse(""), (Settings::default(), vec![]));
}

#[test]
fn every_setting_survives_a_round_trip() {
    let hash = "v=1&model=http%3A%2F%2Flocalhost%3A8000%2Fa&seed=4294967295&n=7&len=9&cats=2&\
        words=a%2Cb%0Ac%2Cd%0A&text=Caf%C3%A9+%26+%23%3D&head=L3H2&prompt=6&metric=surprisal&kind=zero&view=x&run=all";
    let (settings, problems) = link::parse(hash);
    assert_eq!(problems, []);
    assert_eq!(settings.text.as_deref(), Some("Café & #="));
    assert_eq!(settings.words.as_deref(), Some("a,b\nc,d\n"));
    assert_eq!(link::format(&settings), hash);
}

#[test]
fn bad_values_are_named_and_their_defaults_used() {
    for (key, value) in [
        ("model", "ftp://x"),
        ("model", "http://"),
        ("model", "https://user:secret@host/x"),
        ("seed", "-1"),
        ("seed", "4294967296"),
        ("seed", "1e3"),
        ("n", "0"),
        ("n", "501"),
        ("len", "many"),
        ("cats", "11"),
        ("words", "a,b\nc"),
        ("words", ""),
        ("text", " "),
        ("head", "5"),
        ("prompt", "99"),
        ("metric", "mean"),
        ("kind", "<script>"),
        ("run", "some"),
    ] {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let (settings, problems) = link::parse(&format!("v=1&{key}={encoded}"));
        assert_eq!(problems.len(), 1, "{key}={value}: {problems:?}");
        assert_eq!(problems[0].key, key);
        assert!(problems[0].message.starts_with(key), "{}", problems[0].message);
        if key != "prompt" {
            assert_eq!(settings, Settings::default(), "{key}={value}");
        }
    }
    assert_eq!(keys("v=2"), ["v"]);
    assert_eq!(keys("v=1&unknown=1&=&&%zz"), [] as [&str; 0]);
    assert_eq!(keys("seed=x&n=x&len=12"), ["seed", "n"]);
}

#[test]
fn values_that_do_not_go_together_are_put_right() {
    let (settings, problems) = link::parse("n=500&len=1000");
    assert_eq!(problems[0].key, "n");
    assert_eq!(settings.len, 1000, "what was asked for is kept where it can be");
    assert!(settings.n >= 1);
    // A short draw has no prompt 1, which is the default and nobody's mistake.
    let (settings, problems) = link::parse("n=1");
    assert_eq!((settings.prompt, problems.len()), (0, 0));
}

#[test]
fn hostile_links_end_in_words_not_in_panics() {
    let long = "x".repeat(100_000);
    for hash in [
        "#",
        "#&&&===",
        "#v=%FF%FE&seed=%00",
        "#words=%22%22%22%0A%22",
        "#head=L18446744073709551616H0",
        "#n=99999999999999999999&len=%F0%9F%98%80",
        &format!("#text={long}"),
        &format!("#words={}", "a%2C".repeat(50_000)),
        &format!("#view={long}"),
    ] {
        let (settings, _) = link::parse(hash);
        let again = link::parse(&link::format(&settings));
        assert_eq!(again.0, settings);
    }
}

#[test]
fn what_splits_into_too_many_tokens_is_refused_before_it_fills_the_memory() {
    let tokens = common::tokens();
    // Rare signs take several tokens each.
    let (settings, problems) = link::parse(&format!("text={}", "\u{10FFFD}".repeat(4_500)));
    assert_eq!(problems, []);
    let refused = PromptSet::of(&settings, &tokens);
    assert!(matches!(refused, Err(PromptSetError::TooLong { .. })), "{refused:?}");
    let row: Vec<String> = ["q", "x", "z"].iter().map(|letter| letter.repeat(99)).collect();
    let (settings, problems) = link::parse(&format!("words={}&cats=1&n=1&len=1023", row.join("%2C")));
    assert_eq!(problems, []);
    let refused = PromptSet::of(&settings, &tokens);
    assert!(matches!(refused, Err(PromptSetError::TooLong { .. })), "{refused:?}");
    assert_eq!(keys(&format!("words={}", "w".repeat(101))), ["words"]);
}

#[test]
fn a_free_text_is_one_prompt_whose_words_find_their_categories() {
    let (settings, _) = link::parse("text=The+cat+saw+a+horse+and+another+cat");
    let set = PromptSet::of(&settings, &common::tokens()).unwrap();
    assert_eq!(set.prompts.len(), 1);
    let case = &set.cases()[0];
    // "horse" looks back at "cat", and the second "cat" at "horse".
    assert_eq!(case.relations.targets().collect::<Vec<_>>(), [(5, 2), (8, 5)]);
}

#[test]
fn a_word_that_splits_only_without_its_space_keeps_its_category_later() {
    let tokens = common::tokens();
    let words = headscope::prompts::WordSequence {
        words: ["shelf", "dog", "shelf", "bed"].map(str::to_owned).to_vec(),
        categories: vec![Some(0), Some(1), Some(0), Some(0)],
    };
    let tokenized = tokens.tokenize(&words).unwrap();
    assert_eq!(tokenized.word_of, [None, Some(0), Some(0), Some(1), Some(2), Some(3)]);
}

#[test]
fn pieces_of_a_split_word_belong_to_no_category() {
    let set = PromptSet::of(&Settings::default(), &common::tokens()).unwrap();
    let dropped = &set.prompts[11];
    assert_eq!(dropped.dropped.as_deref(), Some("shelf splits into 2 tokens"));
    assert_eq!(dropped.relations.n(), dropped.tokenized.ids.len());
    assert!(dropped.relations.targets().all(|(q, k)| q > 2 && k > 2));
    assert_eq!(set.cases().len(), 22);
    assert_eq!(set.categories[5], "dog …");
}

#[test]
fn pinned_heads_are_heads_each_of_them_once() {
    let (settings, problems) = link::parse("v=1&pins=L1H5,L0H3,L1H5");
    assert_eq!(settings.pins.as_deref(), Some("L1H5,L0H3"));
    assert_eq!(problems, []);
    assert_eq!(settings.pinned_heads().len(), 2);
    let (settings, problems) = link::parse("v=1&pins=L1H5,here");
    assert_eq!((settings.pins, problems[0].key.as_str()), (None, "pins"));
    let many: Vec<String> = (0..13).map(|head| format!("L0H{head}")).collect();
    let (settings, problems) = link::parse(&format!("pins={}", many.join(",")));
    assert!(settings.pins.is_none() && problems[0].message.contains("more than 12"));
}
