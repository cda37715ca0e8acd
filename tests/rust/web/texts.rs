//! Texts of one's own, a line each, and cells painted on one of them.

use super::{keys, settings};
use crate::fixtures;
use crate::test;
use headscope::study::{Measure, Metric, Target, metric::uniform};
use headscope::web::link::settings::Over;
use headscope::web::prompt_set::PromptSet;
use headscope::web::{Settings, link};
use serde_json::json;

#[test]
fn each_line_is_a_prompt_and_the_first_is_shown() {
    let several = settings("text=+The+cat%0D%0A%0A++%0Asat+on+a+mat%0A&prompt=1");
    assert_eq!(several.texts(), [" The cat", "sat on a mat"]);
    let set = PromptSet::of(&several, fixtures::tokens()).unwrap();
    let tokens: Vec<usize> = set.cases().iter().map(|case| case.ids.len()).collect();
    assert_eq!(tokens, [3, 5]);
    let shown: Vec<bool> = set.prompts.iter().map(|prompt| prompt.relations.is_shown()).collect();
    assert_eq!(shown, [false, true]);
    assert_eq!(several.shown_prompt(), 1);
    assert_eq!(settings("text=a+b").shown_prompt(), 0);
    // A carriage return alone ends no line.
    assert_eq!(settings("text=a%0Db&prompt=0").texts(), ["a\rb"]);
}

#[test]
fn a_link_says_which_of_several_texts_is_shown_and_one_without_is_told() {
    for prompt in [0, 1] {
        let written =
            link::format(&Settings { text: Some("a b\nc".to_owned()), prompt, ..Settings::default() });
        assert!(written.contains(&format!("&prompt={prompt}")), "{written}");
        assert_eq!(settings(&written).shown_prompt(), prompt as usize);
    }
    // Earlier versions took lines for one text.
    let (read, problems) = link::parse("v=1&model=gpt2&text=a+b%0Ac");
    assert_eq!(read.shown_prompt(), 0);
    assert_eq!(problems[0].message, "The text has 2 lines.");
    assert_eq!(problems[0].consequence, "Each is a prompt of its own.");
    // Beside a text alone they kept the number of a drawn prompt.
    let alone = settings("v=1&model=gpt2&text=a+b&prompt=7");
    assert_eq!((alone.shown_prompt(), alone.prompt), (0, 7));
    assert_eq!(link::format(&alone), "v=1&model=gpt2&text=a+b&prompt=7");
    assert_eq!(keys("text=a%0Ab&prompt=2"), ["prompt"]);
    assert_eq!(keys(&format!("text={}&prompt=0", "a%0A".repeat(501))), ["text"]);
}

#[test]
fn a_change_to_texts_and_back_begins_with_the_first_prompt() {
    let change = |from: &Settings, patch: serde_json::Value| {
        let changed = from.change(patch.as_object().unwrap());
        assert_eq!(changed.problems, []);
        changed.settings
    };
    let drawn = settings("prompt=5");
    let texts = change(&drawn, json!({ "text": "a\nb\nc" }));
    assert_eq!(texts.prompt, 0);
    let third = change(&texts, json!({ "prompt": 2 }));
    assert_eq!(change(&third, json!({ "text": "d\ne\nf" })).prompt, 2);
    assert_eq!(change(&third, json!({ "text": "d" })).shown_prompt(), 0);
    assert_eq!(change(&third, json!({ "text": null })).prompt, Settings::default().prompt);
}

#[test]
fn painted_cells_are_of_the_shown_prompt_alone() {
    let painted = settings("target=cells-q5k1_3.q7k2-4&prompt=3");
    assert_eq!(painted.scored_over(), Over::Prompt);
    assert!(link::format(&painted).contains("&target=cells-q5k1_3.q7k2-4"));
    let set = PromptSet::of(&painted, fixtures::tokens()).unwrap();
    let measure = painted.measure();
    for case in set.cases() {
        let score = measure.score(&uniform(case.ids.len()), &case.relations);
        let chance = (2.0 / 6.0 + 3.0 / 8.0) / 5.0;
        match case.sequence {
            3 => assert!((score.unwrap() - chance).abs() < 1e-7),
            _ => assert_eq!(score, None),
        }
    }
}

#[test]
fn cells_beyond_the_prompt_are_told_and_dropped() {
    let (read, problems) = link::parse("target=cells-q5k1_3.q13k2-4&len=12");
    assert_eq!(read.target.to_string(), "cells-q5k1_3");
    assert_eq!(problems[0].message, "3 painted cells lie beyond the prompt, whose last token is 12.");
    let (read, problems) = link::parse("target=cells-q13k2&len=12");
    assert_eq!(read.target, Target::SameCategory);
    assert_eq!(problems[0].consequence, "Instead, same-category is used.");
    assert_eq!(settings("target=cells-q24k2&len=12&repeat=2").target.to_string(), "cells-q24k2");
    // How many tokens a text has, its tokenizer knows.
    let text = settings("target=cells-q2k1.q9k0&text=a+b+c");
    let (left, problem) = text.target_within(4).unwrap();
    assert_eq!(left.to_string(), "cells-q2k1");
    assert_eq!(problem.message, "1 painted cell lies beyond the prompt, whose last token is 3.");
    assert_eq!(text.target_within(10), None);
}

#[test]
fn a_metric_on_painted_cells_takes_rows_without_any_at_beginning_of_text() {
    let painted = settings("target=cells-q2k1&text=a+b+c");
    let set = PromptSet::of(&painted, fixtures::tokens()).unwrap();
    let measure = Measure { metric: Metric::Surprisal, ..painted.measure() };
    let expected = [1.0_f64, 0.5, 1.0 / 3.0, 0.25].iter().map(|share| -share.ln()).sum::<f64>() / 4.0;
    let found = measure.score(&uniform(4), &set.prompts[0].relations).unwrap();
    assert!((found - expected).abs() < 1e-7);
}
