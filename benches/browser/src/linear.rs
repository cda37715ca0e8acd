//! One linear layer: ours, on weights packed at load, beside candle's matrix
//! product, which packs them at every call.

use crate::failure;
use candle_core::{Device, Tensor};
use headscope::model::kernels::Packed;
use headscope::model::kernels::tiling::{self, Tiling};
use wasm_bindgen::prelude::*;

/// The tilings that this thread's trials chose, for few rows and for many.
#[wasm_bindgen]
#[must_use]
pub fn tilings() -> Vec<String> {
    let name = |chosen: Option<Tiling>| chosen.map_or("on trial", Tiling::name).to_owned();
    tiling::chosen().map(name).to_vec()
}

/// x W + b in both ways, on the same numbers.
#[wasm_bindgen]
pub struct LinearPair {
    x: Tensor,
    w: Tensor,
    b: Tensor,
    packed: Packed,
}

#[wasm_bindgen]
impl LinearPair {
    /// Random numbers for `rows` rows of `n_in` inputs and `n_out` outputs.
    ///
    /// # Errors
    ///
    /// candle's.
    #[wasm_bindgen(constructor)]
    pub fn new(rows: usize, n_in: usize, n_out: usize) -> Result<Self, JsValue> {
        let random = |deviation: f32, shape: &[usize]| {
            Tensor::randn(0.0_f32, deviation, shape, &Device::Cpu).map_err(failure)
        };
        let (x, w, b) = (random(1.0, &[rows, n_in])?, random(0.1, &[n_in, n_out])?, random(0.1, &[n_out])?);
        let packed = Packed::of(&crate::numbers(&w)?, n_out, 0..n_out);
        Ok(Self { x, w, b, packed })
    }

    /// Ours, once.
    ///
    /// # Errors
    ///
    /// The model's.
    pub fn ours(&self) -> Result<(), JsValue> {
        self.packed_product().map(drop)
    }

    /// candle's, once.
    ///
    /// # Errors
    ///
    /// candle's.
    pub fn candle(&self) -> Result<(), JsValue> {
        self.product().map(drop).map_err(failure)
    }

    /// The largest difference between the two.
    ///
    /// # Errors
    ///
    /// Either's.
    pub fn difference(&self) -> Result<f32, JsValue> {
        let ours = self.packed_product()?;
        let product = self.product().map_err(failure)?;
        let largest = (ours - product).and_then(|d| d.abs()?.max_all()?.to_scalar());
        largest.map_err(failure)
    }

    fn packed_product(&self) -> Result<Tensor, JsValue> {
        let x = crate::numbers(&self.x)?;
        let mut y = crate::numbers(&self.b)?.repeat(x.len() / self.packed.n_in());
        self.packed.add_product(&x, &mut y);
        Tensor::from_vec(y, (x.len() / self.packed.n_in(), self.packed.n_out()), &Device::Cpu)
            .map_err(failure)
    }

    fn product(&self) -> candle_core::Result<Tensor> {
        self.x.matmul(&self.w)?.broadcast_add(&self.b)
    }
}
