//! Four numbers at a time: WebAssembly's vectors in the browser, and elsewhere
//! arrays that the compiler turns into the machine's own.

#[cfg(target_arch = "wasm32")]
use std::arch::wasm32 as simd;

/// Numbers of one [`F32x4`].
pub(super) const LANES: usize = 4;

/// Four numbers.
#[cfg(target_arch = "wasm32")]
#[derive(Clone, Copy)]
pub(super) struct F32x4(simd::v128);

/// Four numbers.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy)]
pub(super) struct F32x4([f32; LANES]);

/// Numbers that a processor computes with at once.
pub(super) trait Vector: Copy + std::ops::Add<Output = Self> {
    /// How many.
    const LANES: usize;

    /// The same number everywhere.
    fn splat(x: f32) -> Self;

    /// The first numbers of a slice.
    fn of(from: &[f32]) -> Self;

    /// Writes them over the first numbers of a slice.
    fn write(self, to: &mut [f32]);

    /// self · b + c.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// The sum of them.
    fn sum(self) -> f32;
}

impl Vector for F32x4 {
    const LANES: usize = LANES;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self::splat(x)
    }

    #[inline(always)]
    fn of(from: &[f32]) -> Self {
        Self::load(&[from[0], from[1], from[2], from[3]])
    }

    #[inline(always)]
    fn write(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.to_array());
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        self.mul_add(b, c)
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        self.sum()
    }
}

#[cfg(target_arch = "wasm32")]
impl F32x4 {
    #[inline(always)]
    pub(super) fn splat(x: f32) -> Self {
        Self(simd::f32x4_splat(x))
    }

    #[inline(always)]
    pub(super) fn load(from: &[f32; LANES]) -> Self {
        Self(simd::f32x4(from[0], from[1], from[2], from[3]))
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [f32; LANES] {
        [
            simd::f32x4_extract_lane::<0>(self.0),
            simd::f32x4_extract_lane::<1>(self.0),
            simd::f32x4_extract_lane::<2>(self.0),
            simd::f32x4_extract_lane::<3>(self.0),
        ]
    }

    /// self · b + c, rounded once where the build has relaxed vectors and the
    /// machine can, otherwise twice.
    #[inline(always)]
    pub(super) fn mul_add(self, b: Self, c: Self) -> Self {
        #[cfg(target_feature = "relaxed-simd")]
        return Self(simd::f32x4_relaxed_madd(self.0, b.0, c.0));
        #[cfg(not(target_feature = "relaxed-simd"))]
        return self * b + c;
    }

    #[inline(always)]
    pub(super) fn max(self, other: Self) -> Self {
        Self(simd::f32x4_pmax(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn min(self, other: Self) -> Self {
        Self(simd::f32x4_pmin(self.0, other.0))
    }

    /// To the nearest whole numbers.
    #[inline(always)]
    pub(super) fn round(self) -> Self {
        Self(simd::f32x4_nearest(self.0))
    }

    /// 2 to the power of whole numbers from -126 to 127.
    #[inline(always)]
    pub(super) fn exp2_of_whole(self) -> Self {
        let biased = simd::i32x4_add(simd::i32x4_trunc_sat_f32x4(self.0), simd::i32x4_splat(127));
        Self(simd::i32x4_shl(biased, 23))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl F32x4 {
    #[inline(always)]
    pub(super) fn splat(x: f32) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    pub(super) fn load(from: &[f32; LANES]) -> Self {
        Self(*from)
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [f32; LANES] {
        self.0
    }

    /// self · b + c, rounded twice.
    #[inline(always)]
    pub(super) fn mul_add(self, b: Self, c: Self) -> Self {
        self * b + c
    }

    #[inline(always)]
    pub(super) fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] < other.0[i] { other.0[i] } else { self.0[i] }))
    }

    #[inline(always)]
    pub(super) fn min(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if other.0[i] < self.0[i] { other.0[i] } else { self.0[i] }))
    }

    /// To the nearest whole numbers.
    #[inline(always)]
    pub(super) fn round(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }

    /// 2 to the power of whole numbers from -126 to 127.
    #[inline(always)]
    pub(super) fn exp2_of_whole(self) -> Self {
        Self(self.0.map(|x| f32::from_bits(((x as i32 + 127) as u32) << 23)))
    }
}

impl F32x4 {
    /// The sum of the four.
    #[inline(always)]
    pub(super) fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + b) + (c + d)
    }

    /// The largest of the four.
    #[inline(always)]
    pub(super) fn largest(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        a.max(b).max(c.max(d))
    }
}

macro_rules! arithmetic {
    ($($operation:ident, $method:ident, $vector:ident, $sign:tt);*) => {$(
        impl std::ops::$operation for F32x4 {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                #[cfg(target_arch = "wasm32")]
                return Self(simd::$vector(self.0, other.0));
                #[cfg(not(target_arch = "wasm32"))]
                return Self(std::array::from_fn(|i| self.0[i] $sign other.0[i]));
            }
        }
    )*};
}

arithmetic!(Add, add, f32x4_add, +; Sub, sub, f32x4_sub, -; Mul, mul, f32x4_mul, *; Div, div, f32x4_div, /);
