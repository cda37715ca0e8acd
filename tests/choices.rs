//! The link's longer values: targets, components to ablate, second kinds, seeds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use common::Folder;
use headscope::study::{Ablation, Component, Head, Kind, Target, full_sweep, notebook_preset};
use headscope::web::choice::{ablations, all_together, seed_range};
use headscope::web::results::Results;
use headscope::web::{Settings, link};

fn settings(hash: &str) -> Settings {
    let (settings, problems) = link::parse(hash);
    assert_eq!(problems, [], "{hash}");
    settings
}

#[test]
fn longer_values_survive_a_round_trip() {
    let hash =
        "v=1&model=tiny&target=pair-0-4&over=prompt&ablate=embed%2CL0H1%2BL0.mlp-only&against=zero&seeds=3-9";
    let settings = settings(hash);
    assert_eq!(settings.measure().target, Target::Pair { from: 0, to: 4 });
    assert_eq!(link::format(&settings), hash);
    assert_eq!(link::format(&Settings::default()), "v=1&model=gpt2");
}

#[test]
fn bad_longer_values_are_named_and_their_defaults_used() {
    for (key, value) in [
        ("target", "pair-0-10"),
        ("target", "category"),
        ("over", "all"),
        ("ablate", "L0.mlpp"),
        ("ablate", ""),
        ("ablate", "embed,,L0H1"),
        ("against", "none"),
        ("seeds", "9-3"),
        ("seeds", "0-200"),
        ("seeds", "5"),
    ] {
        let (settings, problems) = link::parse(&format!("v=1&{key}={value}"));
        assert_eq!(settings, Settings::default(), "{key}={value}");
        assert_eq!(problems.len(), 1, "{key}={value}");
        assert_eq!(problems[0].key, key);
    }
    assert_eq!(seed_range("4294967295-4294967295"), Ok(u32::MAX..=u32::MAX));
    assert_eq!(seed_range("0-199").unwrap().count(), 200);
}

#[test]
fn settings_say_which_ablations_run() {
    let config = Folder::open("tests/fixtures/random-3x4x32").config;
    let of = |hash: &str| ablations(&settings(hash), 2, &config);
    let one_by_one =
        |parts: Vec<(Component, Kind)>| -> Vec<Ablation> { parts.into_iter().map(Ablation::from).collect() };
    assert_eq!(of(""), one_by_one(notebook_preset(2)));
    assert_eq!(of("kind=zero&ablate=all"), one_by_one(full_sweep(2, Kind::Zero, &config)));
    assert_eq!(of("kind=zero&ablate=all").len(), 2 + 2 * (4 + 4));
    let head = |head: usize| Component::Head(Head { layer: 0, head });
    assert_eq!(
        of("kind=resample&ablate=L0.pattern,L0H1%2BL0H3"),
        [
            Ablation::from((Component::Pattern(0), Kind::HeadMean)),
            Ablation::together([(head(3), Kind::Resample), (head(1), Kind::Resample)]),
        ]
    );
    // A second kind doubles all but what takes one kind only.
    let twice = of("kind=zero&against=position-mean&ablate=embed,L0.pattern,L1.mlp-only");
    let names: Vec<String> = twice.iter().map(|a| format!("{} {}", a.components(), a.kinds())).collect();
    assert_eq!(names, ["embed zero", "L0.pattern head-mean", "L1.mlp-only zero", "embed position-mean"]);
    // In a text nothing comes too late, and what does not exist is left out.
    let all = all_together(&settings("kind=zero&ablate=L2.mlp,L9H0,L0H1%2BL0H1"), &config);
    assert_eq!((all.components(), all.kinds()), ("L0H1+L2.mlp".to_owned(), "zero".to_owned()));
    assert_eq!(all_together(&settings("ablate=all"), &config), Ablation::default());
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
