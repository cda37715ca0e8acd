//! The seeded draw against numpy's and pandas' (tests/fixtures/prompts.json and
//! data/gpt2/notebook.json), and the word table's errors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use common::{integers, json, read, strings, tokens};
use headscope::prompts::{DrawError, DrawSettings, Relation, Relations, WordTable, WordTableError, draw};
use headscope::tokens::{BOS, Tokens, TokensError};

#[test]
fn draws_the_reference_prompts_token_for_token() {
    let tokens = tokens();
    let table = WordTable::notebook();
    let mut cases = json("tests/fixtures/prompts.json")["cases"].as_array().unwrap().clone();
    let mut notebook = json("data/gpt2/notebook.json");
    notebook["length"] = 12.into();
    notebook["categories"] = notebook["categories_per_sequence"].clone();
    cases.push(notebook);
    for case in cases {
        let number = |key: &str| case[key].as_u64().unwrap();
        let settings = DrawSettings {
            seed: number("seed").try_into().unwrap(),
            sequences: number("sequences") as usize,
            length: number("length") as usize,
            categories: number("categories") as usize,
        };
        let drawn = draw(&table, &settings).unwrap();
        assert_eq!(drawn.len(), settings.sequences);
        let mut kept = Vec::new();
        for (i, sequence) in drawn.iter().enumerate() {
            assert_eq!(sequence.words, strings(&case["words"][i]), "seed {}", settings.seed);
            let categories: Vec<usize> = sequence.categories.iter().map(|c| c.unwrap()).collect();
            assert_eq!(categories, integers(&case["category_index"][i]));
            let tokenized = tokens.tokenize(sequence).unwrap();
            let ids: Vec<usize> = tokenized.ids.iter().map(|&id| id as usize).collect();
            assert_eq!(ids, integers(&case["token_ids"][i]));
            if tokenized.dropped_because(settings.length).is_none() {
                kept.push(i);
            }
        }
        assert_eq!(kept, integers(&case["kept_sequences"]));
    }
}

#[test]
fn a_dropped_sequence_says_which_word_splits() {
    let (_, tokenized) = common::notebook_prompts().swap_remove(11);
    assert_eq!(tokenized.dropped_because(12).unwrap(), "shelf splits into 2 tokens");
    assert_eq!(tokenized.splits[0].tokens, ["she", "lf"]);
    assert_eq!(tokenized.texts[..4], ["<|endoftext|>", "she", "lf", " sofa"]);
}

#[test]
fn a_table_with_too_few_rows_is_refused() {
    let table = WordTable::from_csv("a,b\nc,d\n").unwrap();
    let settings = DrawSettings { categories: 3, ..DrawSettings::default() };
    assert_eq!(draw(&table, &settings), Err(DrawError::TooFewRows { asked: 3, rows: 2 }));
    assert_eq!(draw(&table, &DrawSettings { categories: 0, ..settings }), Err(DrawError::NoCategory));
}

#[test]
fn word_tables_survive_a_round_trip() {
    let table = WordTable::from_csv("\"ice, cream\" ,say\n\n\"a \"\"b\"\"\",c\n").unwrap();
    assert_eq!(table.rows()[0][0], "ice, cream");
    assert_eq!(table.rows()[1][0], "a \"b\"");
    assert_eq!(WordTable::from_csv(&table.to_csv()).unwrap(), table);
    let notebook = WordTable::notebook();
    assert_eq!(WordTable::from_csv(&notebook.to_csv()).unwrap(), notebook);
}

#[test]
fn bad_word_tables_name_the_culprit() {
    let error = |csv: &str| WordTable::from_csv(csv).unwrap_err();
    assert_eq!(error(""), WordTableError::Empty);
    assert_eq!(error("\n,,\n"), WordTableError::Empty);
    assert_eq!(error("a,b\nc\n"), WordTableError::Ragged { row: 2, found: 1, expected: 2 });
    assert_eq!(error("a,b\nc, \n"), WordTableError::EmptyWord { row: 2, column: 2 });
    assert_eq!(
        error("a,b\nc,a\n"),
        WordTableError::TwoCategories { word: "a".to_owned(), first: 1, second: 2 }
    );
    assert_eq!(error("a,b\nc,c\n"), WordTableError::Repeated { word: "c".to_owned(), row: 2 });
    assert_eq!(error(&"w,".repeat(30_000)), WordTableError::TooLarge);
}

#[test]
fn packed_merges_are_the_published_ones() {
    let (published, packed) = (tokens(), Tokens::from_packed(&read("data/tokenizer/merges.bin")).unwrap());
    for id in 0..=BOS {
        assert_eq!(packed.text_of(id), published.text_of(id));
    }
    let text = "Naïve motorbikes' 1234 ☕ don't\n\n  split <|endoftext|>";
    assert_eq!(packed.encode(text), published.encode(text));
    assert!(matches!(Tokens::from_packed(&[0, 1, 255, 0]), Err(TokensError::BadMerge { line: 2 })));
}

#[test]
fn relations_follow_their_definition() {
    let sequence = headscope::prompts::WordSequence {
        words: ["red", "dog", "red", "blue"].map(str::to_owned).to_vec(),
        categories: vec![Some(0), Some(1), Some(0), Some(0)],
    };
    let relations = Relations::of(&sequence);
    use Relation::{Bos, Itself, Masked, Other, SameCategory, SameWord};
    let expected = [
        [Bos, Masked, Masked, Masked, Masked],
        [Bos, Itself, Masked, Masked, Masked],
        [Bos, Other, Itself, Masked, Masked],
        [Bos, SameWord, Other, Itself, Masked],
        [Bos, SameCategory, Other, SameCategory, Itself],
    ];
    assert_eq!(relations.cells(), expected.as_flattened());
    assert_eq!(relations.targets().collect::<Vec<_>>(), [(4, 1), (4, 3)]);
}
