//! The vectors of x86-64 processors beyond those that all of them have, for the command:
//! a browser's are of four numbers.

use super::lanes::Vector;
use super::matmul::{Panels, dot_products_by};
use std::arch::x86_64::{
    __m256, __m512, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
    _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
};
use std::ops::{Add, Range};

/// Whether this machine has vectors of eight numbers, and fused products.
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Whether it has vectors of sixteen, too.
pub(super) fn has_avx512() -> bool {
    has_avx2() && is_x86_feature_detected!("avx512f")
}

/// [`Panels::add_block`] in tiles of six rows and sixteen columns; where [`has_avx2`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn add_block_avx2(
    panels: &Panels<'_>,
    quad: Range<usize>,
    depth: &Range<usize>,
    x: &[f32],
    y: &mut [f32],
) {
    panels.add_block::<Eight, 2, 6, 1>(quad, depth, x, y);
}

/// The same in tiles of six rows and 32 columns; where [`has_avx512`].
#[target_feature(enable = "avx2,fma,avx512f")]
pub(super) fn add_block_avx512(
    panels: &Panels<'_>,
    quad: Range<usize>,
    depth: &Range<usize>,
    x: &[f32],
    y: &mut [f32],
) {
    panels.add_block::<Sixteen, 1, 6, 2>(quad, depth, x, y);
}

/// [`dot_products`](super::matmul::dot_products); where [`has_avx2`].
#[target_feature(enable = "avx2,fma")]
pub(super) fn dot_products_avx2(x: &[f32], table: &[f32], n: usize, y: &mut [f32]) {
    dot_products_by::<Eight, 8>(x, table, n, y);
}

/// Makes a vector of an intrinsic type. Its methods are used in the functions above alone,
/// which are reached only where the machine has the instructions.
macro_rules! vector {
    ($name:ident, $inner:ident, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $fma:ident) => {
        #[derive(Clone, Copy)]
        struct $name($inner);

        impl Vector for $name {
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(x: f32) -> Self {
                // SAFETY: the machine has the instruction, see above.
                Self(unsafe { $splat(x) })
            }

            #[inline(always)]
            fn of(from: &[f32]) -> Self {
                let from = &from[..$lanes];
                // SAFETY: so many numbers are there.
                Self(unsafe { $load(from.as_ptr()) })
            }

            #[inline(always)]
            fn write(self, to: &mut [f32]) {
                let to = &mut to[..$lanes];
                // SAFETY: there is room for so many numbers.
                unsafe { $store(to.as_mut_ptr(), self.0) }
            }

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: the machine has the instruction, see above.
                Self(unsafe { $fma(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn sum(self) -> f32 {
                let mut each = [0.0; $lanes];
                self.write(&mut each);
                each.iter().sum()
            }
        }

        impl Add for $name {
            type Output = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: the machine has the instruction, see above.
                Self(unsafe { $add(self.0, other.0) })
            }
        }
    };
}

vector!(Eight, __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_fmadd_ps);
vector!(
    Sixteen,
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_fmadd_ps
);
