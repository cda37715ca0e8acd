//! Values that cannot be, alone or together, and what the settings choose.

use super::{keys, settings};
use crate::fixtures::{Folder, RANDOM};
use crate::test;
use headscope::study::{Ablation, AblationKind, Component, Head, full_sweep, notebook_preset};
use headscope::web::link::ablation_choice::{SeedRange, ablations, all_together};
use headscope::web::{SettingProblem, Settings, link};

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
        ("words", "a,b\nc,,d"),
        ("words", ""),
        ("text", " "),
        ("head", "5"),
        ("prompt", "99"),
        ("metric", "mean"),
        ("kind", "<script>"),
        ("run", "some"),
        ("embed", "export"),
        ("repeat", "3"),
        ("alpha", "2.01"),
        ("alpha", "0.125"),
        ("alpha", "NaN"),
        ("alpha", "1e0"),
        ("alpha", "--1"),
        ("logit", "13"),
        ("logit", "13.-1"),
        ("logit", "1.2.3.4"),
    ] {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let (settings, problems) = link::parse(&format!("v=1&{key}={encoded}"));
        assert_eq!(problems.len(), 1, "{key}={value}: {problems:?}");
        assert_eq!(problems[0].key, key);
        in_plain_words(&problems[0]);
        if key != "prompt" {
            assert_eq!(settings, Settings::default(), "{key}={value}");
        }
    }
    assert_eq!(keys("v=2"), ["v"]);
    assert_eq!(keys("seed=x&n=x&len=12"), ["seed", "n"]);
}

#[test]
fn copies_that_are_too_long_together_are_not_made() {
    let (settings, problems) = link::parse("v=1&n=1&len=512&repeat=2");
    assert_eq!((settings.n, settings.len, settings.repeat), (1, 512, 1));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].key, "repeat");
    in_plain_words(&problems[0]);
    // The link of what is shown complains of nothing.
    assert_eq!(link::parse(&link::format(&settings)), (settings, vec![]));
    assert_eq!(keys("v=1&n=1&len=511&repeat=2"), [] as [&str; 0]);
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
    assert_eq!("4294967295-4294967295".parse(), Ok(SeedRange { first: u32::MAX, last: u32::MAX }));
    assert_eq!("0-199".parse::<SeedRange>().unwrap().seeds().count(), 200);
}

/// A message is a sentence, and calls nothing by a key that is no word.
fn in_plain_words(problem: &SettingProblem) {
    let message = problem.message.as_str();
    assert!(message.starts_with(|first: char| first.is_ascii_uppercase()), "{message}");
    assert!(message.ends_with('.'), "{message}");
    let words: Vec<&str> = message.split(' ').collect();
    assert!(["n", "len", "cats"].iter().all(|key| !words.contains(key)), "{message}");
}

#[test]
fn what_is_impossible_together_is_told_in_plain_words() {
    for (link, says) in [
        ("prompt=30", "Prompts run from 0 to 29."),
        ("n=1&prompt=7", "There is no prompt but 0."),
        ("cats=11", "The word table has 10 categories, fewer than 11."),
        ("cats=2&words=cat%2Cdog", "The word table has 1 category, fewer than 2."),
        ("target=pair-3-14", "The word table has no row 14: its rows run from 0 to 9."),
        ("n=0", "The number of sequences has to be a whole number from 1 to 500."),
        ("len=many", "The number of words in a sequence has to be a whole number from 1 to 1023."),
        ("head=5", "The head has to look like L1H5."),
    ] {
        let (_, problems) = link::parse(link);
        assert_eq!(problems.len(), 1, "{link}: {problems:?}");
        assert_eq!(problems[0].message, says);
        in_plain_words(&problems[0]);
    }
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
fn words_of_run_that_are_none_are_told_and_the_others_run() {
    let (settings, problems) = link::parse("v=1&run=lens.dance.all.lens.sing");
    assert_eq!(settings.get("run").as_deref(), Some("all.lens"), "in the order in which it is done");
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].key.as_str(), problems[0].value.as_str()), ("run", "dance, sing"));
    in_plain_words(&problems[0]);
}

#[test]
fn steering_is_a_number_of_two_decimals() {
    for (text, factor, written) in [
        ("-2", -2.0, "-2"),
        ("2", 2.0, "2"),
        ("0.05", 0.05, "0.05"),
        ("-.5", -0.5, "-0.5"),
        ("1.00", 1.0, "1"),
    ] {
        let (settings, problems) = link::parse(&format!("v=1&alpha={text}"));
        assert_eq!(problems, [], "{text}");
        assert_eq!(settings.alpha.factor(), factor);
        assert_eq!(settings.alpha.is_steered(), factor != 1.0);
        assert_eq!(settings.get("alpha").as_deref(), Some(written));
    }
}

#[test]
fn pinned_heads_are_heads_each_of_them_once() {
    let (settings, problems) = link::parse("v=1&pins=L1H5,L0H3,L1H5");
    assert_eq!(settings.get("pins").as_deref(), Some("L1H5,L0H3"));
    assert_eq!(problems, []);
    assert_eq!(settings.pins.len(), 2);
    let (settings, problems) = link::parse("v=1&pins=L1H5,here");
    assert_eq!((settings.pins, problems[0].key.as_str()), (vec![], "pins"));
    let many: Vec<String> = (0..13).map(|head| format!("L0H{head}")).collect();
    let (settings, problems) = link::parse(&format!("pins={}", many.join(",")));
    assert!(settings.pins.is_empty() && problems[0].message.contains("more than 12"));
}

#[test]
fn components_are_read_as_they_are_typed() {
    for typed in [
        "ablate=L0H1,L0H5+L0.mlp",
        "ablate=L0H1,L0H5%2BL0.mlp",
        "ablate=L0H1, L0H5 + L0.mlp",
        "ablate=%20L0H1%2CL0H5%20L0.mlp",
        "ablate=l0h1,L0h5+l0.MLP",
    ] {
        let settings = settings(typed);
        assert_eq!(settings.get("ablate").as_deref(), Some("L0H1,L0H5+L0.mlp"), "{typed}");
        let written = link::format(&settings);
        assert_eq!(link::parse(&written), (settings, vec![]), "{written}");
    }
    assert_eq!(
        settings("ablate=embed+pos_embed,L1.mlp-only").get("ablate").as_deref(),
        Some("embed+pos_embed,L1.mlp-only")
    );
    assert_eq!(settings("ablate=ALL").get("ablate").as_deref(), Some("all"));
}

#[test]
fn settings_say_which_ablations_run() {
    let config = Folder::open(RANDOM).config;
    let of = |hash: &str| ablations(&settings(hash), 2, &config);
    let one_by_one = |parts: Vec<(Component, AblationKind)>| -> Vec<Ablation> {
        parts.into_iter().map(Ablation::from).collect()
    };
    assert_eq!(of(""), one_by_one(notebook_preset(2)));
    assert_eq!(of("kind=zero&ablate=all"), one_by_one(full_sweep(2, AblationKind::Zero, &config)));
    assert_eq!(of("kind=zero&ablate=all").len(), 2 + 2 * (4 + 4));
    let head = |head: usize| Component::Head(Head { layer: 0, head });
    assert_eq!(
        of("kind=resample&ablate=L0.pattern,L0H1%2BL0H3"),
        [
            Ablation::from((Component::Pattern(0), AblationKind::HeadMean)),
            Ablation::together([(head(3), AblationKind::Resample), (head(1), AblationKind::Resample)]),
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
