//! Changes of settings as the page's controls make them: what is taken, what is refused,
//! and which results are untrue then.

use super::settings;
use crate::test;
use headscope::web::link::change::Change;
use headscope::web::link::outcome::Outcome;
use headscope::web::{SettingProblem, Settings, link};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn change(settings: &Settings, patch: Value) -> Change {
    settings.change(patch.as_object().unwrap())
}

/// For every setting another value than the default, as a link has it.
const OTHER: [(&str, &str); 23] = [
    ("model", "http://localhost:8000/a"),
    ("seed", "4294967295"),
    ("n", "7"),
    ("len", "9"),
    ("cats", "2"),
    ("repeat", "2"),
    ("words", "Pets:,cat,dog\nred,blue\n"),
    ("text", "a\nb\nc\nd\ne\nf\nCafé & #=\n<b>"),
    ("head", "L3H11"),
    ("prompt", "6"),
    ("metric", "surprisal"),
    ("kind", "zero"),
    ("target", "pair-0-1"),
    ("over", "prompt"),
    ("ablate", "embed,L0H1+L0.mlp-only"),
    ("against", "notebook"),
    ("seeds", "3-9"),
    ("pins", "L1H5,L0H3"),
    ("alpha", "-0.5"),
    ("logit", "13.13.14477"),
    ("view", "log.magma.q3k1"),
    ("run", "all.lens"),
    ("embed", "heads"),
];

#[test]
fn every_setting_is_written_as_it_is_read() {
    let keys: Vec<&str> = Settings::fields().iter().map(|field| field.key).collect();
    assert_eq!(OTHER.map(|(key, _)| key).to_vec(), keys, "the table above has every setting");
    let mut all = Settings::default();
    for (key, value) in OTHER {
        let mut one = Settings::default();
        for settings in [&mut one, &mut all] {
            settings.set(key, value).unwrap();
            assert_eq!(settings.get(key).as_deref(), Some(value));
        }
        assert_ne!(one, Settings::default(), "{key}");
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!(serde_json::from_value::<Settings>(json.clone()).unwrap(), one, "{key}: {json}");
        // What goes with two categories only is not alone in a link.
        if key != "words" {
            let written = link::format(&one);
            assert_eq!(link::parse(&written), (one, vec![]), "{written}");
        }
    }
    let written = link::format(&all);
    assert_eq!(link::parse(&written), (all, vec![]), "{written}");
}

#[test]
fn json_holds_the_same_keys_and_types_as_ever() {
    let json = serde_json::to_value(Settings::default()).unwrap();
    let expected = json!({
        "model": "gpt2", "seed": 5, "n": 30, "len": 12, "cats": 4, "repeat": 1, "words": null, "text": null,
        "head": "L1H5", "prompt": 1, "metric": "cell-mean", "kind": "notebook", "target": "same-category",
        "over": "kept", "ablate": null, "against": null, "seeds": "0-19", "pins": null, "alpha": 1,
        "logit": null, "view": null, "run": null, "embed": null,
    });
    assert_eq!(json, expected);
    for (key, value) in OTHER {
        let mut settings = Settings::default();
        settings.set(key, value).unwrap();
        let json = serde_json::to_value(&settings).unwrap();
        let number = ["seed", "n", "len", "cats", "repeat", "prompt"].contains(&key);
        let expected = match key {
            "alpha" => json!(-0.5),
            _ if number => value.parse::<u64>().unwrap().into(),
            _ => json!(value),
        };
        assert_eq!(json[key], expected);
    }
    // What a page of an earlier version lacks has its default.
    assert_eq!(serde_json::from_value::<Settings>(json!({ "later": [] })).unwrap(), Settings::default());
    assert!(serde_json::from_value::<Settings>(json!({ "metric": "mean" })).is_err());
}

/// What stands on which settings.
const DRAW: [&str; 8] = ["model", "seed", "n", "len", "cats", "repeat", "words", "text"];
const MEASURE: [&str; 2] = ["metric", "target"];
const ABLATE: [&str; 2] = ["kind", "ablate"];

