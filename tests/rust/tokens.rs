//! GPT-2's tokenizer and models' own, held to Hugging Face's ids
//! (tests/fixtures/tokenizers/reference.py); and how tokens are shown.

use crate::fixtures::{self, integers, json, read, strings, tokens};
use crate::test;
use headscope::prompts::{DrawSettings, WordSequence, WordTable, draw};
use headscope::tokens::{BOS, Hints, Tokens, TokensError, shown};
use serde_json::{Value, json as value};
use std::collections::HashSet;

const FOLDER: &str = "tests/fixtures/tokenizers";

/// As many rows as the small tokenizer has tokens.
const HINTS: Hints<'static> = Hints { bos: None, eos: &[], rows: 323 };

fn own(change: impl FnOnce(&mut Value), hints: &Hints<'_>) -> Result<Tokens, TokensError> {
    let mut file = json(&format!("{FOLDER}/own.json"));
    change(&mut file);
    Tokens::from_tokenizer_json(file.to_string().as_bytes(), hints)
}

fn files(hints: &Hints<'_>) -> Tokens {
    let (vocab, merges) = (read(&format!("{FOLDER}/vocab.json")), read(&format!("{FOLDER}/merges.txt")));
    Tokens::from_vocab_and_merges(&vocab, std::str::from_utf8(&merges).unwrap(), hints).unwrap()
}

/// The ids of a text after its beginning.
fn ids(tokens: &Tokens, text: &str) -> Vec<usize> {
    let ids = tokens.encode(text).unwrap();
    assert_eq!(ids[0], tokens.bos());
    ids[1..].iter().map(|&id| id as usize).collect()
}

#[test]
fn every_text_is_read_as_hugging_face_reads_it() {
    let reference = json(&format!("{FOLDER}/reference.json"));
    let no_space = |file: &mut Value| file["pre_tokenizer"]["add_prefix_space"] = false.into();
    let no_regex = |file: &mut Value| {
        no_space(file);
        file["pre_tokenizer"]["use_regex"] = false.into();
    };
    // The older way to write merges, and a sequence of one.
    let older = |file: &mut Value| {
        let merges = file["model"]["merges"].as_array_mut().unwrap();
        merges.iter_mut().for_each(|pair| *pair = strings(pair).join(" ").into());
        let only = file["pre_tokenizer"].take();
        file["pre_tokenizer"] = value!({ "type": "Sequence", "pretokenizers": [only] });
        file["model"].as_object_mut().unwrap().remove("type");
    };
    let read = [
        ("gpt2", tokens()),
        ("own", &own(|_| (), &HINTS).unwrap()),
        ("own", &own(older, &HINTS).unwrap()),
        ("no-prefix-space", &own(no_space, &HINTS).unwrap()),
        ("no-regex", &own(no_regex, &HINTS).unwrap()),
    ];
    for (name, tokens) in &read {
        for (text, theirs) in
            strings(&reference["texts"]).iter().zip(reference["ids"][name].as_array().unwrap())
        {
            assert_eq!(ids(tokens, text), integers(theirs), "{name}: {text:?}");
        }
    }
}

#[test]
fn the_two_files_of_older_models_read_as_the_one() {
    let tokens = files(&HINTS);
    let same = own(|file| file["pre_tokenizer"]["add_prefix_space"] = false.into(), &HINTS).unwrap();
    for text in ["el perro rojo", " y el gato azul", "la niña, 1999"] {
        assert_eq!(ids(&tokens, text), ids(&same, text));
    }
    assert_eq!(tokens.text_of(tokens.bos()), "<s>");
}

#[test]
fn endoftext_is_one_token_wherever_it_stands() {
    let tokens = tokens();
    let eot = BOS as usize;
    assert_eq!(ids(tokens, "<|endoftext|>"), [eot]);
    assert_eq!(ids(tokens, "a<|endoftext|>b"), [64, eot, 65]);
    assert_eq!(ids(tokens, "<|endoftext|><|endoftext|>"), [eot, eot]);
    assert_eq!(ids(tokens, "<|endoftext|").len(), 6);
    // As a word of a table: first in a prompt it is one token, after a space two.
    let sequence = |words: [&str; 3]| WordSequence {
        words: words.map(str::to_owned).to_vec(),
        categories: vec![Some(0); 3],
    };
    let first = tokens.tokenize(&sequence(["<|endoftext|>", "red", "dog"])).unwrap();
    assert_eq!((first.ids[1], first.dropped_because(3)), (BOS, None));
    let later = tokens.tokenize(&sequence(["red", "<|endoftext|>", "dog"])).unwrap();
    assert_eq!(later.word_of, [None, Some(0), Some(1), Some(1), Some(2)]);
    assert_eq!(later.dropped_because(3).unwrap(), "<|endoftext|> splits into 2 tokens");
}

