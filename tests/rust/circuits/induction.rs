//! Induction: drawn words fed twice, and what followed the first copy; and masks of
//! one's own.

use super::{TOLERANCE, matrix, model, reference};
use crate::fixtures::{assert_close, integers, numbers, tokens};
use crate::test;
use headscope::prompts::{DrawSettings, Relation, Relations, WordSequence, WordTable, draw};
use headscope::study::{
    Measure, Metric, OwnMask, Target, TokenizedPrompt, Uninterrupted, metric::uniform, score_heads,
};

/// The seeded draw with every sequence fed twice; those kept, as the reference has them.
fn repeated() -> Vec<(WordSequence, TokenizedPrompt)> {
    let settings = DrawSettings { categories: 10, ..DrawSettings::default() };
    let drawn = draw(&WordTable::notebook(), &settings).unwrap().into_iter().enumerate();
    let prompts = drawn.map(|(sequence, words)| {
        let words = words.repeated(2);
        let ids = tokens().tokenize(&words).unwrap().ids;
        let relations = Relations::of(&words);
        (words, TokenizedPrompt { sequence, ids, relations })
    });
    prompts.filter(|(words, case)| case.ids.len() == words.words.len() + 1).collect()
}

#[test]
fn induction_on_repeated_draws_is_scored_as_in_the_reference() {
    let theirs = &reference()["induction"];
    let (_, cases): (Vec<_>, Vec<_>) = repeated().into_iter().unzip();
    let kept: Vec<usize> = cases.iter().map(|case| case.sequence).collect();
    assert_eq!(kept, integers(&theirs["kept_sequences"]));
    let first: Vec<usize> = cases[0].ids.iter().map(|&id| id as usize).collect();
    assert_eq!(first, integers(&theirs["token_ids_first"]));
    let (model, _) = model();
    let measure = Measure { metric: Metric::CellMean, target: Target::Induction };
    let scores = pollster::block_on(score_heads(&model, &cases, measure, &Uninterrupted)).unwrap();
    let mean = scores.mean();
    assert_close("mean", &mean.concat(), &matrix(&theirs["scores_mean"]), TOLERANCE);
    assert_eq!(mean[0].len(), numbers(&theirs["scores_mean"][0]).len());
    assert_close("first", &scores.per_prompt[0].concat(), &matrix(&theirs["scores_first"]), TOLERANCE);
}

#[test]
fn an_induction_cell_stands_after_an_earlier_copy() {
    for (words, case) in repeated() {
        let words = &words.words;
        let cells: Vec<(usize, usize)> = Target::Induction.cells(&case.relations).collect();
        let mut wanted = Vec::new();
        for q in 1..=words.len() {
            wanted.extend((2..q).filter(|&k| words[k - 2] == words[q - 1]).map(|k| (q, k)));
        }
        assert_eq!(cells, wanted);
        // The second copy's words each have the first's next one, but the last.
        assert!((13..=24).all(|q| cells.contains(&(q, q - 11))));
        assert_eq!(case.relations.get(13, 1), Relation::SameWord);
    }
    let once = WordSequence { words: vec!["a".to_owned()], categories: vec![None] };
    assert_eq!((once.repeated(1), once.repeated(0).words.len()), (once.clone(), 0));
}

#[test]
fn own_masks_are_read_and_written_in_one_form() {
    let mask: OwnMask = "cells-q5k1_3.q7k2-4".parse().unwrap();
    assert_eq!(mask.cells().collect::<Vec<_>>(), [(5, 1), (5, 3), (7, 2), (7, 3), (7, 4)]);
    assert!(mask.holds(7, 3) && mask.holds(5, 1) && !mask.holds(5, 2) && !mask.holds(6, 1));
    for text in ["cells-q5k1_3.q7k2-4", "cells-q0k0", "cells-q4095k0-4095", "cells-q3k0_2-3.q4k4"] {
        assert_eq!(text.parse::<OwnMask>().unwrap().to_string(), text);
    }
    // Runs that touch are one.
    assert_eq!("cells-q9k1_2_3_5-6_7".parse::<OwnMask>().unwrap().to_string(), "cells-q9k1-3_5-7");
    for text in [
        "",
        "cells-",
        "q5k1",
        "cells-q5",
        "cells-q5k",
        "cells-k1",
        "cells-q5k6",
        "cells-q5k1-6",
        "cells-q5k3_1",
        "cells-q5k1_1",
        "cells-q5k3-1",
        "cells-q5k2-2",
        "cells-q5k1-3_3",
        "cells-q5k1.q5k2",
        "cells-q7k1.q5k1",
        "cells-q5k1.",
        "cells-q+5k1",
        "cells-q05k1",
        "cells-q5k01",
        "cells-q4096k1",
        "cells-q5k1,3",
        "cells-q5k1-2-3",
        "cells-q99999999999999999999k1",
    ] {
        assert_eq!(text.parse::<OwnMask>(), Err(()), "{text}");
    }
}

#[test]
fn own_masks_of_any_cells_come_back_as_they_were() {
    // Every mask of three positions, by the bits of its six cells.
    let all: Vec<(usize, usize)> = (0..3).flat_map(|q| (0..=q).map(move |k| (q, k))).collect();
    assert_eq!(OwnMask::of([(1, 2), (4096, 0)]), None);
    for bits in 1..1_usize << all.len() {
        let chosen = all.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, &cell)| cell);
        let cells: Vec<(usize, usize)> = chosen.collect();
        let mask = OwnMask::of(cells.iter().rev().copied().chain([(0, 1)])).unwrap();
        assert_eq!(mask.cells().collect::<Vec<_>>(), cells);
        assert_eq!(mask.to_string().parse::<OwnMask>().unwrap(), mask);
        let (inside, dropped) = mask.within(2);
        let left: Vec<(usize, usize)> = cells.iter().copied().filter(|&(q, _)| q < 2).collect();
        assert_eq!(dropped, cells.len() - left.len());
        assert_eq!(inside.map(|mask| mask.cells().collect::<Vec<_>>()).unwrap_or_default(), left);
    }
}

#[test]
fn a_mask_of_a_targets_cells_scores_as_the_target_does() {
    let (_, cases) = model();
    for case in &cases {
        let mask = OwnMask::of(Target::SameCategory.cells(&case.relations)).unwrap();
        let pattern = uniform(case.relations.n());
        for metric in Metric::ALL {
            let ours = metric.score_on(mask.cells(), &pattern, case.relations.n());
            assert_eq!(ours, metric.score(&pattern, &case.relations));
            assert_eq!(metric.score_on([], &pattern, case.relations.n()), None);
        }
    }
}
