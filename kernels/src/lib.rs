//! The arithmetic below the forward pass, written for 128-bit vectors. A crate of its
//! own, because it is compiled for speed and all else for size.
//!
//! Every kernel stands beside a plain twin in its tests. Built with relaxed
//! vectors, a product and its sum may be rounded once instead of twice, so the
//! last digits of a result depend on the build and on the machine.

pub mod attention;
#[cfg(target_arch = "x86_64")]
mod avx;
pub mod distribution;
pub mod elementwise;
mod functions;
mod lanes;
pub mod matmul;
pub mod tiling;

pub use matmul::Packed;
