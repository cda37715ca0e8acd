//! Results files: written, read back, refused by the field that is wrong, and forgotten
//! with the settings they were of.

use super::settings;
use crate::{fixtures, test};
use headscope::study::{Ablation, AblationKind, AttentionBreakdown, Component, Effect, Head, HeadScores};
use headscope::tokens::{Hints, Tokens};
use headscope::web::link;
use headscope::web::prompt_set::PromptSet;
use headscope::web::results::import::{self, ImportError};
use headscope::web::results::{ModelId, Results, Shown};
use headscope::weights::{Checked, Config};
use serde_json::{Value, json};

/// Results of every kind, with numbers that are not round.
fn results() -> Results {
    let (settings, problems) = link::parse("v=1&model=tiny&n=4&head=L1H0&kind=zero");
    assert_eq!(problems, []);
    let prompts = PromptSet::of(&settings, fixtures::tokens()).unwrap();
    let kept: Vec<usize> = prompts.cases().iter().map(|case| case.sequence).collect();
    assert!(kept.len() > 1 && kept.contains(&1));
    let number = |i: usize| (i as f64 + 1.0) / 7.0;
    let scores = |l: usize, h: usize| number(3 * l + h).sqrt();
    let layers = (0..2).map(|l| (0..2).map(|h| scores(l, h)).collect()).collect::<Vec<Vec<f64>>>();
    let n = prompts.prompts[1].relations.n();
    let shares =
        AttentionBreakdown { same_category: 0.1, same_word: 0.2, itself: 0.3, bos: 0.1 + 0.2, other: 0.1 };
    let effect = |ablation| Effect {
        ablation,
        sequences: kept.clone(),
        baseline: kept.iter().map(|i| number(*i)).collect(),
        ablated: kept.iter().map(|i| number(*i) / 3.0).collect(),
        shares_before: shares,
        shares_after: AttentionBreakdown { bos: 0.05, ..shares },
    };
    let head = |head| Component::Head(Head { layer: 0, head });
    let together = [(Component::MlpOnly(0), AblationKind::Zero), (head(1), AblationKind::PositionMean)];
    let mut results = Results {
        build: "0.1.0+test".to_owned(),
        model: Some(ModelId {
            id: "tiny".to_owned(),
            file: "a file".to_owned(),
            config: Config {
                n_layer: 2,
                n_head: 2,
                d_model: 8,
                d_mlp: 32,
                n_ctx: 64,
                d_vocab: 50_257,
                eps: 1e-5,
                ..Config::default()
            },
            weights_sha256: Some("0f".repeat(32)),
        }),
        head_scores: Some(HeadScores {
            measure: settings.measure(),
            chance: number(0),
            sequences: kept.clone(),
            per_prompt: kept.iter().map(|_| layers.clone()).collect(),
        }),
        shown: Some(Shown {
            head: Head { layer: 1, head: 0 },
            prompt: 1,
            pattern: headscope::study::metric::uniform(n),
            shares: kept.iter().map(|i| (*i, shares)).collect(),
        }),
        ablations: vec![
            effect(Ablation::from((Component::Embed, AblationKind::Zero))),
            effect(Ablation::together(together)),
            effect(Ablation::from((Component::Pattern(0), AblationKind::HeadMean))),
        ],
        prompts: Some(prompts),
        ..Results::default()
    };
    results.further.insert("check", json!({ "model": "tiny", "prompts": [] }));
    results.timings.load = 12.5;
    results.bytes.network = 99;
    results.weights_checked = Some(Checked { hashed_bytes: 40, of: 90 });
    results.settings = settings;
    results
}

#[test]
fn results_survive_export_and_import() {
    let exported = results().to_json();
    assert_eq!(exported["ablations"][1]["kind"], "position-mean+zero");
    assert_eq!(exported["model"]["weights_checked"], json!({ "hashed_bytes": 40, "of": 90 }));
    for text in [exported.to_string(), serde_json::to_string_pretty(&exported).unwrap()] {
        let imported = import::read(&serde_json::from_str(&text).unwrap(), fixtures::tokens()).unwrap();
        assert_eq!(imported.to_json(), exported);
    }
}

