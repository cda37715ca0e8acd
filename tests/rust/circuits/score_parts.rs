//! A score cut into components of query and key.

use super::{TOLERANCE, folded, head, matrix, model, number, reference};
use crate::fixtures::{assert_close, strings};
use crate::test;
use headscope::circuits::{CircuitError, PromptCells, ScoreParts, score_parts};
use headscope::model::Gpt2;
use headscope::study::{Head, Target, Uninterrupted};

fn parts(model: &Gpt2, head: Head, prompts: &[PromptCells<'_>]) -> Result<ScoreParts, CircuitError> {
    pollster::block_on(score_parts(model, &folded(model, head), prompts, &Uninterrupted))
}

#[test]
fn the_parts_of_a_cell_are_the_references() {
    let (model, cases) = model();
    let theirs = &reference()["score_parts"];
    let cell = ["query", "key"].map(|side| theirs[side].as_u64().unwrap() as usize);
    let ours =
        parts(&model, head(), &[PromptCells { ids: &cases[1].ids, cells: vec![cell.into()] }]).unwrap();
    assert_eq!(ours.components, strings(&theirs["components"]));
    assert_close("parts", &ours.parts.concat(), &matrix(&theirs["parts"]), TOLERANCE);
    assert_close("score", &[ours.score], &[number(&theirs["score"])], TOLERANCE);
    assert_eq!(ours.cells, 1);
}

#[test]
fn parts_sum_to_the_models_score_in_every_layer() {
    let (model, cases) = model();
    for layer in 0..3 {
        let head = Head { layer, head: 3 };
        // The pattern tells scores up to a constant of the row.
        let pattern = pollster::block_on(headscope::study::baseline(&model, &cases, head, &Uninterrupted))
            .unwrap()
            .pattern;
        for (q, k) in [(12, 3), (5, 5), (7, 0)] {
            let of =
                |k| parts(&model, head, &[PromptCells { ids: &cases[4].ids, cells: vec![(q, k)] }]).unwrap();
            let (ours, bos) = (of(k), of(0));
            let sum: f64 = ours.parts.iter().flatten().sum();
            assert_close("sum", &[sum], &[ours.score], 1e-9);
            let row = &pattern.patterns[4][q * 13..];
            let ratio = f64::from(row[k]).ln() - f64::from(row[0]).ln();
            assert_close("score", &[ours.score - bos.score], &[ratio], 1e-4);
        }
    }
}

#[test]
fn parts_of_several_cells_are_the_mean_of_each_cells_parts() {
    let (model, cases) = model();
    let prompts: Vec<PromptCells> = cases[..3]
        .iter()
        .map(|case| PromptCells {
            ids: &case.ids,
            cells: Target::SameCategory.cells(&case.relations).collect(),
        })
        .collect();
    let together = parts(&model, head(), &prompts).unwrap();
    let mut sum = vec![0.0; together.components.len().pow(2)];
    let mut cells = 0;
    for PromptCells { ids, cells: of_prompt } in &prompts {
        for &cell in of_prompt {
            let alone =
                parts(&model, head(), &[PromptCells { ids, cells: vec![cell] }]).unwrap().parts.concat();
            sum.iter_mut().zip(alone).for_each(|(sum, part)| *sum += part);
            cells += 1;
        }
    }
    assert_eq!(together.cells, cells);
    sum.iter_mut().for_each(|sum| *sum /= cells as f64);
    assert_close("mean", &together.parts.concat(), &sum, 1e-9);
    let by_layer = together.by_layer();
    assert_eq!(by_layer.components, ["embed", "pos_embed", "L0", "L1", "bias"]);
    assert_close("by layer", &[by_layer.parts.concat().iter().sum()], &[together.score], 1e-9);
    let of_l0: f64 = together.parts[2..8].iter().map(|row| row[1]).sum();
    assert_close("L0 with positions", &[by_layer.parts[2][1]], &[of_l0], 1e-12);
}

#[test]
fn cells_that_are_not_there_are_refused() {
    let (model, cases) = model();
    let of = |cells: Vec<(usize, usize)>| parts(&model, head(), &[PromptCells { ids: &cases[0].ids, cells }]);
    assert!(matches!(of(vec![]), Err(CircuitError::Nothing)));
    let beyond = of(vec![(13, 1)]);
    assert!(matches!(beyond, Err(CircuitError::NoSuchPosition { position: 13, tokens: 13 })));
}
