//! The kernels as operations on candle's tensors.

use super::kernels::attention::{self, Sizes};
use super::kernels::elementwise;
use crate::model::{ModelError, Result};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Shape, Storage, Tensor};

/// Scale and shift, (d) each.
#[derive(Debug, Default)]
pub(super) struct LayerNorm {
    pub(super) weight: Option<Vec<f32>>,
    pub(super) bias: Option<Vec<f32>>,
}

impl LayerNorm {
    /// Normalises the last dimension.
    pub(super) fn forward(&self, x: &Tensor, eps: f64) -> Result<Tensor> {
        let (Some(weight), Some(bias)) = (&self.weight, &self.bias) else {
            return Err(ModelError::NotLoaded("ln_*"));
        };
        let norm = Norm { weight, bias, eps: eps as f32 };
        Ok(x.contiguous()?.apply_op1_no_bwd(&norm)?)
    }
}

/// The causal pattern, (B, H, T, T), of queries and keys, (B, T, H, e), whose products
/// are scaled.
pub(super) fn causal_pattern(q: &Tensor, k: &Tensor, scale: f32) -> Result<Tensor> {
    Ok(q.contiguous()?.apply_op2_no_bwd(&k.contiguous()?, &CausalPattern { scale })?)
}

/// Each head's mix of values, z, (B, T, H, e), from a causal pattern, (B, H, T, T),
/// and values, (B, T, H, e).
pub(super) fn mix(pattern: &Tensor, v: &Tensor) -> Result<Tensor> {
    Ok(pattern.contiguous()?.apply_op2_no_bwd(&v.contiguous()?, &Mix)?)
}

struct Norm<'a> {
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
}

struct CausalPattern {
    scale: f32,
}

struct Mix;

impl CustomOp1 for Norm<'_> {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = numbers(x, layout)?;
        let y = elementwise::layer_norm(x, self.weight, self.bias, self.eps);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }
}

impl CustomOp2 for CausalPattern {
    fn name(&self) -> &'static str {
        "causal-pattern"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let sizes = sizes(q_layout)?;
        let Sizes { batch, tokens, n_head, .. } = sizes;
        let mut pattern = vec![0.0; batch * n_head * tokens * tokens];
        let rows: Vec<usize> = (0..batch * tokens).collect();
        let (q, k) = (numbers(q, q_layout)?, numbers(k, k_layout)?);
        attention::pattern(q, k, &rows, sizes, self.scale, &mut pattern);
        Ok((CpuStorage::F32(pattern), (batch, n_head, tokens, tokens).into()))
    }
}

impl CustomOp2 for Mix {
    fn name(&self) -> &'static str {
        "mix"
    }

    fn cpu_fwd(
        &self,
        pattern: &CpuStorage,
        pattern_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (pattern, v) = (numbers(pattern, pattern_layout)?, numbers(v, v_layout)?);
        let sizes = sizes(v_layout)?;
        let rows: Vec<usize> = (0..sizes.batch * sizes.tokens).collect();
        let z = attention::mix(pattern, v, &rows, sizes);
        Ok((CpuStorage::F32(z), v_layout.shape().clone()))
    }
}

/// Lends a tensor's numbers, in the order of its indices.
pub(super) fn with_numbers<T>(x: &Tensor, take: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let x = x.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(take(numbers(storage, layout)?)),
        _ => Err(candle_core::Error::Msg("a tensor is not in memory".to_owned()).into()),
    }
}

/// The numbers of a contiguous tensor.
fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let Some((from, to)) = layout.contiguous_offsets() else {
        candle_core::bail!("a kernel wants a contiguous input, not {:?}", layout.shape());
    };
    Ok(&storage.as_slice::<f32>()?[from..to])
}

fn sizes(layout: &Layout) -> candle_core::Result<Sizes> {
    let (batch, tokens, n_head, d_head) = layout.shape().dims4()?;
    Ok(Sizes { batch, tokens, n_head, d_head })
}
