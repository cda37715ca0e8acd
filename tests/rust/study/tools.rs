//! The tools: many seeds, contrasts, category by category attention, and the self-check.

use super::{flat, target, whole_model};
use crate::fixtures::{assert_close, json, notebook_cases, tokens};
use crate::test;
use headscope::prompts::{DrawSettings, Relations, WordSequence, WordTable, draw};
use headscope::study::metric::uniform;
use headscope::study::self_check::{Published, PublishedPattern, compare, compare_pattern};
use headscope::study::{
    AttentionBreakdown, CategoryMatrix, Head, Measure, Metric, StudyError, Target, TokenizedPrompt,
    Uninterrupted, baseline, contrast, effects, notebook_preset, over_seeds, score_heads, stats,
};

#[test]
fn many_seeds_are_single_seeds_one_after_another() {
    let tokens = tokens();
    let cases_of = |seed: u32| -> Vec<TokenizedPrompt> {
        let settings = DrawSettings { seed, sequences: 6, ..DrawSettings::default() };
        let drawn = draw(&WordTable::notebook(), &settings).unwrap();
        let prompts = drawn.into_iter().enumerate().map(|(sequence, words)| {
            let ids = tokens.tokenize(&words).unwrap().ids;
            TokenizedPrompt { sequence, ids, relations: Relations::of(&words) }
        });
        prompts.filter(|case| case.ids.len() == 13).collect()
    };
    let draws: Vec<(u32, Vec<TokenizedPrompt>)> = [5, 6, 7].map(|seed| (seed, cases_of(seed))).to_vec();
    let everything: Vec<TokenizedPrompt> = draws.iter().flat_map(|(_, cases)| cases.clone()).collect();
    let model = whole_model(&everything);
    let measure = Measure::from(Metric::CellMean);
    let results =
        pollster::block_on(over_seeds(&model, &draws, target(), measure.clone(), &Uninterrupted)).unwrap();
    assert_eq!(results.len(), 3);
    for (result, (seed, cases)) in results.iter().zip(&draws) {
        assert_eq!(result.seed, *seed);
        let scores = pollster::block_on(score_heads(&model, cases, &measure, &Uninterrupted)).unwrap();
        assert_close("score", &[result.score], &[scores.mean()[2][1]], 1e-12);
        let above = scores.mean().concat().into_iter().filter(|&score| score > result.score).count();
        assert_eq!(result.rank, above + 1);
        assert_eq!(result.holds(&measure), result.rank == 1 && result.score > result.chance);
        let kept = pollster::block_on(baseline(&model, cases, target(), &Uninterrupted)).unwrap();
        let preset = notebook_preset(2);
        let own =
            pollster::block_on(effects(&model, cases, &kept, &measure, &preset, &Uninterrupted)).unwrap();
        assert_eq!(result.effects, own);
    }
}

#[test]
fn heads_side_by_side_are_those_of_the_detector() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let heads = [target(), Head { layer: 0, head: 0 }, Head { layer: 1, head: 3 }];
    for target in [Target::SameCategory, Target::Bos, Target::PreviousToken] {
        let measure = Measure { metric: Metric::RowMass, target };
        let scores = pollster::block_on(score_heads(&model, &cases, &measure, &Uninterrupted)).unwrap();
        let ours = pollster::block_on(contrast(&model, &cases, &heads, &measure, &Uninterrupted)).unwrap();
        for (contrast, head) in ours.iter().zip(heads) {
            assert_eq!(contrast.head, head);
            let theirs: Vec<f64> =
                scores.per_prompt.iter().map(|prompt| prompt[head.layer][head.head]).collect();
            assert_close("scores", &contrast.scores, &theirs, 1e-9);
            let AttentionBreakdown { same_category, same_word, itself, bos, other } = contrast.shares;
            assert_close("shares", &[same_category + same_word + itself + bos + other], &[1.0], 1e-5);
        }
        assert_eq!(ours[0].chance, Some(scores.chance));
    }
}

#[test]
fn category_by_category_attention_adds_up_and_agrees_with_the_pairs() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let kept = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let patterns = &kept.pattern.patterns;
    let matrix = CategoryMatrix::of(&cases, patterns);
    assert_eq!(matrix.categories.len(), 10);
    let mut rows = 0;
    for row in &matrix.rows {
        let sum = row.mass.iter().sum::<f64>() + row.same_word + row.itself + row.bos + row.no_category;
        assert_close("a row", &[sum], &[1.0], 1e-5);
        rows += row.destinations;
        for (j, &to) in matrix.categories.iter().enumerate() {
            let target = Target::Pair { from: row.category, to };
            let mut values = Vec::new();
            for (case, pattern) in cases.iter().zip(patterns) {
                let n = case.relations.n();
                values.extend(target.cells(&case.relations).map(|(q, k)| f64::from(pattern[q * n + k])));
            }
            assert_eq!(row.cells[j], values.len());
            let mass = values.iter().sum::<f64>() / row.destinations as f64;
            assert_close("mass", &[row.mass[j]], &[mass], 1e-9);
            let cell_mean = (!values.is_empty()).then(|| stats::mean(&values));
            assert_close(
                "cell mean",
                &[row.cell_mean[j].unwrap_or(-1.0)],
                &[cell_mean.unwrap_or(-1.0)],
                1e-9,
            );
        }
    }
    assert_eq!(rows, 12 * cases.len(), "every word looks once");
    let uniform: Vec<Vec<f32>> = cases.iter().map(|case| uniform(case.relations.n())).collect();
    assert_eq!(CategoryMatrix::chance(&cases), CategoryMatrix::of(&cases, &uniform));
    // The prompts' order is nothing to it, but for rounding.
    let reversed: Vec<TokenizedPrompt> = cases.iter().rev().cloned().collect();
    let backwards: Vec<Vec<f32>> = patterns.iter().rev().cloned().collect();
    let again = CategoryMatrix::of(&reversed, &backwards);
    let mass =
        |matrix: &CategoryMatrix| matrix.rows.iter().flat_map(|row| row.mass.clone()).collect::<Vec<_>>();
    assert_close("reversed", &mass(&again), &mass(&matrix), 1e-12);
}

