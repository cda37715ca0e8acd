//! QK and OV forms of heads, from weights alone.

use super::{TOLERANCE, folded, head, model, number, reference};
use crate::fixtures::{Folder, RANDOM, assert_close, notebook_cases, numbers};
use crate::test;
use headscope::circuits::forms::loaded_heads;
use headscope::circuits::{
    CircuitError, FoldedHead, HeadForms, OvForm, QkForm, Spectrum, embedded_ov, forms_of,
};
use headscope::model::{Depth, HeadWeights};
use headscope::prompts::draw::RandomState;
use headscope::study::{Head, StudyError, Uninterrupted, YieldPoint};
use nalgebra::{DMatrix, SymmetricEigen};
use serde_json::Value;
use std::cell::Cell;

/// Asserts that forms are those of a reference, to a tolerance of their size or of 1.
#[track_caller]
fn assert_forms(forms: &HeadForms, reference: &Value, tolerance: f64, of_size: bool) {
    let HeadForms { head, qk, ov } = forms;
    let close = |what: &str, ours: &[f64], theirs: &[f64]| {
        let size = theirs.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
        assert_close(
            &format!("{head} {what}"),
            ours,
            theirs,
            if of_size { tolerance * size } else { tolerance },
        );
    };
    let one = |what: &str, ours: f64| close(what, &[ours], &[number(&reference[what])]);
    one("trace", qk.trace);
    assert_eq!(qk.negative_of_d_head_largest() as u64, reference["negative_of_d_head_largest"], "{head}");
    close("largest_by_size", &qk.eigenvalues[..8], &numbers(&reference["largest_by_size"]));
    one("max_singular_symmetric", qk.max_singular_symmetric);
    one("max_singular_skew", qk.max_singular_skew);
    one("symmetric_share", qk.symmetric_share);
    if reference["ov_copying"].is_null() {
        assert_eq!(*ov, None, "{head}");
    } else {
        let ov = ov.as_ref().unwrap();
        one("ov_copying", ov.copying);
        one("ov_trace", ov.trace);
    }
}

#[test]
fn forms_of_every_head_are_the_references() {
    let (model, _) = model();
    let forms = pollster::block_on(forms_of(&model, &loaded_heads(&model), &Uninterrupted)).unwrap();
    let theirs = reference()["forms"].as_object().unwrap();
    assert_eq!(forms.len(), theirs.len());
    for forms in &forms {
        assert_forms(forms, &theirs[&forms.head.to_string()], TOLERANCE, false);
        assert!(forms.qk.is_low_rank && forms.qk.eigenvalues.len() == 16);
    }
}

#[test]
fn only_what_is_loaded_has_forms_and_a_cancel_ends_them() {
    let folder = Folder::open(RANDOM);
    let model = folder.model(&notebook_cases(), Depth::Pattern(1));
    let heads = loaded_heads(&model);
    assert_eq!(heads.len(), 8);
    let forms = pollster::block_on(forms_of(&model, &heads, &Uninterrupted)).unwrap();
    assert!(forms.iter().all(|forms| forms.ov.is_some() == (forms.head.layer == 0)));
    let absent = pollster::block_on(forms_of(&model, &[head()], &Uninterrupted));
    assert!(matches!(absent, Err(CircuitError::Study(StudyError::Model(_)))));

    struct Third(Cell<usize>);
    impl YieldPoint for Third {
        async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
            assert_eq!(total, 8);
            self.0.set(done);
            if done == 2 { Err(StudyError::Cancelled) } else { Ok(()) }
        }
    }
    let third = Third(Cell::new(0));
    let cancelled = pollster::block_on(forms_of(&model, &heads, &third));
    assert!(matches!(cancelled, Err(CircuitError::Study(StudyError::Cancelled))));
    assert_eq!(third.0.get(), 2);
}