#[test]
fn a_file_may_name_its_model_as_earlier_versions_did() {
    for (written, kept) in [
        ("https://huggingface.co/a/b/resolve/v1", "a/b@v1"),
        ("https://huggingface.co/a/b/resolve/main", "a/b"),
        ("http://localhost:8000/models", "http://localhost:8000/models"),
    ] {
        let mut file = results().to_json();
        file["model"]["id"] = written.into();
        file["settings"]["model"] = written.into();
        let imported = import::read(&file, fixtures::tokens()).unwrap();
        assert_eq!(imported.settings.model, kept);
        assert_eq!(imported.to_json()["model"]["id"], kept);
        file["model"]["id"] = "a/c".into();
        assert!(import::read(&file, fixtures::tokens()).is_err());
    }
}

#[test]
fn files_of_the_first_version_say_nothing_of_what_was_checked() {
    let mut old = results().to_json();
    old["model"].as_object_mut().unwrap().remove("weights_checked");
    for hash in [json!(null), json!("0f".repeat(32))] {
        old["model"]["weights_sha256"] = hash.clone();
        let imported = import::read(&old, fixtures::tokens()).unwrap();
        assert_eq!(imported.weights_checked, None);
        assert_eq!(
            imported.to_json()["model"].get("weights_sha256"),
            Some(&hash).filter(|hash| !hash.is_null())
        );
    }
}

#[test]
fn a_file_of_settings_gives_its_prompts_and_no_results() {
    let (settings, _) = link::parse("seed=9&n=3");
    let file = json!({ "schema": import::SETTINGS_SCHEMA, "build": "any", "settings": settings });
    let read = import::read(&file, fixtures::tokens()).unwrap();
    assert_eq!(read.settings, settings);
    assert_eq!(read.prompts.unwrap().prompts.len(), 3);
    assert!(read.shown.is_none() && read.ablations.is_empty());
}

