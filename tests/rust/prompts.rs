//! The seeded draw against numpy's and pandas' (tests/fixtures/prompts.json and
//! ragged.json, data/gpt2/notebook.json), the word table's errors, and relations.

use crate::fixtures::{self, integers, json, strings, tokens};
use crate::test;
use headscope::prompts::{
    DrawError, DrawSettings, Relation, Relations, WordTable, WordTableError, draw, lines,
};

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
fn rows_of_unequal_length_are_drawn_from_as_pandas_draws_from_each_alone() {
    let cases = json("tests/fixtures/ragged.json")["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let number = |key: &str| case[key].as_u64().unwrap();
        let rows: Vec<Vec<String>> = case["table"].as_array().unwrap().iter().map(strings).collect();
        let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
        assert!(lengths.iter().any(|length| *length != lengths[0]));
        let settings = DrawSettings {
            seed: number("seed").try_into().unwrap(),
            sequences: number("sequences") as usize,
            length: number("length") as usize,
            categories: number("categories") as usize,
        };
        let table = WordTable::from_rows(rows).unwrap();
        let drawn = draw(&table, &settings).unwrap();
        assert_eq!(drawn.len(), settings.sequences);
        for (i, sequence) in drawn.iter().enumerate() {
            assert_eq!(sequence.words, strings(&case["words"][i]), "seed {}", settings.seed);
            let categories: Vec<usize> = sequence.categories.iter().map(|c| c.unwrap()).collect();
            assert_eq!(categories, integers(&case["category_index"][i]));
        }
        // Names are not drawn.
        let named = table.to_csv().lines().map(|row| format!("Name:,{row}\n")).collect::<String>();
        assert_eq!(draw(&WordTable::from_csv(&named).unwrap(), &settings).unwrap(), drawn);
    }
}

#[test]
fn a_dropped_sequence_says_which_word_splits() {
    let (_, tokenized) = fixtures::notebook_prompts().swap_remove(11);
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
    let table =
        WordTable::from_csv("\"ice, cream\" ,say\n\n\"a \"\"b\"\"\",c,d\nDays :,Monday\n:,;\n").unwrap();
    assert_eq!(table.rows()[0][0], "ice, cream");
    assert_eq!(table.rows()[1], ["a \"b\"", "c", "d"]);
    assert_eq!(table.rows()[2], ["Monday"]);
    assert_eq!(table.rows()[3], [":", ";"], "a colon alone is a word");
    assert_eq!(table.names(), [None, None, Some("Days".to_owned()), None]);
    assert_eq!(table.labels(), ["ice, cream …", "a \"b\" …", "Days", ": …"]);
    assert_eq!(WordTable::from_csv(&table.to_csv()).unwrap(), table);
    let notebook = WordTable::notebook();
    assert_eq!(WordTable::from_csv(&notebook.to_csv()).unwrap(), notebook);
    // Words with other separators in them, alone in their rows or beside longer ones, and
    // first words that files of another kind begin with.
    for rows in [
        &[&["a;b"][..], &["c;d"]][..],
        &[&["a|b", "x"], &["c|d"], &["e|f"]],
        &[&["5\" nail"], &["it's"]],
        &[&["<html", "b"], &["c"]],
        &[&["sep=;"], &["a", "b"]],
        &[&["\u{FEFF}a"], &["b"]],
        &[&["{ a"], &["\""]],
    ] {
        let rows = rows.iter().map(|row| row.iter().map(|&word| word.to_owned()).collect()).collect();
        let table = WordTable::from_rows(rows).unwrap();
        assert_eq!(WordTable::from_csv(&table.to_csv()).unwrap(), table, "{}", table.to_csv());
    }
}

#[test]
fn the_built_in_table_has_names() {
    let names = "Weekdays Colours Years Pronouns Countries Animals Numbers Vehicles Furniture Water";
    assert_eq!(WordTable::notebook().labels().join(" "), names);
    assert!(WordTable::notebook().rows().iter().all(|row| row.len() == 6));
}

