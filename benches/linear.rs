//! The packed linear layer against candle's matrix product, on the shapes of
//! GPT-2 small, in the browser that the page runs in. `make bench` runs it.
//!
//! Both compute x W + b in f32 on one thread, on the same numbers, and their
//! outputs are compared first. candle packs W at every call, ours at load.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use candle_core::{Device, Tensor};
use headscope::model::kernels::Packed;
use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Layer, inputs, outputs.
const SHAPES: [(&str, usize, usize); 4] =
    [("q, k or v", 768, 768), ("attn.c_proj", 768, 768), ("mlp.c_fc", 768, 3072), ("mlp.c_proj", 3072, 768)];
/// One prompt, and the notebook's 22, of 13 tokens each.
const ROWS: [usize; 2] = [13, 286];
const RUNS: usize = 9;

/// Seconds by the browser's clock.
fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap();
    let now: js_sys::Function = Reflect::get(&performance, &"now".into()).unwrap().unchecked_into();
    now.call0(&performance).unwrap().as_f64().unwrap() / 1000.0
}

fn median(mut run: impl FnMut()) -> f64 {
    run();
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = now();
            run();
            now() - started
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

#[wasm_bindgen_test]
fn packed_linear_against_candle() {
    console_log!("layer          rows    ours GFLOP/s  candle GFLOP/s   ratio   (medians of {RUNS})");
    for (name, n_in, n_out) in SHAPES {
        for rows in ROWS {
            let x = Tensor::randn(0.0_f32, 1.0, (rows, n_in), &Device::Cpu).unwrap();
            let w = Tensor::randn(0.0_f32, 0.1, (n_in, n_out), &Device::Cpu).unwrap();
            let b = Tensor::randn(0.0_f32, 0.1, n_out, &Device::Cpu).unwrap();
            let numbers = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let packed = Packed::of(&numbers(&w), n_out, 0..n_out);
            let (rows_of_x, bias) = (numbers(&x), numbers(&b));
            let ours = || {
                let mut y = bias.repeat(rows);
                packed.add_product(&rows_of_x, &mut y);
                Tensor::from_vec(y, (rows, n_out), &Device::Cpu).unwrap()
            };
            let candle = || x.matmul(&w).unwrap().broadcast_add(&b).unwrap();
            let difference = (ours() - candle()).unwrap().abs().unwrap().max_all().unwrap();
            let difference = difference.to_scalar::<f32>().unwrap();
            assert!(difference < 1e-3, "the two differ by {difference}");
            let flop = 2.0 * (rows * n_in * n_out) as f64;
            let (ours, candle) = (median(|| drop(ours())), median(|| drop(candle())));
            console_log!(
                "{name:<14} {rows:>4} {:>13.1} {:>15.1} {:>9.2}",
                flop / ours / 1e9,
                flop / candle / 1e9,
                candle / ours
            );
        }
    }
}
