//! GPT-2's activation functions and layer norm.

use super::functions::tanh;
use super::lanes::{F32x4, LANES};
use candle_core::cpu::erf::erfc_f32;

/// √(2/π)
const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// GELU in the tanh form that GPT-2 was trained with (`gelu_new`), in place.
pub fn gelu(x: &mut [f32]) {
    let (chunks, rest) = x.as_chunks_mut::<LANES>();
    for chunk in chunks {
        *chunk = gelu_of(F32x4::load(chunk)).to_array();
    }
    for x in rest {
        [*x, ..] = gelu_of(F32x4::splat(*x)).to_array();
    }
}

/// The exact GELU, x Φ(x), in place. No published model that is large has it, so it
/// goes number by number, through libm's erfc, which keeps its digits where x is far
/// below 0.
pub fn gelu_exact(x: &mut [f32]) {
    for x in x {
        *x *= 0.5 * erfc_f32(*x * -std::f32::consts::FRAC_1_SQRT_2);
    }
}

#[inline(always)]
fn gelu_of(x: F32x4) -> F32x4 {
    let cube = x * x * x;
    let inner = cube.mul_add(F32x4::splat(0.044_715), x) * F32x4::splat(SQRT_2_OVER_PI);
    x * F32x4::splat(0.5) * (tanh(inner) + F32x4::splat(1.0))
}

/// Layer norm of rows as long as `weight`: (x - mean) / √(variance + eps) · weight
/// + bias, with the variance over n.
#[must_use]
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
    let n = weight.len();
    let mut y = Vec::with_capacity(x.len());
    for x in x.chunks_exact(n) {
        let mean = sum(x, |x| x) / n as f32;
        let centre = F32x4::splat(mean);
        // Twice over the row: one pass would lose digits where the mean is large.
        let variance = sum(x, |x| (x - centre) * (x - centre)) / n as f32;
        let scale = 1.0 / (variance + eps).sqrt();
        y.extend(x.iter().zip(weight).zip(bias).map(|((x, w), b)| (x - mean) * scale * w + b));
    }
    y
}

/// Sum of a function of every number.
#[inline(always)]
fn sum(x: &[f32], of: impl Fn(F32x4) -> F32x4) -> f32 {
    let (wide, rest) = x.as_chunks::<{ 4 * LANES }>();
    let mut sums = [F32x4::splat(0.0); 4];
    for chunk in wide {
        for (sum, x) in sums.iter_mut().zip(chunk.as_chunks::<LANES>().0) {
            *sum = *sum + of(F32x4::load(x));
        }
    }
    let [a, b, c, d] = sums;
    let rest: f32 = rest.iter().map(|&x| of(F32x4::splat(x)).to_array()[0]).sum();
    ((a + b) + (c + d)).sum() + rest
}
