//! What the benchmark runs in the browser: the site's own model and studies
//! ([`ours`]), the same layers as candle alone makes them ([`plain`]), single
//! linear layers ([`linear`]), and the machine's limits ([`limits`]).
//!
//! Nothing here looks at a clock: a worker of the benchmark's page calls these
//! functions and times the calls.
#![cfg(target_arch = "wasm32")]

mod circuits;
mod limits;
mod linear;
mod ours;
mod plain;

use candle_core::Tensor;
use js_sys::{Array, Float32Array};
use std::fmt::Display;
use wasm_bindgen::JsValue;

/// The epsilon of GPT-2's layer norms.
const EPS: f64 = 1e-5;

/// A failure as JavaScript's, which the runner prints and stops at.
fn failure(error: impl Display) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

/// Hands a forward pass over to JavaScript, as every contender does: the patterns
/// of all layers one after another, and the residual stream after the last.
fn outputs(patterns: &[Tensor], resid: &Tensor) -> Result<Array, JsValue> {
    let cells: usize = patterns.iter().map(Tensor::elem_count).sum();
    let all = Float32Array::new_with_length(cells as u32);
    let mut at = 0;
    for pattern in patterns {
        let numbers = numbers(pattern)?;
        let to = at + numbers.len() as u32;
        all.subarray(at, to).copy_from(&numbers);
        at = to;
    }
    Ok(Array::of2(&all, &Float32Array::from(numbers(resid)?.as_slice())))
}

fn numbers(tensor: &Tensor) -> Result<Vec<f32>, JsValue> {
    tensor.flatten_all().and_then(|flat| flat.to_vec1()).map_err(failure)
}

/// Prompts of equal length, one after another in `ids`.
fn prompts(ids: &[u32], batch: usize) -> Vec<Vec<u32>> {
    ids.chunks(ids.len() / batch).map(<[u32]>::to_vec).collect()
}
