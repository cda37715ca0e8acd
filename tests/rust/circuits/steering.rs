//! The negative eigenvalues of a head's S scaled, on prompts.

use super::{TOLERANCE, folded, head, matrix, model, reference};
use crate::fixtures::{assert_close, numbers};
use crate::test;
use headscope::circuits::{FoldedHead, Spectrum, Steering};
use headscope::model::Gpt2;
use headscope::study::{Measure, Metric, TokenizedPrompt, Uninterrupted, baseline};

fn steering(model: &Gpt2, folded: &FoldedHead, cases: &[TokenizedPrompt]) -> Steering {
    let spectrum = Spectrum::of(folded).unwrap();
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    pollster::block_on(Steering::of(model, &ids, folded, &spectrum, &Uninterrupted)).unwrap()
}

fn wide(pattern: &[f32]) -> Vec<f64> {
    pattern.iter().map(|&x| f64::from(x)).collect()
}

#[test]
fn steered_patterns_scores_and_shares_are_the_references() {
    let (model, cases) = model();
    let steering = steering(&model, &folded(&model, head()), &cases);
    for (alpha, theirs) in reference()["steered"].as_object().unwrap() {
        let alpha: f64 = alpha.parse().unwrap();
        let pattern = wide(&steering.pattern(1, alpha).unwrap());
        assert_close("pattern", &pattern, &matrix(&theirs["pattern_second_prompt"]), TOLERANCE);
        let steered = steering.scores(&cases, &Measure::from(Metric::CellMean), alpha);
        let scores: Vec<f64> = steered.iter().map(|one| one.score.unwrap()).collect();
        assert_close("cell_mean", &scores, &numbers(&theirs["cell_mean"]), TOLERANCE);
        let shares: Vec<f64> = steered.iter().map(|one| one.shares.itself).collect();
        assert_close("self_share", &shares, &numbers(&theirs["self_share"]), TOLERANCE);
        assert!(steered.iter().zip(&cases).all(|(one, case)| one.sequence == case.sequence));
    }
}

#[test]
fn alpha_1_is_the_model_for_every_head() {
    let (model, cases) = model();
    for head in headscope::circuits::forms::loaded_heads(&model) {
        let steering = steering(&model, &folded(&model, head), &cases);
        let baseline = pollster::block_on(baseline(&model, &cases, head, &Uninterrupted)).unwrap();
        for (i, pattern) in baseline.pattern.patterns.iter().enumerate() {
            let ours = wide(&steering.pattern(i, 1.0).unwrap());
            assert_close(&head.to_string(), &ours, &wide(pattern), 1e-6);
        }
        assert_eq!(steering.pattern(cases.len(), 1.0), None);
    }
}

#[test]
fn prompts_of_any_lengths_are_steered_each_as_alone() {
    let (model, cases) = model();
    let folded = folded(&model, head());
    let mut ragged = cases[..4].to_vec();
    for (case, tokens) in ragged.iter_mut().zip([13, 5, 5, 2]) {
        case.ids.truncate(tokens);
    }
    let together = steering(&model, &folded, &ragged);
    for (i, case) in ragged.iter().enumerate() {
        let alone = steering(&model, &folded, std::slice::from_ref(case)).pattern(0, -0.5).unwrap();
        let ours = together.pattern(i, -0.5).unwrap();
        assert_eq!(ours.len(), case.ids.len().pow(2));
        assert_close("pattern", &wide(&ours), &wide(&alone), 1e-6);
        // What comes later changes nothing of what came before.
        let whole = steering(&model, &folded, &cases[i..=i]).pattern(0, -0.5).unwrap();
        assert_close(
            "first rows",
            &[ours[2].into()],
            &[if case.ids.len() == 2 { whole[13] } else { 0.0 }.into()],
            1e-6,
        );
    }
}

#[test]
fn a_steered_score_is_that_of_the_whole_matrix() {
    use headscope::circuits::stream::normalised_before;
    use nalgebra::{DMatrix, SymmetricEigen};
    let (model, cases) = model();
    let folded = folded(&model, head());
    let steering = steering(&model, &folded, &cases[..1]);
    let ids = [cases[0].ids.clone()];
    let x = &pollster::block_on(normalised_before(&model, &ids, head().layer, &Uninterrupted)).unwrap()[0];
    let m = &folded.w_q * folded.w_k.transpose();
    let eigen = SymmetricEigen::new((&m + m.transpose()) * 0.5);
    for alpha in [-2.0, 0.5, 1.7] {
        let scaled = eigen.eigenvalues.map(|value| if value < 0.0 { alpha * value } else { value });
        let s = &eigen.eigenvectors * DMatrix::from_diagonal(&scaled) * eigen.eigenvectors.transpose();
        let steered = s + (&m - m.transpose()) * 0.5;
        let pattern = steering.pattern(0, alpha).unwrap();
        let tokens = ids[0].len();
        for q in 0..tokens {
            let score = |k: usize| {
                let (x_q, x_k) = (x.row(q), x.row(k));
                let bare = (x_q * &steered).dot(&x_k);
                let of_query = (x_q * &folded.w_q).transpose().dot(&folded.b_k);
                let of_key = (x_k * &folded.w_k).transpose().dot(&folded.b_q);
                (bare + of_query + of_key + folded.b_q.dot(&folded.b_k)) * folded.scale
            };
            let weights: Vec<f64> = (0..=q).map(|k| score(k).exp()).collect();
            let sum: f64 = weights.iter().sum();
            let theirs: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            assert_close("row", &wide(&pattern[q * tokens..q * tokens + q + 1]), &theirs, 1e-6);
        }
    }
}
