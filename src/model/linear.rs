//! A linear layer on weights that are packed once, at load.
//!
//! candle's own matrix product packs the weights at every call. Here they are
//! laid out in panels of eight output columns, and a tile of four rows by eight
//! columns stays in registers over the whole inner loop.

use super::{ModelError, Result};
use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor};
use std::ops::Range;

/// Output columns of a panel: two SIMD registers of four numbers.
const COLUMNS: usize = 8;
/// Input rows of a tile. Four by eight sums take 8 of WebAssembly's 16
/// registers; five or six rows spill.
const ROWS: usize = 4;

/// y = x W + b for x of shape (..., n_in), with W of shape (n_in, n_out).
/// Weight and bias arrive on their own, in any order.
#[derive(Debug, Clone, Default)]
pub struct Linear {
    n_in: usize,
    n_out: usize,
    /// (panel, n_in, COLUMNS); the last panel is filled up with zeros.
    panels: Vec<f32>,
    /// (panel, COLUMNS), filled up likewise.
    bias: Vec<f32>,
}

impl Linear {
    /// Packs columns `columns` of a row-major matrix with `width` columns, as
    /// GPT-2's Conv1D weights stand in the file.
    pub fn set_weight(&mut self, weight: &[f32], width: usize, columns: Range<usize>) {
        self.n_in = weight.len() / width;
        self.n_out = columns.len();
        self.panels = vec![0.0; self.n_out.div_ceil(COLUMNS) * self.n_in * COLUMNS];
        for (p, panel) in self.panels.chunks_exact_mut(self.n_in * COLUMNS).enumerate() {
            let from = columns.start + p * COLUMNS;
            let to = columns.end.min(from + COLUMNS);
            for (row, packed) in weight.chunks_exact(width).zip(panel.chunks_exact_mut(COLUMNS)) {
                packed[..to - from].copy_from_slice(&row[from..to]);
            }
        }
    }

    /// Sets the bias, (n_out).
    pub fn set_bias(&mut self, bias: &[f32]) {
        self.bias = bias.to_vec();
        self.bias.resize(bias.len().div_ceil(COLUMNS) * COLUMNS, 0.0);
    }

    /// Whether the weight is there.
    #[must_use]
    pub fn has_weight(&self) -> bool {
        !self.panels.is_empty()
    }

    /// Whether the bias is there.
    #[must_use]
    pub fn has_bias(&self) -> bool {
        !self.bias.is_empty()
    }

    /// Applies the layer to (..., n_in), giving (..., n_out).
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`], or candle's with the shapes if the last
    /// dimension is not `n_in`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !(self.has_weight() && self.has_bias()) {
            return Err(ModelError::NotLoaded("c_*"));
        }
        Ok(x.contiguous()?.apply_op1_no_bwd(self)?)
    }

    /// Applies the layer to rows of `n_in` numbers, writing rows of `n_out`.
    pub fn apply(&self, x: &[f32], y: &mut [f32]) {
        let Self { n_in, n_out, .. } = *self;
        let panels = self.panels.chunks_exact(n_in * COLUMNS).zip(self.bias.as_chunks::<COLUMNS>().0);
        // Weights outweigh activations here: each panel is read once and stays
        // in the first cache level while all rows pass.
        for (p, (panel, bias)) in panels.enumerate() {
            let columns = p * COLUMNS..n_out.min((p + 1) * COLUMNS);
            let (panel, _) = panel.as_chunks::<COLUMNS>();
            for (x, y) in x.chunks(ROWS * n_in).zip(y.chunks_mut(ROWS * n_out)) {
                let mut sums = [*bias; ROWS];
                match x.len() / n_in {
                    ROWS => tile::<ROWS>(x, panel, &mut sums),
                    3 => tile::<3>(x, panel, &mut sums),
                    2 => tile::<2>(x, panel, &mut sums),
                    _ => tile::<1>(x, panel, &mut sums),
                }
                for (y, sums) in y.chunks_exact_mut(n_out).zip(&sums) {
                    y[columns.clone()].copy_from_slice(&sums[..columns.len()]);
                }
            }
        }
    }
}

/// Adds `R` rows of x times one panel to the sums.
#[cfg(target_arch = "wasm32")]
#[inline]
fn tile<const R: usize>(x: &[f32], panel: &[[f32; COLUMNS]], sums: &mut [[f32; COLUMNS]; ROWS]) {
    use std::arch::wasm32::{f32x4, f32x4_add, f32x4_extract_lane, f32x4_mul, f32x4_splat, v128};
    let load = |s: &[f32]| f32x4(s[0], s[1], s[2], s[3]);
    let n = panel.len();
    let rows: [&[f32]; R] = std::array::from_fn(|r| &x[r * n..(r + 1) * n]);
    let mut acc: [[v128; 2]; R] = std::array::from_fn(|r| [load(&sums[r][..4]), load(&sums[r][4..])]);
    for (k, w) in panel.iter().enumerate() {
        let (left, right) = (load(&w[..4]), load(&w[4..]));
        for r in 0..R {
            let x = f32x4_splat(rows[r][k]);
            acc[r][0] = f32x4_add(acc[r][0], f32x4_mul(x, left));
            acc[r][1] = f32x4_add(acc[r][1], f32x4_mul(x, right));
        }
    }
    for (sums, [left, right]) in sums.iter_mut().zip(acc) {
        let lanes = |v: v128| {
            [
                f32x4_extract_lane::<0>(v),
                f32x4_extract_lane::<1>(v),
                f32x4_extract_lane::<2>(v),
                f32x4_extract_lane::<3>(v),
            ]
        };
        sums[..4].copy_from_slice(&lanes(left));
        sums[4..].copy_from_slice(&lanes(right));
    }
}

/// Adds `R` rows of x times one panel to the sums. The compiler turns the inner
/// loop into the machine's SIMD.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn tile<const R: usize>(x: &[f32], panel: &[[f32; COLUMNS]], sums: &mut [[f32; COLUMNS]; ROWS]) {
    let n = panel.len();
    let rows: [&[f32]; R] = std::array::from_fn(|r| &x[r * n..(r + 1) * n]);
    let mut acc: [[f32; COLUMNS]; R] = std::array::from_fn(|r| sums[r]);
    for (k, w) in panel.iter().enumerate() {
        for r in 0..R {
            let x = rows[r][k];
            for c in 0..COLUMNS {
                acc[r][c] += x * w[c];
            }
        }
    }
    sums[..R].copy_from_slice(&acc);
}

impl CustomOp1 for Linear {
    fn name(&self) -> &'static str {
        "packed-linear"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let mut dims = layout.dims().to_vec();
        let Some((from, to)) = layout.contiguous_offsets() else {
            candle_core::bail!("packed-linear wants a contiguous input, not {:?}", layout.shape());
        };
        if dims.last() != Some(&self.n_in) {
            candle_core::bail!("packed-linear of {} inputs got {:?}", self.n_in, layout.shape());
        }
        let x = &storage.as_slice::<f32>()?[from..to];
        let mut y = vec![0.0; x.len() / self.n_in * self.n_out];
        self.apply(x, &mut y);
        dims.pop();
        dims.push(self.n_out);
        Ok((CpuStorage::F32(y), dims.into()))
    }
}