fn stands_on(outcome: &str) -> Vec<&'static str> {
    let (draw, measure, ablate) = (&DRAW[..], &MEASURE[..], &ABLATE[..]);
    match outcome {
        "draw" => DRAW[1..].to_vec(),
        "prompts" => DRAW.to_vec(),
        "pattern" => [draw, &["head", "prompt", "alpha"]].concat(),
        "head" => [draw, measure, &["head", "prompt", "alpha"]].concat(),
        "scores" => [draw, measure, &["over", "alpha"]].concat(),
        "ablations" => [draw, measure, ablate, &["head", "against"]].concat(),
        "pins" => [draw, measure, &["prompt", "pins"]].concat(),
        "thumbnails" => [draw, measure, &["prompt"]].concat(),
        "categories" => [draw, &["head"]].concat(),
        "contrasts" => [draw, measure].concat(),
        "seeds" => [&["model", "n", "len", "cats", "repeat", "words"], measure, &["head", "seeds"]].concat(),
        "text" | "continuation" => [draw, ablate, &["prompt"]].concat(),
        "check" => vec!["model"],
        "circuits" => [draw, &["head", "prompt", "target", "alpha"]].concat(),
        "lens" => [draw, &["prompt"]].concat(),
        "attribution" => [draw, &["prompt", "logit"]].concat(),
        "output" => [draw, ablate, &["prompt", "logit"]].concat(),
        "costs" => [draw, &["head"]].concat(),
        other => panic!("{other} is no outcome"),
    }
}

const OUTCOMES: [&str; 19] = [
    "draw",
    "prompts",
    "pattern",
    "head",
    "scores",
    "ablations",
    "pins",
    "thumbnails",
    "categories",
    "contrasts",
    "seeds",
    "text",
    "continuation",
    "check",
    "costs",
    "circuits",
    "lens",
    "attribution",
    "output",
];

#[test]
fn what_stands_on_a_setting_is_untrue_once_it_changes() {
    let from = Settings::default();
    for (key, value) in OTHER {
        // A table of two rows would draw fewer categories, too.
        let value = if key == "words" { "a\nb\nc\nd\n" } else { value };
        let changed = change(&from, json!({ key: value }));
        assert_eq!(changed.problems, [], "{key}");
        assert_eq!(changed.settings.get(key).as_deref(), Some(value));
        assert_eq!(changed.link, link::format(&changed.settings));
        let stale: BTreeSet<&str> = changed.stale.keys().copied().collect();
        let expected = OUTCOMES.into_iter().filter(|outcome| stands_on(outcome).contains(&key)).collect();
        assert_eq!(stale, expected, "{key}");
        // And back.
        let back = change(&changed.settings, json!({ key: null }));
        assert_eq!((back.settings, back.problems), (from.clone(), vec![]), "{key}");
        assert_eq!(back.stale, changed.stale, "{key}");
        assert!(change(&changed.settings, json!({ key: value })).stale.is_empty(), "{key}");
    }
}

#[test]
fn scores_over_the_shown_prompt_are_that_prompts() {
    let over = |over: &str| {
        let from = settings(&format!("over={over}"));
        change(&from, json!({ "prompt": 2 })).stale.contains_key("scores")
    };
    assert!(over("prompt") && !over("kept"));
}

#[test]
fn each_result_says_which_change_made_it_untrue() {
    let changed =
        change(&Settings::default(), json!({ "metric": "surprisal", "kind": "global-mean", "seed": 5 }));
    assert_eq!(changed.stale["scores"], "the metric was changed");
    assert_eq!(changed.stale["ablations"], "the metric was changed");
    assert_eq!(changed.stale["text"], "the kind of ablation was changed");
    assert!(!changed.stale.contains_key("prompts") && !changed.stale.contains_key("costs"));
    for (key, value) in OTHER {
        let clause = Settings::field(key).unwrap().change;
        let stale = change(&Settings::default(), json!({ key: value })).stale;
        assert!(stale.values().all(|because| *because == clause || key == "words"), "{key}");
    }
}

fn told(problem: &SettingProblem) -> String {
    format!("{}: {} {}", problem.key, problem.message, problem.consequence)
}