#[test]
fn a_file_that_cannot_be_right_is_refused_by_the_field() {
    let tokens = fixtures::tokens();
    for file in [
        json!([]),
        json!(null),
        json!("{}"),
        json!({ "schema": 1 }),
        json!({ "schema": "headscope-results/2" }),
    ] {
        assert_eq!(import::read(&file, tokens).unwrap_err(), ImportError::OtherSchema, "{file}");
    }
    let exported = results().to_json();
    type Change = (&'static str, &'static str, fn(&mut Value));
    let changes: [Change; 35] = [
        ("settings", "/settings", |v| *v = json!(null)),
        ("settings", "/settings/seed", |v| *v = json!("<b>")),
        ("settings", "/settings/cats", |v| *v = json!(99)),
        ("prompts", "/settings/seed", |v| *v = json!(6)),
        ("prompts", "/prompts", |v| *v = json!([])),
        ("prompts", "/prompts/0/token_ids/1", |v| *v = json!(7)),
        ("prompts", "/prompts/0/words", |v| *v = json!({})),
        ("prompts", "/prompts/0/sequence", |v| *v = json!(1)),
        ("prompts", "/prompts/0/categories/0", |v| *v = json!(null)),
        ("model", "/model/n_layer", |v| *v = json!(1_000_000)),
        ("model", "/model/weights_sha256", |v| *v = json!("<script>")),
        ("model", "/model/weights_checked", |v| *v = json!("all")),
        ("model", "/model/weights_checked/hashed_bytes", |v| *v = json!(91)),
        ("head_scores", "/head_scores/per_prompt", |v| *v = json!({})),
        ("head_scores", "/head_scores/per_prompt/1/0/1", |v| *v = json!(null)),
        ("head_scores", "/head_scores/per_prompt/1/0", |v| *v = json!([1.0])),
        ("head_scores", "/head_scores/per_prompt", |v| v["01"] = v["1"].clone()),
        ("head_scores", "/head_scores/mean/0/0", |v| *v = json!(0.5)),
        ("head_scores", "/head_scores/mean/0", |v| *v = json!([])),
        ("head_scores", "/head_scores/mean", |v| *v = json!([])),
        ("head_scores", "/head_scores/alpha", |v| *v = json!(0.5)),
        ("head_scores", "/model", |v| *v = json!(null)),
        ("patterns", "/patterns/rows/0", |v| *v = json!([1.0])),
        ("patterns", "/patterns/rows/0/0", |v| *v = json!(-1)),
        ("patterns", "/patterns/head", |v| *v = json!("L0H0")),
        ("patterns", "/patterns", |v| *v = json!(null)),
        ("patterns", "/patterns/alpha", |v| *v = json!(-1)),
        ("breakdown", "/breakdown", |v| *v = json!(null)),
        ("breakdown", "/breakdown/alpha", |v| *v = json!(-1)),
        ("ablations", "/ablations/0/baseline", |v| *v = json!([])),
        ("ablations", "/ablations/0/component", |v| *v = json!("L0.pattern")),
        ("timings_ms", "/timings_ms/load", |v| *v = json!("long")),
        ("bytes", "/bytes", |v| *v = json!(7)),
        ("further", "/further", |v| *v = json!(-1)),
        ("further", "/further/check", |v| *v = json!({ "prompts": 5 })),
    ];
    for (named, pointer, change) in changes {
        let mut file = exported.clone();
        change(file.pointer_mut(pointer).unwrap());
        match import::read(&file, tokens).unwrap_err() {
            ImportError::Field { field, .. } => assert_eq!(field, named, "{pointer}"),
            other @ ImportError::OtherSchema => panic!("{pointer}: {other}"),
        }
    }
}

/// A tokenizer that is not GPT-2's.
fn own_tokens() -> Tokens {
    let file = fixtures::read("tests/fixtures/tokenizers/own.json");
    Tokens::from_tokenizer_json(&file, &Hints { bos: None, eos: &[], rows: 323 }).unwrap()
}

fn read_by(tokens: &Tokens, hash: &str) -> Results {
    let (settings, problems) = link::parse(hash);
    assert_eq!(problems, []);
    let mut results = Results { build: "0.1.0+test".to_owned(), ..Results::default() };
    results.take_prompts(PromptSet::of(&settings, tokens).unwrap(), tokens);
    let config = Config { n_layer: 2, n_head: 2, d_model: 8, ..Config::default() };
    let (id, file) = (settings.model.clone(), String::new());
    results.model = Some(ModelId { id, file, config, weights_sha256: None });
    results.settings = settings;
    results
}

#[test]
fn results_of_a_model_with_its_own_tokenizer_are_read_without_it() {
    let own = own_tokens();
    let words = "words=rojo%2Cazul%0Aperro%2Cgato&cats=2&n=3&len=4";
    for hash in [words, "text=el+perro%3C%7Cendoftext%7C%3E+%E2%98%95%09"] {
        let exported = read_by(&own, &format!("v=1&model=https://host/folder&{hash}")).to_json();
        assert_eq!(exported["model"]["tokenizer_sha256"], json!(own.sha256()));
        let imported = import::read(&exported, fixtures::tokens()).unwrap();
        assert_eq!(imported.to_json(), exported);
        let (theirs, ours) =
            (imported.prompts.as_ref().unwrap(), PromptSet::of(&imported.settings, &own).unwrap());
        assert_eq!(*theirs, ours);
        // GPT-2's tokenizer reads the same otherwise, and a file that says so is none of its settings.
        let mut other = exported.clone();
        other["model"]["tokenizer_sha256"] = Value::Null;
        assert!(import::read(&other, fixtures::tokens()).is_err());
        for (pointer, wrong) in [
            ("/prompts/0/word_of/0", json!(0)),
            ("/prompts/0/word_of/1", json!(99)),
            ("/prompts/0/word_of/2", json!(null)),
            ("/prompts/0/tokens", json!(["a"])),
            ("/prompts/0/tokens/1", json!(7)),
            ("/prompts/0/word_of", json!([])),
            ("/model/tokenizer_sha256", json!("<script>")),
        ] {
            let mut file = exported.clone();
            *file.pointer_mut(pointer).unwrap() = wrong;
            let refused = import::read(&file, fixtures::tokens());
            assert!(matches!(refused, Err(ImportError::Field { .. })), "{pointer}: {refused:?}");
        }
    }
}

