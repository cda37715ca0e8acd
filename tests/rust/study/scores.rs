//! From patterns to numbers: targets, metrics, chance, shares of attention, the scores of
//! all heads, and statistics.

use super::{flat, target};
use crate::fixtures::{Folder, RANDOM, assert_close, integers, json, notebook_cases, numbers, tokens};
use crate::test;
use headscope::model::Depth;
use headscope::prompts::{Relations, WordSequence, WordTable};
use headscope::study::metric::uniform;
use headscope::study::{
    AblationKind, AttentionBreakdown, Component, Head, HeadScorer, Measure, Metric, StudyError, Target,
    TokenizedPrompt, Uninterrupted, ablate, baseline, score_heads, stats,
};
use std::str::FromStr;

#[test]
fn heads_are_read_as_they_are_written() {
    for text in ["L0H0", "L11H5"] {
        assert_eq!(Head::from_str(text).unwrap().to_string(), text);
    }
    for text in ["", "L1", "H5", "L1H", "LxH1", "L1H5 ", "L+1H5", "l1h5", "L1H99999999999999999999"] {
        assert!(Head::from_str(text).is_err(), "{text}");
    }
}

#[test]
fn shares_sum_to_one_and_chance_is_the_uniform_pattern() {
    for case in notebook_cases() {
        let uniform = uniform(case.ids.len());
        let AttentionBreakdown { same_category, same_word, itself, bos, other } =
            AttentionBreakdown::of(&uniform, &case.relations);
        assert_close("sum", &[same_category + same_word + itself + bos + other], &[1.0], 1e-6);
        for metric in Metric::ALL {
            assert_eq!(metric.chance(&case.relations), metric.score(&uniform, &case.relations));
        }
        // By hand: the mean over the mask's cells of 1 / (q + 1).
        let cells: Vec<f64> = case.relations.targets().map(|(q, _)| 1.0 / (q + 1) as f64).collect();
        let chance = Metric::CellMean.chance(&case.relations).unwrap();
        assert_close("chance", &[chance], &[stats::mean(&cells)], 1e-7);
    }
}

/// A target's cells, told by the words themselves.
fn cells_by_words(target: &Target, words: &[&str], categories: &[usize]) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    for q in 1..=words.len() {
        for k in 0..=q {
            let hit = match *target {
                Target::Bos => k == 0,
                Target::Itself => k == q,
                Target::PreviousToken => k >= 1 && k == q - 1,
                _ if (k == 0 || k == q) && !matches!(target, Target::Cells(_)) => false,
                Target::Induction => k >= 2 && words[q - 1] == words[k - 2],
                Target::SameWord => words[q - 1] == words[k - 1],
                Target::SameCategory => {
                    words[q - 1] != words[k - 1] && categories[q - 1] == categories[k - 1]
                }
                Target::Cells(ref mask) => mask.cells().any(|cell| cell == (q, k)),
                Target::Pair { from, to } => {
                    words[q - 1] != words[k - 1] && (categories[q - 1], categories[k - 1]) == (from, to)
                }
            };
            if hit {
                cells.push((q, k));
            }
        }
    }
    cells
}

#[test]
fn every_target_is_scored_on_its_own_cells() {
    let words = ["red", "dog", "blue", "red", "cat", "dog", "white"];
    let categories = [1, 5, 1, 1, 5, 5, 1];
    let sequence =
        WordSequence { words: words.map(str::to_owned).to_vec(), categories: categories.map(Some).to_vec() };
    let mut relations = Relations::of(&sequence);
    relations.set_shown(true);
    let n = words.len() + 1;
    // Any numbers will do, as long as rows sum to 1.
    let pattern: Vec<f32> = (0..n * n)
        .map(|i| {
            let (q, k) = (i / n, i % n);
            let weight = |k: usize| ((q * 7 + k * 5) % 11 + 1) as f32;
            if k > q { 0.0 } else { weight(k) / (0..=q).map(weight).sum::<f32>() }
        })
        .collect();
    let pairs = [(1, 5), (5, 1), (1, 1), (5, 5)].map(|(from, to)| Target::Pair { from, to });
    let painted = Target::Cells("cells-q1k0_1.q5k2-4.q7k0".parse().unwrap());
    for target in Target::NAMED.into_iter().chain(pairs).chain([painted.clone()]) {
        let cells = cells_by_words(&target, &words, &categories);
        assert_eq!(target.cells(&relations).collect::<Vec<_>>(), cells, "{target}");
        let values: Vec<f64> = cells.iter().map(|&(q, k)| f64::from(pattern[q * n + k])).collect();
        let measure = Measure { metric: Metric::CellMean, target: target.clone() };
        let ours = measure.score(&pattern, &relations).unwrap();
        assert_close(&target.to_string(), &[ours], &[stats::mean(&values)], 1e-7);
        assert_eq!(measure.chance(&relations), measure.score(&uniform(n), &relations));
        assert_eq!(target.to_string().parse(), Ok(target));
    }
    // Painted cells are of the shown prompt alone.
    relations.set_shown(false);
    assert_eq!(painted.cells(&relations).count(), 0);
    let nothing = Measure { metric: Metric::RowMass, target: Target::Pair { from: 0, to: 1 } };
    assert_eq!(nothing.score(&pattern, &relations), None);
    for text in ["pair-1", "pair-1-", "pair-+1-2", "pair-01-2", "Bos", "cells", "cells-", "cells-q1k2", ""] {
        assert_eq!(text.parse::<Target>(), Err(()), "{text}");
    }
}

