//! Packed links, and results files that are read back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use headscope::study::{Ablation, Component, Effect, Head, HeadScores, Kind, Shares};
use headscope::web::import::{self, ImportError};
use headscope::web::prompt_set::PromptSet;
use headscope::web::results::{ModelId, Results, Shown};
use headscope::web::{Settings, link, packed};
use headscope::weights::Config;
use serde_json::{Value, json};

/// A table that is much shorter when it is packed.
fn long_table() -> String {
    (0..40).map(|row| format!("first{row},second{row},third{row}\n")).collect()
}

#[test]
fn long_texts_are_packed_and_plain_ones_stay_readable() {
    let words = Settings { words: Some(long_table()), ..Settings::default() };
    let packed = link::format(&words);
    let plain = format!("v=1&model=gpt2&words={}", long_table().replace(',', "%2C").replace('\n', "%0A"));
    assert!(packed.starts_with("v=1&model=gpt2&words-z="), "{packed}");
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    for hash in [&packed, &plain] {
        assert_eq!(link::parse(hash), (words.clone(), vec![]), "{hash}");
    }
    let short = Settings { text: Some("The cat sat.".to_owned()), ..Settings::default() };
    assert_eq!(link::format(&short), "v=1&model=gpt2&text=The+cat+sat.");
}

#[test]
fn damaged_and_hostile_packed_texts_are_named_and_left_out() {
    // A megabyte of one letter packs to a thousandth of that.
    let bomb = packed::pack(&"a".repeat(packed::LONGEST)).unwrap();
    assert!(bomb.len() < 2000);
    assert!(packed::pack(&"a".repeat(packed::LONGEST + 1)).is_none());
    let good = packed::pack(&long_table()).unwrap();
    let binary = "_____w"; // No deflate stream begins with these bits.
    for (key, value) in [
        ("words", good[..good.len() / 2].to_owned()),
        ("words", format!("{good}!")),
        ("words", String::new()),
        ("text", binary.to_owned()),
        ("text", bomb.clone()),
    ] {
        let (settings, problems) = link::parse(&format!("v=1&{key}-z={value}&seed=6"));
        assert_eq!(problems.len(), 1, "{key}-z={value}: {problems:?}");
        assert_eq!(problems[0].key, key);
        assert!(problems[0].message.starts_with(key), "{}", problems[0].message);
        assert_eq!(settings, Settings { seed: 6, ..Settings::default() });
    }
    // What would unpack to more than the limit, which `pack` refuses to write.
    let gigabyte = deflated_run(&bomb);
    let (_, problems) = link::parse(&format!("words-z={gigabyte}"));
    assert!(problems[0].message.contains("unpacks to more than"), "{problems:?}");
    // Nobody can ask for the work a thousand times.
    let (settings, problems) = link::parse(&format!("text-z={good}{}", "&text-z=AAAA".repeat(1000)));
    assert_eq!((settings.text, problems.len()), (Some(long_table()), 0));
}

/// A stream that unpacks to more than the limit: stored blocks before the bomb.
fn deflated_run(bomb: &str) -> String {
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut bytes = vec![0, 1, 0, 0xfe, 0xff, b'b']; // One stored byte, not the last block.
    bytes.extend(engine.decode(bomb).unwrap());
    engine.encode(bytes)
}

/// Results of every kind, with numbers that are not round.
fn results() -> Results {
    let (settings, problems) = link::parse("v=1&model=tiny&n=4&head=L1H0&kind=zero");
    assert_eq!(problems, []);
    let prompts = PromptSet::of(&settings, &common::tokens()).unwrap();
    let kept: Vec<usize> = prompts.cases().iter().map(|case| case.sequence).collect();
    assert!(kept.len() > 1 && kept.contains(&1));
    let number = |i: usize| (i as f64 + 1.0) / 7.0;
    let scores = |l: usize, h: usize| number(3 * l + h).sqrt();
    let layers = (0..2).map(|l| (0..2).map(|h| scores(l, h)).collect()).collect::<Vec<Vec<f64>>>();
    let n = prompts.prompts[1].relations.n();
    let shares = Shares { same_category: 0.1, same_word: 0.2, itself: 0.3, bos: 0.1 + 0.2, other: 0.1 };
    let effect = |ablation| Effect {
        ablation,
        sequences: kept.clone(),
        baseline: kept.iter().map(|i| number(*i)).collect(),
        ablated: kept.iter().map(|i| number(*i) / 3.0).collect(),
        shares_before: shares,
        shares_after: Shares { bos: 0.05, ..shares },
    };
    let head = |head| Component::Head(Head { layer: 0, head });
    let together = [(Component::MlpOnly(0), Kind::Zero), (head(1), Kind::PositionMean)];
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
            effect(Ablation::from((Component::Embed, Kind::Zero))),
            effect(Ablation::together(together)),
            effect(Ablation::from((Component::Pattern(0), Kind::HeadMean))),
        ],
        prompts: Some(prompts),
        ..Results::default()
    };
    results.further.insert("self_check", json!({ "model": "tiny", "prompts": [] }));
    results.timings.load = 12.5;
    results.bytes.network = 99;
    results.settings = settings;
    results
}

