//! The same layers as candle alone makes them: its matrix product, layer norm,
//! softmax and GELU, on weights as they stand in the file.

use crate::{EPS, failure, outputs};
use candle_core::{D, Device, Tensor};
use candle_nn::{LayerNorm, Module};
use js_sys::Array;
use std::collections::HashMap;
use wasm_bindgen::prelude::*;

type Computed<T> = candle_core::Result<T>;

/// Width of a head of GPT-2 small.
const D_HEAD: usize = 64;

/// GPT-2's tensors under their published names.
#[wasm_bindgen]
#[derive(Default)]
pub struct Plain {
    tensors: HashMap<String, Tensor>,
}

#[wasm_bindgen]
impl Plain {
    /// Nothing loaded.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a tensor of `rows` rows in its place.
    ///
    /// # Errors
    ///
    /// candle's, if the numbers do not make whole rows.
    pub fn insert(&mut self, tensor: &str, rows: usize, numbers: Vec<f32>) -> Result<(), JsValue> {
        let width = numbers.len() / rows;
        let shape = if width == 1 { vec![rows] } else { vec![rows, width] };
        let numbers = Tensor::from_vec(numbers, shape, &Device::Cpu).map_err(failure)?;
        self.tensors.insert(tensor.to_owned(), numbers);
        Ok(())
    }

    /// Runs all layers: their patterns, and the residual stream after the last.
    ///
    /// # Errors
    ///
    /// candle's.
    pub async fn forward(&self, ids: Vec<u32>, batch: usize) -> Result<Array, JsValue> {
        let (patterns, resid) = self.run(&ids, batch).map_err(failure)?;
        outputs(&patterns, &resid)
    }
}

impl Plain {
    /// The patterns, (B, H, T, T) each, and the last residual stream, (B, T, d).
    fn run(&self, ids: &[u32], batch: usize) -> Computed<(Vec<Tensor>, Tensor)> {
        let tokens = ids.len() / batch;
        let wte = self.tensor("wte.weight")?;
        let d = wte.dim(1)?;
        let embed = wte.index_select(&Tensor::new(ids, &Device::Cpu)?, 0)?.reshape((batch, tokens, d))?;
        let mut resid = embed.broadcast_add(&self.tensor("wpe.weight")?.narrow(0, 0, tokens)?)?;
        let mask = causal_mask(tokens)?;
        let mut patterns = Vec::new();
        for l in (0..).take_while(|l| self.tensors.contains_key(&format!("h.{l}.ln_1.weight"))) {
            let normed = self.layer_norm(&format!("h.{l}.ln_1"), &resid)?;
            let qkv = self.linear(&format!("h.{l}.attn.c_attn"), &normed)?;
            let part = |i: usize| -> Computed<Tensor> {
                let heads = qkv.narrow(2, i * d, d)?.reshape((batch, tokens, d / D_HEAD, D_HEAD))?;
                heads.transpose(1, 2)?.contiguous() // (B, H, T, e)
            };
            let (q, k, v) = (part(0)?, part(1)?, part(2)?);
            let scores = (q.matmul(&k.t()?)? / (D_HEAD as f64).sqrt())?;
            let pattern = candle_nn::ops::softmax_last_dim(&scores.broadcast_add(&mask)?)?;
            let z = pattern.matmul(&v)?.transpose(1, 2)?.reshape((batch, tokens, d))?;
            resid = (resid + self.linear(&format!("h.{l}.attn.c_proj"), &z)?)?;
            let normed = self.layer_norm(&format!("h.{l}.ln_2"), &resid)?;
            let hidden = self.linear(&format!("h.{l}.mlp.c_fc"), &normed)?.gelu()?;
            resid = (resid + self.linear(&format!("h.{l}.mlp.c_proj"), &hidden)?)?;
            patterns.push(pattern);
        }
        Ok((patterns, resid))
    }

    fn tensor(&self, name: &str) -> Computed<&Tensor> {
        self.tensors.get(name).ok_or_else(|| candle_core::Error::Msg(format!("{name} is not loaded")))
    }

    fn layer_norm(&self, name: &str, x: &Tensor) -> Computed<Tensor> {
        let weight = self.tensor(&format!("{name}.weight"))?.clone();
        LayerNorm::new(weight, self.tensor(&format!("{name}.bias"))?.clone(), EPS).forward(x)
    }

    /// One matrix product over the rows of all prompts, and the bias.
    fn linear(&self, name: &str, x: &Tensor) -> Computed<Tensor> {
        let (weight, bias) = (self.tensor(&format!("{name}.weight"))?, self.tensor(&format!("{name}.bias"))?);
        let (batch, tokens, n_in) = x.dims3()?;
        let y = x.reshape((batch * tokens, n_in))?.matmul(weight)?.broadcast_add(bias)?;
        y.reshape((batch, tokens, bias.dim(D::Minus1)?))
    }
}

/// 0 where a destination may look and minus infinity where it may not, (T, T).
fn causal_mask(tokens: usize) -> Computed<Tensor> {
    let cells = (0..tokens * tokens).map(|i| if i % tokens > i / tokens { f32::NEG_INFINITY } else { 0.0 });
    Tensor::from_iter(cells, &Device::Cpu)?.reshape((tokens, tokens))
}