#[test]
fn any_usual_separator_is_read() {
    let table =
        WordTable::from_csv("Days:,Monday,Tuesday,Friday\nred,blue\n\"New York\",Rome,Oslo\n").unwrap();
    for (separator, also) in [(";", ""), ("\t", ""), ("|", ""), (";", ";;;"), (",", ",,"), ("; ", " ")] {
        let text = format!(
            "Days:{separator}Monday{separator}Tuesday{separator}Friday{also}\r\nred{separator}blue{also}\r\n\
             \"New York\"{separator}Rome{separator}Oslo{also}\r\n"
        );
        assert_eq!(WordTable::from_csv(&text).unwrap(), table, "{text:?}");
        assert_eq!(WordTable::from_csv(&format!("\u{FEFF}{text}")).unwrap(), table, "{text:?}");
    }
    assert_eq!(WordTable::from_csv("sep=;\r\na;b\r\nc;d\r\n").unwrap().to_csv(), "a,b\nc,d\n");
    // A comma within some words is not what separates them, and the other way round.
    let decimal = WordTable::from_csv("1,5;2,5;3\nx;y;z\n").unwrap();
    assert_eq!(decimal.rows()[0], ["1,5", "2,5", "3"]);
    let smileys = WordTable::from_csv(";),:|\na;b,c\n").unwrap();
    assert_eq!(smileys.rows(), [[";)", ":|"], ["a;b", "c"]]);
}

#[test]
fn bad_word_tables_name_the_culprit() {
    let error = |csv: &str| WordTable::from_csv(csv).unwrap_err();
    assert_eq!(error(""), WordTableError::Empty);
    assert_eq!(error("\n,,\n"), WordTableError::Empty);
    assert_eq!(error("a,b\nDays:,\n"), WordTableError::NoWords { row: 2 });
    assert_eq!(error("a,b\nc, ,d\n"), WordTableError::EmptyWord { row: 2, column: 2 });
    assert_eq!(
        error("a,b\nc,a\n"),
        WordTableError::TwoCategories { word: "a".to_owned(), first: 1, second: 2 }
    );
    assert_eq!(error("a,b\nc,c\n"), WordTableError::Repeated { word: "c".to_owned(), row: 2 });
    assert_eq!(error(&"w,".repeat(30_000)), WordTableError::TooLarge);
    let long = "w".repeat(101);
    assert_eq!(error(&format!("a,{long}\n")).to_string(), "row 1, word 2 is longer than 100 bytes");
    assert_eq!(error(&format!("{long}:,a\n")).to_string(), "the name of row 1 is longer than 100 bytes");
}

#[test]
fn what_is_no_table_is_called_so() {
    let error = |csv: &str| WordTable::from_csv(csv).unwrap_err().to_string();
    for (text, what) in [
        ("<!DOCTYPE html>\n<title>a, b</title>", "a web page"),
        ("  <html lang=\"en\"><p>a,b", "a web page"),
        ("<?xml version=\"1.0\"?><a/>", "a web page"),
        ("{\"schema\": \"headscope-settings/1\", \"a\": 1}", "JSON"),
        ("[[\"a\", \"b\"], [\"c\", \"d\"]]", "JSON"),
        ("%PDF-1.7\n1,2", "a PDF"),
        ("PNG\u{1a}\n\0\0\0,IHDR", "a file of another kind, such as a picture"),
        ("a\0,\0b\0\n\0", "a file of another kind, such as a picture"),
    ] {
        assert_eq!(error(text), format!("this is not CSV but {what}"));
    }
    for (text, row) in
        [("a,b\n\"c,d\ne,f\n", 2), ("\"a;b;c", 1), ("a,\"b\n\"\"c\"\"\n", 1), ("a\tb\nc\t\"d\n", 2)]
    {
        assert_eq!(error(text), format!("this is not CSV: a quote that opens in row {row} is never closed"));
    }
    for (text, place) in [
        ("caf\u{FFFD},tea", "row 1, word 1"),
        ("a,b\nc,na\u{FFFD}ve", "row 2, word 2"),
        ("\u{FFFD}:,a", "the name of row 1"),
    ] {
        assert_eq!(error(text), format!("{place} holds � where letters could not be read"));
    }
    assert_eq!(error("a,\"b\nc\"\nd,e"), "row 1, word 2 holds a line break");
    assert_eq!(error("a,b\u{7}"), "row 1, word 2 holds a control character");
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

#[test]
fn a_text_of_several_lines_is_several_prompts() {
    let text = " 24 green\n\r\nThe cat \rsat\n \n";
    assert_eq!(lines(text).collect::<Vec<_>>(), [" 24 green", "The cat ", "sat", " "]);
    assert_eq!(lines("one").collect::<Vec<_>>(), ["one"]);
    assert_eq!(lines("\r\n").count(), 0);
}