#[test]
fn a_prompt_without_a_pair_has_no_score() {
    let words = ["red", "dog", "red"].map(str::to_owned).to_vec();
    let relations = Relations::of(&WordSequence { words, categories: vec![Some(0), Some(1), Some(0)] });
    for metric in Metric::ALL {
        assert_eq!(metric.score(&uniform(4), &relations), None);
    }
    let mut cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let score = |cases: &[TokenizedPrompt]| {
        pollster::block_on(score_heads(&model, cases, Metric::CellMean, &Uninterrupted))
    };
    let all = score(&cases).unwrap();
    cases[3].relations = Relations::of(&WordSequence {
        words: (0..12).map(|i| i.to_string()).collect(),
        categories: vec![None; 12],
    });
    let without = score(&cases).unwrap();
    assert_eq!(without.sequences.len(), all.sequences.len() - 1);
    assert_eq!(without.per_prompt[3], all.per_prompt[4]);
    assert!(matches!(score(&cases[3..4]), Err(StudyError::NothingToScore)));
}

#[test]
fn permuted_prompts_give_permuted_scores() {
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let reversed: Vec<TokenizedPrompt> = cases.iter().rev().cloned().collect();
    let score = |cases: &[TokenizedPrompt]| {
        pollster::block_on(score_heads(&model, cases, Metric::RowMass, &Uninterrupted)).unwrap()
    };
    let (mut ours, theirs) = (score(&cases).per_prompt, score(&reversed).per_prompt);
    ours.reverse();
    assert_close("scores", &ours.concat().concat(), &theirs.concat().concat(), 1e-6);
    let run = |cases: &[TokenizedPrompt]| {
        let baseline = pollster::block_on(baseline(&model, cases, target(), &Uninterrupted)).unwrap();
        pollster::block_on(ablate(&model, &baseline, Component::Mlp(0), AblationKind::DatasetMean))
            .unwrap()
            .patterns
    };
    let (mut ours, theirs) = (run(&cases), run(&reversed));
    ours.reverse();
    assert_close("ablations", &flat(&ours), &flat(&theirs), 1e-6);
}

#[test]
fn layers_that_are_scored_as_they_come_have_the_scores_of_a_whole_model() {
    let cases = notebook_cases();
    let folder = Folder::open(RANDOM);
    let whole = folder.model(&cases, Depth::Pattern(2));
    let whole = pollster::block_on(score_heads(&whole, &cases, Metric::CellMean, &Uninterrupted)).unwrap();
    let mut model = folder.model(&cases, Depth::Pattern(0));
    let mut scorer = HeadScorer::new(&cases, Metric::CellMean).unwrap();
    for l in 0..3 {
        folder.extend(&mut model, &cases, Depth::Pattern(l));
        assert!(!model.has_layer(l), "of the latest layer no more than queries and keys");
        pollster::block_on(scorer.run_layer(&model)).unwrap();
    }
    assert_close("scores", &scorer.scores().mean().concat(), &whole.mean().concat(), 1e-6);
}

#[test]
fn a_cancel_stops_between_steps() {
    struct Impatient;
    impl headscope::study::YieldPoint for Impatient {
        async fn step(&self, done: usize, _: usize) -> Result<(), StudyError> {
            if done == 1 { Err(StudyError::Cancelled) } else { Ok(()) }
        }
    }
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let stopped = pollster::block_on(score_heads(&model, &cases, Metric::CellMean, &Impatient));
    assert!(matches!(stopped, Err(StudyError::Cancelled)));
}