#[test]
fn the_self_check_finds_published_figures_reached_or_not() {
    // tests/fixtures/random-3x4x32/published.mjs computed them, by other means.
    let file = json("tests/fixtures/random-3x4x32/published.json");
    let figures: Vec<Published> = serde_json::from_value(file["prompts"].clone()).unwrap();
    assert_eq!(figures.len(), 2);
    let relations = Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() });
    for mut published in figures {
        let case =
            TokenizedPrompt { sequence: 0, ids: published.token_ids.clone(), relations: relations.clone() };
        let model = whole_model(&[case]);
        let own = tokens().encode(&published.prompt).unwrap();
        let reached = pollster::block_on(compare(&model, &published, &own[1..], &Uninterrupted)).unwrap();
        assert!(reached.same_ids && reached.same_top, "{reached:?}");
        assert_eq!(reached.attention_figures, 2 * 3 * 4);
        assert_close("logits", &[reached.logits, reached.attention], &[0.0, 0.0], 1e-4);
        assert_close("pattern", &[reached.pattern.unwrap()], &[0.0], 1e-4);
        published.last_position_top10_logits[3] += 0.5;
        published.attention_last_to_itself_by_layer_and_head[2][1] -= 0.25;
        let other = pollster::block_on(compare(&model, &published, &own[2..], &Uninterrupted)).unwrap();
        assert!(!other.same_ids);
        assert_close("distances", &[other.logits, other.attention], &[0.5, 0.25], 1e-3);
        published.attention_last_to_itself_by_layer_and_head.pop();
        let unfit = pollster::block_on(compare(&model, &published, &own[1..], &Uninterrupted)).unwrap();
        assert!(unfit.attention.is_infinite());
    }
}

#[test]
fn a_published_pattern_is_reached_or_not() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let tokens = cases[0].ids.len();
    let patterns = |head: usize| {
        let head = Head { layer: target().layer, head };
        let baseline = pollster::block_on(baseline(&model, &cases[..1], head, &Uninterrupted)).unwrap();
        flat(&baseline.pattern.patterns)
    };
    let mean = |column: &dyn Fn(usize) -> usize| -> Vec<f64> {
        let of_head = |pattern: Vec<f64>| {
            (0..tokens).map(|q| pattern[q * tokens + column(q)]).sum::<f64>() / tokens as f64
        };
        (0..4).map(|head| of_head(patterns(head))).collect()
    };
    let own = patterns(target().head);
    let published = PublishedPattern {
        text: String::new(),
        token_ids: cases[0].ids.clone(),
        head: target().to_string(),
        pattern_rows: (0..tokens).map(|q| own[q * tokens..][..=q].to_vec()).collect(),
        mean_attention_on_bos_by_head: mean(&|_| 0),
        mean_attention_on_self_by_head: mean(&|q| q),
    };
    let compare = |published: &PublishedPattern, ids: &[u32]| {
        pollster::block_on(compare_pattern(&model, published, ids, &Uninterrupted))
    };
    let reached = compare(&published, &cases[0].ids).unwrap();
    assert!(reached.same_ids && reached.pattern < 1e-6 && reached.means < 1e-6, "{reached:?}");
    let mut other = published.clone();
    other.pattern_rows[3][1] += 0.25;
    other.mean_attention_on_self_by_head[0] -= 0.5;
    let missed = compare(&other, &cases[1].ids).unwrap();
    assert!(!missed.same_ids);
    assert_close("pattern", &[missed.pattern, missed.means], &[0.25, 0.5], 1e-6);
    other.pattern_rows.pop();
    assert_eq!(compare(&other, &[]).unwrap().pattern, f64::INFINITY);
    let absent = PublishedPattern { head: "L3H0".to_owned(), ..published };
    assert!(matches!(compare(&absent, &[]), Err(StudyError::NothingToScore)));
    // The post's own file is of that shape.
    let post: PublishedPattern = serde_json::from_value(json("data/gpt2/post-pattern.json")).unwrap();
    assert_eq!((post.pattern_rows.len(), post.mean_attention_on_bos_by_head.len()), (64, 12));
}