#[test]
fn a_text_begins_with_the_tokenizers_own_beginning() {
    let bos = |bos: Option<u32>| {
        let tokens = own(|_| (), &Hints { bos, ..HINTS }).unwrap();
        tokens.text_of(tokens.bos())
    };
    // GPT-2's id, left over in a config, is none of this tokenizer; nor is an ordinary token.
    assert_eq!(
        [None, Some(50_256), Some(300), Some(0), Some(1)].map(bos),
        ["<|endoftext|>", "<|endoftext|>", "<|endoftext|>", "<s>", "</s>"]
    );
    let named = |name: &str, bos: Option<u32>| {
        let rename = |file: &mut Value| {
            file["added_tokens"].as_array_mut().unwrap().drain(2..);
            file["added_tokens"][0]["content"] = name.into();
            file["added_tokens"][1]["content"] = "<end>".into();
            let vocab = file["model"]["vocab"].as_object_mut().unwrap();
            for (from, to) in [("<s>", name), ("</s>", "<end>")] {
                let id = vocab.remove(from).unwrap();
                vocab.insert(to.to_owned(), id);
            }
        };
        own(rename, &Hints { bos, ..HINTS }).map(|tokens| tokens.text_of(tokens.bos()))
    };
    assert_eq!(named("<bos>", None).unwrap(), "<bos>");
    assert_eq!(named("<start>", Some(0)).unwrap(), "<start>");
    assert_eq!(named("<start>", Some(5)).unwrap(), "$");
    assert_eq!(named("<start>", Some(50_256)), Err(TokensError::NoBos));
    // A text ends where the model says so, and at its beginning.
    let tokens = own(|_| (), &Hints { bos: Some(0), eos: &[1, 300], ..HINTS }).unwrap();
    assert_eq!([0, 1, 320, 300, 5].map(|id| tokens.ends(id)), [true, true, true, false, false]);
}

#[test]
fn another_kind_of_tokenizer_is_refused_by_name() {
    let told = |change: &dyn Fn(&mut Value)| own(change, &HINTS).err().unwrap().to_string();
    for kind in ["Unigram", "WordPiece", "WordLevel"] {
        assert!(
            told(&|file| file["model"]["type"] = kind.into()).contains(&format!("a model of type {kind}"))
        );
    }
    for kind in ["Metaspace", "BertPreTokenizer", "Whitespace"] {
        let told = told(&|file| file["pre_tokenizer"] = value!({ "type": kind }));
        assert!(told.contains(&format!("a pre_tokenizer of type {kind}")), "{told}");
    }
    let split =
        value!({ "type": "Sequence", "pretokenizers": [{ "type": "Split" }, { "type": "ByteLevel" }] });
    assert!(told(&|file| file["pre_tokenizer"] = split.clone()).contains("pre_tokenizer of type Sequence"));
    assert!(told(&|file| file["pre_tokenizer"] = Value::Null).contains("pre_tokenizer of type unnamed"));
    for kind in ["NFC", "Lowercase", "Sequence"] {
        assert!(
            told(&|file| file["normalizer"] = value!({ "type": kind })).contains(&format!("type {kind}"))
        );
    }
    assert!(
        told(&|file| file["decoder"]["type"] = "WordPiece".into()).contains("a decoder of type WordPiece")
    );
    assert!(told(&|file| file["model"]["dropout"] = 0.1.into()).contains("dropout = 0.1"));
    assert!(told(&|file| file["model"]["end_of_word_suffix"] = "</w>".into()).contains("end_of_word_suffix"));
    // What is harmless in them is not.
    for (option, harmless) in [("dropout", value!(0.0)), ("continuing_subword_prefix", value!(""))] {
        assert!(own(|file| file["model"][option] = harmless.clone(), &HINTS).is_ok(), "{option}");
    }
    assert!(own(|file| file["post_processor"] = value!({ "type": "TemplateProcessing" }), &HINTS).is_ok());
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let error = |change: &dyn Fn(&mut Value)| own(change, &HINTS).err().unwrap();
    let json = |bytes: &[u8]| Tokens::from_tokenizer_json(bytes, &HINTS).err().unwrap();
    assert!(matches!(json(b"<html>"), TokensError::File { file: "tokenizer.json", .. }));
    assert!(matches!(json(b"[]"), TokensError::Unsupported { .. }));
    assert!(matches!(json(b"{}"), TokensError::Unsupported { .. }));
    for pair in [value!(["e", "zzzz"]), value!("el"), value!(["e"]), value!(5), value!(["<s>", "</s>"])] {
        let refused = error(&|file| file["model"]["merges"][1] = pair.clone());
        assert_eq!(refused, TokensError::BadMerge { line: 2 }, "{pair}");
    }
    for number in [value!(-1), value!("3"), value!(5_000_000_000_u64), Value::Null] {
        let refused = error(&|file| file["model"]["vocab"]["!"] = number.clone());
        assert!(refused.to_string().contains("\"!\" has no number"), "{refused}");
    }
    assert!(error(&|file| file["model"]["vocab"] = value!([])).to_string().contains("no vocabulary"));
    let twice = error(&|file| file["added_tokens"][0]["id"] = 7.into());
    assert!(twice.to_string().contains("\"<s>\" has two numbers"), "{twice}");
    assert!(error(&|file| file["added_tokens"][0] = value!({})).to_string().contains("added token"));
}

