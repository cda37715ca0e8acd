//! What a row of logits says of the next token. Exponentials are those of four numbers at a
//! time, to a relative 3e-7; they are added up in double precision.

use super::functions::{SMALLEST_EXPONENT, exp};
use super::lanes::{F32x4, LANES};

/// Numbers whose sum stays in single precision.
const BLOCK: usize = 16 * LANES;

/// ln Σ e^x, which turns logits into log-probabilities.
#[must_use]
pub fn log_sum_exp(logits: &[f32]) -> f64 {
    let largest = largest(logits);
    let (sum, _) = sums(logits, largest, |_| 0.0);
    f64::from(largest) + sum.ln()
}

/// ln Σ e^x, and the entropy of the distribution, in nats.
#[must_use]
pub fn log_sum_exp_and_entropy(logits: &[f32]) -> (f64, f64) {
    let largest = largest(logits);
    // Below that its share is nothing.
    let (sum, weighted) = sums(logits, largest, |i| (logits[i] - largest).max(SMALLEST_EXPONENT));
    (f64::from(largest) + sum.ln(), sum.ln() - weighted / sum)
}

/// KL(p ‖ q) of two rows of logits, in nats.
#[must_use]
pub fn divergence(p: &[f32], q: &[f32]) -> f64 {
    let largest = largest(p);
    let (sum, weighted) = sums(p, largest, |i| p[i] - q[i]);
    let of_p = f64::from(largest) + sum.ln();
    // Rounding takes a distance of nothing below 0.
    (weighted / sum - of_p + log_sum_exp(q)).max(0.0)
}

/// The largest of them; NaN if any is no number, so that nothing is said of such a row.
fn largest(logits: &[f32]) -> f32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if logits.iter().any(|x| x.is_nan()) { f32::NAN } else { most }
}

/// Σ e^(x - largest), and the sum of the same times what `of` says of each place.
#[inline(always)]
fn sums(logits: &[f32], largest: f32, of: impl Fn(usize) -> f32) -> (f64, f64) {
    if !largest.is_finite() {
        return (f64::NAN, f64::NAN);
    }
    let shift = F32x4::splat(largest);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (b, block) in logits.chunks(BLOCK).enumerate() {
        let (mut in_block, mut weighted_in_block) = (F32x4::splat(0.0), F32x4::splat(0.0));
        let (fours, rest) = block.as_chunks::<LANES>();
        for (i, four) in fours.iter().enumerate() {
            let e = exp(F32x4::load(four) - shift);
            let place = b * BLOCK + i * LANES;
            in_block = in_block + e;
            weighted_in_block =
                e.mul_add(F32x4::load(&std::array::from_fn(|l| of(place + l))), weighted_in_block);
        }
        sum += f64::from(in_block.sum());
        weighted += f64::from(weighted_in_block.sum());
        for (i, &x) in rest.iter().enumerate() {
            let [e, ..] = exp(F32x4::splat(x) - shift).to_array();
            sum += f64::from(e);
            weighted += f64::from(e * of(b * BLOCK + fours.len() * LANES + i));
        }
    }
    (sum, weighted)
}
