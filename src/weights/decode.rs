//! Little-endian numbers out of bytes that arrive cut anywhere.

use super::Dtype;
use half::{bf16, f16};

/// Widens numbers to f32 as their bytes arrive.
pub(super) struct Decoder {
    dtype: Dtype,
    carried: [u8; 4],
    n_carried: usize,
    numbers: Vec<f32>,
}

impl Decoder {
    /// For `count` numbers of a type.
    pub(super) fn new(dtype: Dtype, count: usize) -> Self {
        Self { dtype, carried: [0; 4], n_carried: 0, numbers: Vec::with_capacity(count) }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        let size = self.dtype.size();
        while self.n_carried > 0 && !bytes.is_empty() {
            self.carried[self.n_carried] = bytes[0];
            self.n_carried += 1;
            bytes = &bytes[1..];
            if self.n_carried == size {
                let carried = self.carried;
                self.widen(&carried[..size]);
                self.n_carried = 0;
            }
        }
        let whole = bytes.len() - bytes.len() % size;
        self.widen(&bytes[..whole]);
        for &byte in &bytes[whole..] {
            self.carried[self.n_carried] = byte;
            self.n_carried += 1;
        }
    }

    /// The numbers so far.
    pub(super) fn finish(self) -> Vec<f32> {
        self.numbers
    }

    fn widen(&mut self, bytes: &[u8]) {
        match self.dtype {
            Dtype::F32 => {
                let (groups, _) = bytes.as_chunks::<4>();
                self.numbers.extend(groups.iter().map(|b| f32::from_le_bytes(*b)));
            }
            Dtype::F16 => {
                let (groups, _) = bytes.as_chunks::<2>();
                self.numbers.extend(groups.iter().map(|b| f16::from_le_bytes(*b).to_f32()));
            }
            Dtype::BF16 => {
                let (groups, _) = bytes.as_chunks::<2>();
                self.numbers.extend(groups.iter().map(|b| bf16::from_le_bytes(*b).to_f32()));
            }
        }
    }
}
