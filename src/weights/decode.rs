//! Little-endian numbers, widened to f32. The bytes are aligned to nothing.

use super::Dtype;
use half::{bf16, f16};

/// All numbers in `bytes`, which holds whole ones.
pub(super) fn decode(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    match dtype {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F16 => bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect(),
        Dtype::BF16 => bytes.as_chunks().0.iter().map(|b| bf16::from_le_bytes(*b).to_f32()).collect(),
    }
}

/// Whether all numbers in `bytes` are finite.
pub(super) fn all_finite(dtype: Dtype, bytes: &[u8]) -> bool {
    match dtype {
        Dtype::F32 => bytes.as_chunks().0.iter().all(|b| f32::from_le_bytes(*b).is_finite()),
        Dtype::F16 => bytes.as_chunks().0.iter().all(|b| f16::from_le_bytes(*b).is_finite()),
        Dtype::BF16 => bytes.as_chunks().0.iter().all(|b| bf16::from_le_bytes(*b).is_finite()),
    }
}
