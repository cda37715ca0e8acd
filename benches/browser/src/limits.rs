//! What no kernel can surpass on this machine and thread: multiply-adds that
//! touch nothing but registers, and a read of memory that does nothing else.

use std::arch::wasm32::{f32x4, f32x4_add, f32x4_extract_lane, f32x4_splat, v128};
use wasm_bindgen::prelude::*;

/// a x + b in four lanes, as this build's kernels make it: in one rounding where
/// it may use relaxed SIMD, else in two.
#[inline]
fn multiply_add(a: v128, x: v128, b: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return std::arch::wasm32::f32x4_relaxed_madd(a, x, b);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return f32x4_add(std::arch::wasm32::f32x4_mul(a, x), b);
}

/// Floating-point operations of one multiply-add in four lanes.
const FLOP: f64 = 8.0;

/// `rounds` rounds of multiply-adds in `chains` independent chains, 8, 10, 12 or 14:
/// enough for the machine to begin one while others are under way, and few
/// enough for all to stay in its registers. Returns how many floating-point
/// operations that was.
///
/// # Errors
///
/// If there is no such number of chains.
#[wasm_bindgen]
pub fn multiply_adds(chains: u32, rounds: u32) -> Result<f64, JsValue> {
    // The sum keeps the compiler from leaving the work out, and adds nothing:
    // the chains stay finite.
    let sum = match chains {
        8 => in_registers::<8>(rounds),
        10 => in_registers::<10>(rounds),
        12 => in_registers::<12>(rounds),
        14 => in_registers::<14>(rounds),
        _ => return Err(crate::failure(format!("there are no {chains} chains"))),
    };
    Ok(FLOP * f64::from(chains) * f64::from(rounds) + f64::from(sum) * 0.0)
}

#[inline(never)]
fn in_registers<const CHAINS: usize>(rounds: u32) -> f32 {
    // Every chain goes to 1, whatever it begins with. One number is enough for
    // factor and summand, and leaves a register more for the chains.
    let half = f32x4_splat(0.5);
    let mut x: [v128; CHAINS] = std::array::from_fn(|i| f32x4_splat(i as f32));
    for _ in 0..rounds {
        for x in &mut x {
            *x = multiply_add(half, *x, half);
        }
    }
    x.into_iter().map(|x| f32x4_extract_lane::<0>(x)).sum()
}

/// Numbers that no cache holds.
#[wasm_bindgen]
pub struct Memory {
    numbers: Vec<f32>,
}

#[wasm_bindgen]
impl Memory {
    /// `megabytes` of 2^20 bytes.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(megabytes: usize) -> Self {
        // Not zeros, which the system might map to one page.
        Self { numbers: vec![1.0; megabytes << 18] }
    }

    /// Reads it all once; returns the sum.
    #[must_use]
    pub fn read(&self) -> f32 {
        const STREAMS: usize = 8;
        let mut sums = [f32x4_splat(0.0); STREAMS];
        let (blocks, _) = self.numbers.as_chunks::<{ 4 * STREAMS }>();
        for block in blocks {
            for (sum, n) in sums.iter_mut().zip(block.as_chunks::<4>().0) {
                *sum = f32x4_add(*sum, f32x4(n[0], n[1], n[2], n[3]));
            }
        }
        sums.into_iter().map(|sum| f32x4_extract_lane::<0>(sum)).sum()
    }
}