#[test]
fn a_text_of_an_earlier_version_keeps_its_tokens() {
    let tokens = fixtures::tokens();
    let mut exported = read_by(tokens, "v=1&model=tiny&text=a%3C%7Cendoftext%7C%3E%09%F0%9F%91%A9").to_json();
    // Then `<|endoftext|>` was read letter by letter, and parts of an emoji looked alike.
    let letters = [64, 27, 91, 437, 1659, 5239, 91, 29, 197, 41840, 102];
    let spelt = tokens.decode(&letters);
    assert_eq!(spelt, "a<|endoftext|>\t👩");
    let ids: Vec<u32> = std::iter::once(tokens.bos()).chain(letters).collect();
    let prompt = &mut exported["prompts"][0];
    prompt["token_ids"] = json!(ids);
    prompt["words"] = json!(["a", "<", "|", "end", "of", "text", "|", ">", "", "�", "�"]);
    prompt["categories"] = json!(vec![Value::Null; 11]);
    let imported = import::read(&exported, tokens).unwrap();
    assert_eq!(imported.prompts.unwrap().prompts[0].tokenized.ids, ids);
    // Other tokens than spell the text are refused as ever.
    exported["prompts"][0]["token_ids"][1] = json!(65);
    assert!(import::read(&exported, tokens).is_err());
}

#[test]
fn a_text_with_empty_lines_around_it_is_read_back() {
    let tokens = fixtures::tokens();
    let exported = |text: &str| {
        let settings = json!({ "model": "tiny", "text": text });
        let file = json!({ "schema": "headscope-settings/1", "build": "", "settings": settings });
        import::read(&file, tokens).unwrap().to_json()
    };
    for text in ["The cat sat.\n", "\n\r\nThe cat sat.", "The cat sat.\n \n"] {
        let exported = exported(text);
        assert_eq!(exported["settings"]["text"], text);
        let imported = import::read(&exported, tokens).unwrap();
        assert_eq!(imported.to_json(), exported, "{text}");
    }
    // 0.1.0 fed empty lines, too.
    let mut exported = exported("cat\n");
    let ids = tokens.encode("cat\n").unwrap();
    let prompt = &mut exported["prompts"][0];
    prompt["categories"] = json!([prompt["categories"][0], null]);
    prompt["token_ids"] = json!(ids);
    let imported = import::read(&exported, tokens).unwrap();
    assert_eq!(imported.prompts.unwrap().prompts[0].tokenized.ids, ids);
}

#[test]
fn results_of_other_settings_are_forgotten() {
    let mut results = Results::default();
    results.adopt(&settings("seed=6"));
    let found = |results: &Results| results.to_json()["further"]["seeds"].clone();
    // A run over many seeds is none of the shown seed's business.
    for (change, stays) in [
        ("seed=6&view=log", true),
        ("seed=7&ablate=embed", true),
        ("seed=7&n=9", false),
        ("head=L0H1", false),
    ] {
        results.further.insert("seeds", 1.into());
        results.adopt(&settings(change));
        assert_eq!(found(&results) == 1, stays, "{change}");
    }
    let json = results.to_json();
    assert_eq!(json["settings"]["target"], "same-category");
    assert_eq!(json["schema"], "headscope-results/1");
}