#[test]
fn a_token_that_the_model_has_no_row_for_is_told() {
    // A padding token that was added to the tokenizer alone does no harm unless typed.
    let tokens = own(|_| (), &Hints { rows: 322, ..HINTS }).unwrap();
    assert_eq!(ids(&tokens, "rojo"), ids(&own(|_| (), &HINTS).unwrap(), "rojo"));
    let refused = tokens.encode("rojo <|yo|>").unwrap_err();
    assert_eq!(refused, TokensError::NoRow { token: "<|yo|>".to_owned(), id: 322, rows: 322 });
    assert!(tokens.has(321) && !tokens.has(322));
    // More rows than tokens: the rest have numbers and no names.
    let padded = own(|_| (), &Hints { rows: 384, ..HINTS }).unwrap();
    assert_eq!((padded.has(322), padded.has(323), padded.text_of(323)), (true, false, "[323]".to_owned()));
}

#[test]
fn a_copy_of_gpt2s_tokenizer_counts_as_it() {
    let merges = String::from_utf8(read("data/tokenizer/merges.txt")).unwrap();
    let copy = |added: Value| {
        let mut vocab = serde_json::Map::new();
        // Its own names of all ids, by which GPT-2's vocab.json has them.
        let symbols = headscope::tokens::byte_symbols().into_iter().map(String::from);
        let merged = merges.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.replace(' ', ""));
        for (id, token) in symbols.chain(merged).chain(["<|endoftext|>".to_owned()]).enumerate() {
            vocab.insert(token, id.into());
        }
        let pairs: Vec<&str> = merges.lines().skip(1).filter(|line| !line.is_empty()).collect();
        let file = value!({
            "added_tokens": added,
            "pre_tokenizer": { "type": "ByteLevel", "add_prefix_space": false },
            "decoder": { "type": "ByteLevel" },
            "model": { "type": "BPE", "vocab": vocab, "merges": pairs },
        });
        let hints = Hints { bos: Some(BOS), eos: &[BOS], rows: 50_304 };
        Tokens::from_tokenizer_json(file.to_string().as_bytes(), &hints).unwrap()
    };
    let endoftext = value!({ "id": BOS, "content": "<|endoftext|>", "special": true, "normalized": true });
    assert_eq!((copy(value!([endoftext])).sha256(), tokens().sha256()), (None, None));
    let pad = value!({ "id": 50_257, "content": "[PAD]", "special": true });
    let more = copy(value!([endoftext, pad]));
    assert!(more.sha256().is_some_and(|hash| hash.len() == 64));
    assert_eq!(ids(&more, "The red dog[PAD]"), [464, 2266, 3290, 50_257]);
    let one = own(|_| (), &HINTS).unwrap();
    let other = own(|file| file["version"] = "2".into(), &HINTS).unwrap();
    assert_ne!(one.sha256(), other.sha256());
    assert_ne!(files(&HINTS).sha256(), None);
}

