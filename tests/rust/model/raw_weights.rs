//! What the model gives back of its weights is what the file holds, bit for bit.

use super::worker_pool::{model, numbers_of, pool};
use crate::fixtures::{Folder, RANDOM, notebook_cases};
use crate::test;
use headscope::model::{Depth, Gpt2, HeadWeights, ModelError, OutputWeights};

/// Some columns of a row-major matrix.
fn columns(matrix: &[f32], width: usize, from: usize, to: usize) -> Vec<f32> {
    matrix.chunks_exact(width).flat_map(|row| row[from..to].to_vec()).collect()
}

#[test]
fn a_head_gives_its_weights_back_exactly_however_many_threads_hold_them() {
    let d = 264;
    let e = d / 4;
    for workers in [0, 1, 2, 5] {
        let model = model((workers > 0).then(|| pool(workers) as _));
        for (l, head) in [(0, 0), (1, 2), (1, 3)] {
            let [c_attn, b_attn, c_proj, b_o, scale, shift] = [
                "attn.c_attn.weight",
                "attn.c_attn.bias",
                "attn.c_proj.weight",
                "attn.c_proj.bias",
                "ln_1.weight",
                "ln_1.bias",
            ]
            .map(|name| numbers_of(&format!("h.{l}.{name}")));
            let part = |i: usize| {
                let from = i * d + head * e;
                (columns(&c_attn, 3 * d, from, from + e), b_attn[from..from + e].to_vec())
            };
            let wanted = HeadWeights { ln_scale: scale, ln_shift: shift, q: part(0), k: part(1), v: part(2) };
            assert_eq!(pollster::block_on(model.head_weights(l, head)).unwrap(), wanted);
            for heads in [head..head + 1, 0..4, 1..3] {
                let w_o = c_proj[heads.start * e * d..heads.end * e * d].to_vec();
                let wanted = OutputWeights { w_o, b_o: b_o.clone() };
                assert_eq!(pollster::block_on(model.output_weights(l, heads)).unwrap(), wanted);
            }
            let (b_v, written) = pollster::block_on(model.attn_biases(l)).unwrap();
            let of_head = pollster::block_on(model.value_bias(l, head)).unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(b_v[head * e..(head + 1) * e], of_head);
            let product = |column: usize| {
                b_v.iter().enumerate().map(|(i, b)| b * c_proj[i * d + column]).sum::<f32>() + b_o[column]
            };
            assert!((0..d).all(|column| (written[column] - product(column)).abs() < 1e-5));
        }
        assert!(pollster::block_on(model.head_weights(0, 4)).is_err());
        assert!(pollster::block_on(model.output_weights(2, 0..1)).is_err());
    }
}

#[test]
fn what_is_not_loaded_is_told() {
    let folder = Folder::open(RANDOM);
    let cases = notebook_cases();
    let nothing = Gpt2::empty(folder.config.clone());
    assert!(matches!(pollster::block_on(nothing.head_weights(0, 0)), Err(ModelError::NotLoaded(_))));
    let model = folder.model(&cases, Depth::Pattern(1));
    assert!(pollster::block_on(model.head_weights(1, 0)).is_ok());
    assert!(model.has_output_weights(0) && !model.has_output_weights(1));
    assert!(matches!(pollster::block_on(model.output_weights(1, 0..1)), Err(ModelError::NotLoaded(_))));
    assert!(pollster::block_on(model.unembedding_rows(&cases[0].ids[1..2])).is_ok());
    assert!(model.mean_unembedding().is_err() && model.final_norm().is_err());
    let model = folder.model(&cases, Depth::Logits);
    let rows = |ids: &[u32]| pollster::block_on(model.unembedding_rows(ids)).unwrap();
    assert_eq!(rows(&[13]), pollster::block_on(model.embedding_rows(&[13])).unwrap());
    let all = rows(&(0..50_257).collect::<Vec<_>>());
    let mean: f64 = all.iter().step_by(32).map(|&x| f64::from(x)).sum::<f64>() / 50_257.0;
    assert!((model.mean_unembedding().unwrap()[0] - mean).abs() < 1e-12);
}