#[test]
fn bootstrap_intervals_have_the_known_width() {
    // For a sample of n, the interval's half width comes close to 1.96 sd / sqrt(n).
    let values: Vec<f64> = (0..400).map(|i| f64::from((i * 7919) % 400) / 400.0).collect();
    let (low, high) = stats::bootstrap(&values).unwrap();
    let expected = 1.96 * stats::sd(&values).unwrap() / 20.0;
    let mean = stats::mean(&values);
    assert_close("width", &[mean - low, high - mean], &[expected; 2], 0.08 * expected);
    assert_eq!(stats::bootstrap(&[1.0]), None);
    assert_eq!(stats::sd(&[1.0]), None, "one value has no spread");
    assert_eq!(stats::bootstrap(&values), stats::bootstrap(&values), "the seed is fixed");
}

#[test]
fn sign_flips_are_as_rare_as_all_of_them_say() {
    let samples: [&[f64]; 3] = [
        &[0.3, -0.1, 0.25, 0.4, 0.02, -0.05, 0.31, 0.12, -0.22, 0.18],
        &[0.1; 8],
        &[0.2, -0.2, 0.2, -0.2, 0.0],
    ];
    for differences in samples {
        let n = differences.len();
        let sum = |signs: usize| {
            let signed = differences.iter().enumerate();
            signed.map(|(i, x)| if signs >> i & 1 == 0 { *x } else { -x }).sum::<f64>().abs()
        };
        let as_far = (0..1_usize << n).filter(|&signs| sum(signs) >= sum(0) - 1e-12).count();
        let exact = as_far as f64 / (1_usize << n) as f64;
        // Four standard errors of a share among 9999.
        let near = 4.0 * (exact * (1.0 - exact) / 9999.0).sqrt() + 2e-4;
        assert_close("p", &[stats::sign_flip(differences)], &[exact], near);
    }
    // More prompts than one draw has bits.
    let many: Vec<f64> = (0..100).map(|i| 0.2 + f64::from(i * 37 % 100) / 100.0 - 0.495).collect();
    assert_eq!(stats::sign_flip(&many), 1e-4, "none of the flips comes near");
    assert_eq!(stats::sign_flip(&[0.7]), 1.0, "one prompt tells nothing");
}

/// Holm's procedure is the closed one over Bonferroni's tests: a hypothesis falls if every
/// set with it does.
#[test]
fn holms_correction_is_the_closed_procedure() {
    for p_values in
        [vec![0.01, 0.04, 0.03, 0.005], vec![0.2, 0.2, 0.001, 0.6, 0.013, 0.013], vec![0.5], vec![]]
    {
        let n = p_values.len();
        let of_set = |set: usize| {
            let members = (0..n).filter(|i| set >> i & 1 == 1).map(|i| p_values[i]);
            (f64::from(set.count_ones()) * members.fold(1.0, f64::min)).min(1.0)
        };
        let slow: Vec<f64> = (0..n)
            .map(|i| (0..1_usize << n).filter(|set| set >> i & 1 == 1).map(of_set).fold(0.0, f64::max))
            .collect();
        assert_close("adjusted", &stats::holm(&p_values), &slow, 1e-15);
    }
}

/// The post's own prompt, real figures of GPT-2 small and the words as its code lists
/// them: its metric of its pattern is the number that it gives.
#[test]
fn the_posts_pattern_has_the_posts_surprisal() {
    let post = json("data/gpt2/post-pattern.json");
    let table = WordTable::from_csv(
        "blue,red,green,yellow,purple\ndog,cat,mouse,horse,sheep\napple,banana,grape,peach,lemon\n\
         happy,sad,angry,scared,proud\nrain,snow,wind,storm,sun\n\
         Monday,Tuesday,Wednesday,Thursday,Friday\n1989,1999,1972,1963,1978\n24,69,42,22,32,50",
    )
    .unwrap();
    let text = post["text"].as_str().unwrap();
    assert!(text.starts_with(' '));
    let tokenized = tokens().tokenize_text(text).unwrap();
    let ids: Vec<usize> = tokenized.ids.iter().map(|&id| id as usize).collect();
    assert_eq!(ids, integers(&post["token_ids"]));
    let words: Vec<String> = tokenized.texts[1..].iter().map(|text| text.trim().to_owned()).collect();
    let categories = words.iter().map(|word| table.category_of(word)).collect();
    let relations = Relations::of(&WordSequence { words, categories });
    let n = relations.n();
    let mut pattern = vec![0.0; n * n];
    for (q, row) in post["pattern_rows"].as_array().unwrap().iter().enumerate() {
        for (k, share) in numbers(row).into_iter().enumerate() {
            pattern[q * n + k] = share as f32;
        }
    }
    let surprisal = Metric::Surprisal.score(&pattern, &relations).unwrap();
    assert_close("surprisal", &[surprisal], &[0.5745], 1e-4);
}