#[test]
fn results_survive_export_and_import() {
    let exported = results().to_json();
    assert_eq!(exported["ablations"][1]["kind"], "position-mean+zero");
    for text in [exported.to_string(), serde_json::to_string_pretty(&exported).unwrap()] {
        let imported = import::read(&serde_json::from_str(&text).unwrap(), &common::tokens()).unwrap();
        assert_eq!(imported.to_json(), exported);
    }
}

#[test]
fn a_file_of_settings_gives_its_prompts_and_no_results() {
    let (settings, _) = link::parse("seed=9&n=3");
    let file = json!({ "schema": import::SETTINGS_SCHEMA, "build": "any", "settings": settings });
    let read = import::read(&file, &common::tokens()).unwrap();
    assert_eq!(read.settings, settings);
    assert_eq!(read.prompts.unwrap().prompts.len(), 3);
    assert!(read.shown.is_none() && read.ablations.is_empty());
}

#[test]
fn a_file_that_cannot_be_right_is_refused_by_the_field() {
    let tokens = common::tokens();
    for file in [
        json!([]),
        json!(null),
        json!("{}"),
        json!({ "schema": 1 }),
        json!({ "schema": "headscope-results/2" }),
    ] {
        assert_eq!(import::read(&file, &tokens).unwrap_err(), ImportError::OtherSchema, "{file}");
    }
    let exported = results().to_json();
    type Change = (&'static str, &'static str, fn(&mut Value));
    let changes: [Change; 19] = [
        ("settings", "/settings", |v| *v = json!(null)),
        ("settings", "/settings/seed", |v| *v = json!("<b>")),
        ("settings", "/settings/cats", |v| *v = json!(99)),
        ("prompts", "/settings/seed", |v| *v = json!(6)),
        ("prompts", "/prompts", |v| *v = json!([])),
        ("prompts", "/prompts/0/token_ids/1", |v| *v = json!(7)),
        ("prompts", "/prompts/0/words", |v| *v = json!({})),
        ("model", "/model/n_layer", |v| *v = json!(1_000_000)),
        ("model", "/model/weights_sha256", |v| *v = json!("<script>")),
        ("head_scores", "/head_scores/per_prompt", |v| *v = json!({})),
        ("head_scores", "/head_scores/per_prompt/1/0/1", |v| *v = json!(null)),
        ("head_scores", "/head_scores/per_prompt/1/0", |v| *v = json!([1.0])),
        ("head_scores", "/model", |v| *v = json!(null)),
        ("patterns", "/patterns/rows/0", |v| *v = json!([1.0])),
        ("patterns", "/patterns/rows/0/0", |v| *v = json!(-1)),
        ("patterns", "/patterns/head", |v| *v = json!("L0H0")),
        ("ablations", "/ablations/0/baseline", |v| *v = json!([])),
        ("ablations", "/ablations/0/component", |v| *v = json!("L0.pattern")),
        ("further", "/further/self_check", |v| *v = json!({ "prompts": 5 })),
    ];
    for (named, pointer, change) in changes {
        let mut file = exported.clone();
        change(file.pointer_mut(pointer).unwrap());
        match import::read(&file, &tokens).unwrap_err() {
            ImportError::Field { field, .. } => assert_eq!(field, named, "{pointer}"),
            other @ ImportError::OtherSchema => panic!("{pointer}: {other}"),
        }
    }
}