#[test]
fn tokens_that_would_show_as_nothing_or_as_a_box_are_told_apart() {
    for (text, wanted) in [
        ("\t", "⇥"),
        ("\r\n", "␍⏎"),
        (" \u{a0}", " <U+00A0>"),
        ("\u{ad}", "<U+00AD>"),
        ("a\u{200b}b", "a<U+200B>b"),
        ("\u{202e}", "<U+202E>"),
        ("\u{feff}", "<U+FEFF>"),
        ("\u{fe0f}", "<U+FE0F>"),
        ("\u{3000}", "<U+3000>"),
        ("\u{85}", "<U+0085>"),
        ("\0\u{1b}\u{7f}", "␀␛␡"),
        ("\u{fffd}", "<U+FFFD>"),
        ("\u{e000}", "<U+E000>"),
        (" red", " red"),
        ("é☕日", "é☕日"),
    ] {
        assert_eq!(shown(text.as_bytes()), wanted, "{text:?}");
    }
    assert_eq!(shown(b"\xf0\x9f"), "<0xF0><0x9F>");
    assert_eq!(shown(b" \xe2\x98"), " <0xE2><0x98>");
    assert_eq!(shown(b"caf\xc3"), "caf<0xC3>");
    // The parts of an emoji, of which none is a character.
    let tokens = tokens();
    let parts: Vec<String> =
        ids(tokens, "👩\u{200d}🚀").iter().map(|&id| tokens.text_of(id as u32)).collect();
    assert!(parts.iter().all(|part| part.contains("<0x") || part.contains("<U+")), "{parts:?}");
    // The text comes back whole from them all the same.
    assert_eq!(tokens.decode(&tokens.encode("👩\u{200d}🚀 \u{a0}\t").unwrap()[1..]), "👩\u{200d}🚀 \u{a0}\t");
}

#[test]
fn no_two_tokens_of_gpt2_are_shown_alike() {
    let tokens = tokens();
    let mut seen = HashSet::new();
    let twice: Vec<String> =
        (0..=BOS).map(|id| tokens.text_of(id)).filter(|text| !seen.insert(text.clone())).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert!(seen.iter().all(|text| !text.is_empty() && !text.contains(['\u{fffd}', '\n', '\t', '\u{a0}'])));
    assert!((0..=BOS).all(|id| tokens.has(id)) && !tokens.has(BOS + 1));
    assert_eq!(tokens.text_of(BOS + 1), "[50257]");
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
    // Two merges to one token.
    for twice in ["a b\na b", "a b\nb c\nab c\na bc"] {
        let refused = Tokens::from_merges(&format!("#version: 0.2\n{twice}"));
        assert!(matches!(refused, Err(TokensError::BadMerge { line }) if line == twice.lines().count() + 1));
    }
    // Each merge doubles the one before: 32 of them would be gigabytes.
    let doubles: Vec<u16> = (0..32).map(|i| if i == 0 { 0 } else { 255 + i }).collect();
    let planes = [0, 8].map(|shift| doubles.iter().map(move |id| (id >> shift) as u8).collect::<Vec<_>>());
    let doubled = Tokens::from_packed(&[planes.concat(), planes.concat()].concat());
    assert!(matches!(doubled, Err(TokensError::BadMerge { .. })));
}

#[test]
fn the_built_in_words_are_read_without_the_other_merges() {
    let (whole, few) = (tokens(), Tokens::of_notebook_words().unwrap());
    let table = WordTable::notebook();
    for word in table.rows().concat() {
        for text in [word.clone(), format!(" {word}")] {
            let ids = whole.encode(&text).unwrap();
            assert_eq!(few.encode(&text).as_ref(), Ok(&ids), "{text}");
            assert!(ids.iter().all(|&id| few.has(id) && few.text_of(id) == whole.text_of(id)));
            assert_eq!(few.decode(&ids), whole.decode(&ids));
        }
    }
    for seed in 0..20 {
        let settings = DrawSettings { seed, categories: table.rows().len(), ..DrawSettings::default() };
        for words in draw(&table, &settings).unwrap() {
            let twice = words.repeated(2);
            assert_eq!(few.tokenize(&twice), whole.tokenize(&twice));
        }
    }
    // Without the other merges, other words would be read otherwise.
    assert_ne!(few.encode("Headscope"), whole.encode("Headscope"));
}

#[test]
fn a_word_that_splits_only_without_its_space_keeps_its_category_later() {
    let tokens = fixtures::tokens();
    let words = WordSequence {
        words: ["shelf", "dog", "shelf", "bed"].map(str::to_owned).to_vec(),
        categories: vec![Some(0), Some(1), Some(0), Some(0)],
    };
    let tokenized = tokens.tokenize(&words).unwrap();
    assert_eq!(tokenized.word_of, [None, Some(0), Some(0), Some(1), Some(2), Some(3)]);
}