#[test]
fn a_refused_value_leaves_the_one_in_force() {
    let from = settings("n=6&cats=3&seed=7&head=L0H1");
    for (patch, says) in [
        (
            json!({ "n": "0" }),
            "n: The number of sequences has to be a whole number from 1 to 500. Until then 6 stays in force.",
        ),
        (
            json!({ "n": "1.5" }),
            "n: The number of sequences has to be a whole number from 1 to 500. Until then 6 stays in force.",
        ),
        (
            json!({ "seed": "" }),
            "seed: The seed has to be a whole number from 0 to 4294967295. Until then 7 stays in force.",
        ),
        (json!({ "head": "first" }), "head: The head has to look like L1H5. Until then L0H1 stays in force."),
        // Possible alone, and not beside the rest.
        (
            json!({ "cats": "99" }),
            "cats: The word table has 10 categories, fewer than 99. Until then 3 stays in force.",
        ),
        (json!({ "prompt": 6 }), "prompt: Prompts run from 0 to 5. Until then 1 stays in force."),
        (
            json!({ "target": "pair-0-10" }),
            "target: The word table has no row 10: its rows run from 0 to 9. Until then same-category stays in force.",
        ),
        (
            json!({ "words": "a,,b" }),
            "words: The word table cannot be used: row 1, word 2 is empty. Until then it stays as it was.",
        ),
        (
            json!({ "run": {} }),
            "run: What Start runs has to be one of all, circuits, lens, output, seeds. Until then it stays as it was.",
        ),
    ] {
        let changed = change(&from, patch.clone());
        assert_eq!(changed.settings, from, "{patch}");
        assert!(changed.stale.is_empty(), "{patch}");
        assert_eq!(changed.problems.iter().map(told).collect::<Vec<_>>(), [says], "{patch}");
    }
    // The default is no mistake beside a short draw, but a choice of it is.
    let one = change(&from, json!({ "n": 1 }));
    assert_eq!((one.settings.prompt, one.problems.len()), (0, 0));
    let chosen = change(&one.settings, json!({ "prompt": "1" }));
    assert_eq!((chosen.settings.prompt, chosen.problems.len()), (0, 1));
    // What else was given with it is taken.
    let changed = change(&from, json!({ "n": 0, "seed": 8 }));
    assert_eq!((changed.settings.n, changed.settings.seed, changed.problems.len()), (6, 8, 1));
}

#[test]
fn what_is_impossible_beside_a_change_is_put_right_and_said() {
    let from = settings("n=6&prompt=5&cats=4&target=pair-3-4");
    let changed = change(&from, json!({ "n": 3 }));
    assert_eq!((changed.settings.n, changed.settings.prompt), (3, 2));
    assert_eq!(
        changed.problems.iter().map(told).collect::<Vec<_>>(),
        ["prompt: Prompts run from 0 to 2. The last one is shown."]
    );
    let changed = change(&from, json!({ "words": "a,b\nc,d\ne\n" }));
    assert_eq!(
        (changed.settings.cats, changed.settings.get("target").unwrap()),
        (3, "same-category".to_owned())
    );
    assert_eq!(
        changed.problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(),
        ["cats", "target"]
    );
    assert_eq!(changed.problems[0].consequence, "Instead, 3 is used.");
    assert_eq!(changed.stale["contrasts"], "the number of categories was changed");
    // A table, and what it cannot give.
    let changed = change(&from, json!({ "words": "a,b\nc,d\n", "cats": 3 }));
    assert_eq!((changed.settings.words.as_deref(), changed.settings.cats), (Some("a,b\nc,d\n"), 2));
    assert_eq!(changed.problems[0].key, "cats");
}

#[test]
fn a_control_is_read_as_a_link_is() {
    let from = settings("text=a+b&ablate=embed&against=zero&pins=L0H1");
    let changed = change(
        &from,
        json!({
            "head": " l1h05 ", "seed": "007", "pins": "l1h5, l0h3", "metric": "Row-Mass", "seeds": " 1 – 3 ",
            "ablate": "l0h1, l0h5 + L0.MLP", "model": "https://huggingface.co/gpt2-medium", "text": "  \n",
        }),
    );
    assert_eq!(changed.problems, []);
    assert_eq!(
        changed.link,
        "v=1&model=openai-community%2Fgpt2-medium&seed=7&metric=row-mass&ablate=L0H1%2CL0H5%2BL0.mlp&against=zero&\
            seeds=1-3&pins=L1H5%2CL0H3"
    );
    // Empty controls, where a setting may be unset.
    let changed =
        change(&from, json!({ "text": "", "ablate": " ", "against": "", "pins": "", "words": null }));
    assert_eq!((changed.settings, changed.problems), (Settings::default(), vec![]));
}

#[test]
fn a_step_is_found_by_its_name() {
    for outcome in Outcome::all() {
        assert_eq!(Outcome::step(outcome.name()), outcome.is_step().then_some(outcome));
    }
    assert_eq!(Outcome::step("everything"), None);
}
