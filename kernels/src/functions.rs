//! exp and tanh of four numbers at a time, with known errors.

use super::lanes::F32x4;

/// Below this e^x is not a normal number, and 0 to everybody who adds it up.
pub(super) const SMALLEST_EXPONENT: f32 = -87.0;

/// e^x for x ≤ 0, to a relative 3e-7, down to x = -87, below which it stays at
/// e^-87 (1.6e-38). Cody and Waite's reduction to [-ln 2 / 2, ln 2 / 2] and
/// the polynomial of Cephes' expf.
#[inline(always)]
pub(super) fn exp(x: F32x4) -> F32x4 {
    let x = x.max(F32x4::splat(SMALLEST_EXPONENT));
    let n = (x * F32x4::splat(std::f32::consts::LOG2_E)).round();
    // ln 2 in two parts, the first of which has few digits.
    let x = x - n * F32x4::splat(0.693_359_4);
    let x = x - n * F32x4::splat(-2.121_944_4e-4);
    let p = polynomial(x, &[1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5]);
    let e = (x * x).mul_add(p, x) + F32x4::splat(1.0);
    e * n.exp2_of_whole()
}

/// tanh x to 2.5e-7: the quotient of two polynomials that Eigen uses
/// (`ptanh_float`), which is 1 to single precision from 7.9 on.
#[inline(always)]
pub(super) fn tanh(x: F32x4) -> F32x4 {
    let x = x.max(F32x4::splat(-7.905_311)).min(F32x4::splat(7.905_311));
    let upper = [
        -2.760_768_5e-16,
        2.000_188e-13,
        -8.604_672e-11,
        5.122_297e-8,
        1.485_722_4e-5,
        6.372_619_3e-4,
        4.893_524_6e-3,
    ];
    let lower = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];
    let square = x * x;
    x * polynomial(square, &upper) / polynomial(square, &lower)
}

/// A polynomial by its coefficients, the highest power's first (Horner's rule).
#[inline(always)]
fn polynomial<const N: usize>(x: F32x4, coefficients: &[f32; N]) -> F32x4 {
    let [first, rest @ ..] = coefficients.as_slice() else { return F32x4::splat(0.0) };
    rest.iter().fold(F32x4::splat(*first), |p, &c| p.mul_add(x, F32x4::splat(c)))
}