/// A head of random weights; the more columns, the less room for others.
fn random_head(d: usize, e: usize, seed: u32) -> FoldedHead {
    let mut stream = RandomState::new(seed);
    let mut some = |n: usize| -> Vec<f32> {
        (0..n).map(|_| stream.interval(1 << 20) as f32 / (1 << 19) as f32 - 1.0).collect()
    };
    let raw = HeadWeights {
        ln_scale: some(d),
        ln_shift: some(d),
        q: (some(d * e), some(e)),
        k: (some(d * e), some(e)),
        v: (some(d * e), some(e)),
    };
    let w_o = some(e * d);
    FoldedHead::fold(Head { layer: 0, head: 0 }, &raw, Some(&w_o), 1.0)
}

#[test]
fn forms_are_those_of_the_whole_matrix_whatever_the_widths() {
    for (d, e) in [(24, 4), (24, 11), (24, 12), (24, 24), (16, 1), (2, 1)] {
        let head = random_head(d, e, (d * 100 + e) as u32);
        let m = &head.w_q * head.w_k.transpose();
        let (s, k) = ((&m + m.transpose()) * 0.5, (&m - m.transpose()) * 0.5);
        let form = QkForm::of(&head).unwrap();
        let mut whole: Vec<f64> = SymmetricEigen::new(s.clone()).eigenvalues.iter().copied().collect();
        whole.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
        let nonzero = (2 * e).min(d - 1);
        assert_eq!(form.is_low_rank, 2 * e < d);
        assert_close("eigenvalues", &form.eigenvalues, &whole[..nonzero], 1e-10);
        assert!(whole[nonzero..].iter().all(|rest| rest.abs() < 1e-10), "{d} {e}");
        assert_close("trace", &[form.trace, form.eigenvalues.iter().sum()], &[m.trace(), m.trace()], 1e-9);
        let singular = [s.singular_values().max(), k.singular_values().max()];
        assert_close("singular", &[form.max_singular_symmetric, form.max_singular_skew], &singular, 1e-9);
        let share = s.norm_squared() / m.norm_squared();
        assert_close("share", &[form.symmetric_share], &[share], 1e-12);
        if form.is_low_rank {
            assert_eq!(form.eigenvalues.iter().filter(|value| **value < 0.0).count(), e);
        }
        // The eigenvectors give S back, and their negative part with the rest of it.
        let spectrum = Spectrum::of(&head).unwrap();
        assert_close("spectrum", &spectrum.values, &form.eigenvalues, 1e-10);
        let identity = DMatrix::identity(d, d);
        assert!((spectrum.between(&identity) - &s).amax() < 1e-10, "{d} {e}");
        let negative = spectrum.negative();
        assert!(negative.values.iter().all(|value| *value < 0.0));
        let positive = &s - negative.between(&identity);
        assert!(SymmetricEigen::new(positive).eigenvalues.min() > -1e-10);
        let ov = OvForm::of(&head).unwrap().unwrap();
        let product = &head.w_v * head.w_o.as_ref().unwrap();
        let whole = product.complex_eigenvalues();
        let sums = (whole.iter().map(|λ| λ.re).sum::<f64>(), whole.iter().map(|λ| λ.norm()).sum::<f64>());
        assert_close("copying", &[ov.copying], &[sums.0 / sums.1], 1e-4);
        assert_close("trace", &[ov.trace, ov.trace], &[product.trace(), sums.0], 1e-8);
        assert_eq!(ov.eigenvalues.len(), e);
    }
}

#[test]
fn weights_that_are_nothing_or_no_numbers_end_in_zero_or_in_an_error() {
    let mut head = random_head(12, 3, 1);
    head.w_q.fill(0.0);
    head.w_v.fill(0.0);
    let form = QkForm::of(&head).unwrap();
    assert_eq!((form.trace, form.symmetric_share, form.max_singular_skew), (0.0, 0.0, 0.0));
    assert_eq!(OvForm::of(&head).unwrap().unwrap().copying, 0.0);
    head.w_q.fill(f64::NAN);
    head.w_v.fill(f64::INFINITY);
    assert!(matches!(QkForm::of(&head), Err(CircuitError::NoEigenvalues(_))));
    assert!(matches!(OvForm::of(&head), Err(CircuitError::NoEigenvalues(_))));
    assert!(matches!(Spectrum::of(&head), Err(CircuitError::NoEigenvalues(_))));
}

/// The d x d problem beside the e x e one, from W_U W_E as a whole.
#[test]
fn between_embedding_and_unembedding_a_head_is_what_the_whole_tables_make_of_it() {
    let (model, _) = model();
    let table =
        pollster::block_on(model.embedding_rows(&(0..model.config().d_vocab as u32).collect::<Vec<_>>()))
            .unwrap();
    let d = model.config().d_model;
    let embedding = DMatrix::from_row_iterator(table.len() / d, d, table.iter().map(|&x| f64::from(x)));
    let scale = model.final_norm().unwrap().0;
    let mut unembedding = embedding.transpose();
    for (mut row, scale) in unembedding.row_iter_mut().zip(scale) {
        row *= f64::from(*scale);
        let mean = row.mean();
        row.add_scalar_mut(-mean);
    }
    let round = unembedding * embedding;
    for head in [head(), Head { layer: 0, head: 3 }] {
        let folded = folded(&model, head);
        let ours = pollster::block_on(embedded_ov(&model, &folded, &Uninterrupted)).unwrap();
        let whole = &folded.w_v * folded.w_o.as_ref().unwrap() * &round;
        let values = whole.complex_eigenvalues();
        let sum: f64 = values.iter().map(|λ| λ.re).sum();
        let copying = sum / values.iter().map(|λ| λ.norm()).sum::<f64>();
        assert_close("copying", &[ours.copying], &[copying], 1e-4);
        assert_close("trace", &[ours.trace / whole.trace()], &[1.0], 1e-5);
    }
    let folder = Folder::open(RANDOM);
    let part = folder.model(&notebook_cases(), Depth::Pattern(2));
    assert!(pollster::block_on(embedded_ov(&part, &folded(&part, head()), &Uninterrupted)).is_err());
}

/// A tensor of the file, if it has it.
#[cfg(not(target_arch = "wasm32"))]
fn published(tensors: &safetensors::SafeTensors<'_>, name: &str) -> Option<Vec<f32>> {
    let data = tensors.tensor(name).ok()?;
    Some(data.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect())
}

/// The forms of the published model's first layers, where somebody has its tensors: point
/// HEADSCOPE_REAL_TENSORS at a safetensors file with some of them.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn forms_of_the_published_weights_are_the_published_ones() {
    let Some(path) = std::env::var_os("HEADSCOPE_REAL_TENSORS") else {
        eprintln!("skipped: HEADSCOPE_REAL_TENSORS names no file of published tensors");
        return;
    };
    let file = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let reference = crate::fixtures::json("tests/fixtures/gpt2-small/qk-ov-forms.json");
    let config = headscope::weights::Config::from_json(
        br#"{"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257}"#,
    )
    .unwrap();
    let mut model = headscope::model::Gpt2::empty(config.clone());
    for (name, shape) in config.tensors() {
        if let Some(numbers) = published(&tensors, &name) {
            let part = headscope::weights::Part { tensor: name, rows: 0..shape[0] as usize };
            model.insert(&part, numbers).unwrap();
        }
    }
    let heads: Vec<Head> = loaded_heads(&model);
    assert!(!heads.is_empty(), "the file has no attention layer");
    for forms in pollster::block_on(forms_of(&model, &heads, &Uninterrupted)).unwrap() {
        let theirs = &reference["forms"][forms.head.to_string()];
        if !theirs.is_null() {
            assert_forms(&forms, theirs, 1e-3, true);
        }
        if forms.head == (Head { layer: 1, head: 5 }) {
            let QkForm { max_singular_symmetric, max_singular_skew, trace, .. } = forms.qk;
            let negative = forms.qk.negative_of_d_head_largest();
            println!("L1H5: {max_singular_symmetric:.6} {max_singular_skew:.6} {trace:.4} {negative}");
        }
    }
}
