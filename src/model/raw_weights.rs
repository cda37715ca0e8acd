//! Weights as they stand in the file, asked back from the threads that hold them packed.
//!
//! A linear layer gives its own weights where it is applied to the identity. What it adds
//! of its bias would cost digits, so the identity is made so large that a sum with the
//! bias is rounded to the weight alone. So no thread keeps a second copy, and one that
//! holds a share gives its columns, or its rows, by the same message as any product.

use super::gpt2::Block;
use super::parallel::linear;
use crate::model::{Gpt2, ModelError, Result};
use candle_core::{Device, Tensor};
use std::ops::Range;

/// 2^64. Weights beyond 2^63 would overflow, and those below 2^-40 of the bias be inexact
/// by 2^-64 of it.
const FAR: f32 = (1_u128 << 64) as f32;

/// What a head reads with, as published: nothing folded, nothing centred. d = d_model and
/// e = d_head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadWeights {
    /// Scale of ln_1, (d).
    pub ln_scale: Vec<f32>,
    /// Shift of ln_1, (d).
    pub ln_shift: Vec<f32>,
    /// Columns of c_attn for queries, (d, e), and their bias, (e).
    pub q: (Vec<f32>, Vec<f32>),
    /// For keys.
    pub k: (Vec<f32>, Vec<f32>),
    /// For values.
    pub v: (Vec<f32>, Vec<f32>),
}

/// What some heads of a layer write with, as published.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputWeights {
    /// Rows of c_proj, (heads · e, d).
    pub w_o: Vec<f32>,
    /// Its bias, (d).
    pub b_o: Vec<f32>,
}

impl Gpt2 {
    /// What a head reads with.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if the head does not exist, or ln_1 or c_attn is not loaded.
    pub async fn head_weights(&self, l: usize, head: usize) -> Result<HeadWeights> {
        let Block { ln_1, attn, .. } = self.layer(l)?;
        let d_head = self.config.d_head();
        if head >= self.config.n_head {
            return Err(ModelError::NoSuchTensor(format!("h.{l}, head {head}")));
        }
        let missing = || ModelError::NotLoaded("ln_1.*");
        let scale = ln_1.weight.clone().ok_or_else(missing)?;
        let shift = ln_1.bias.clone().ok_or_else(missing)?;
        let d_model = scale.len();
        let columns = head * d_head..(head + 1) * d_head;
        let layers = [&attn.q, &attn.k, &attn.v].map(|layer| layer.columns(columns.clone()));
        let [q, k, v] = linear::forward(layers, &identity(d_model, 0..d_model)?).await?;
        Ok(HeadWeights {
            ln_scale: scale,
            ln_shift: shift,
            q: weight_and_bias(&q)?,
            k: weight_and_bias(&k)?,
            v: weight_and_bias(&v)?,
        })
    }

    /// What some heads of a layer write with.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if a head does not exist or c_proj is not loaded.
    pub async fn output_weights(&self, l: usize, heads: Range<usize>) -> Result<OutputWeights> {
        let Block { attn, .. } = self.layer(l)?;
        let (n_head, d_head) = (self.config.n_head, self.config.d_head());
        if heads.end > n_head {
            return Err(ModelError::NoSuchTensor(format!("h.{l}, head {}", heads.end - 1)));
        }
        let rows = heads.start * d_head..heads.end * d_head;
        let y = attn.proj.forward(&identity(n_head * d_head, rows)?).await?;
        let (w_o, b_o) = weight_and_bias(&y)?;
        Ok(OutputWeights { w_o, b_o })
    }

    /// Whether the weights that a layer's heads write with are loaded.
    #[must_use]
    pub fn has_output_weights(&self, l: usize) -> bool {
        self.blocks.get(l).is_some_and(|block| block.attn.proj.is_loaded())
    }

    /// Whether the weights that a layer's heads read with are loaded.
    #[must_use]
    pub fn has_input_weights(&self, l: usize) -> bool {
        self.blocks.get(l).is_some_and(Block::has_pattern)
    }

    /// Value biases of all heads of a layer, (H · e), once ln_1's shift is folded into
    /// them, and what they and the output bias write together, (d): b_O + b_V W_O.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if ln_1, c_attn or c_proj is not loaded.
    pub async fn attn_biases(&self, l: usize) -> Result<(Vec<f32>, Vec<f32>)> {
        let Block { ln_1, attn, .. } = self.layer(l)?;
        let shift = ln_1.bias.as_deref().ok_or(ModelError::NotLoaded("ln_1.bias"))?;
        let b_v = attn.v.forward(&Tensor::from_slice(shift, (1, shift.len()), &Device::Cpu)?).await?;
        let written = attn.proj.forward(&b_v).await?;
        Ok((b_v.flatten_all()?.to_vec1()?, written.flatten_all()?.to_vec1()?))
    }

    /// Scale and shift of ln_f, (d) each.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`].
    pub fn final_norm(&self) -> Result<(&[f32], &[f32])> {
        match (&self.ln_f.weight, &self.ln_f.bias) {
            (Some(scale), Some(shift)) => Ok((scale, shift)),
            _ => Err(ModelError::NotLoaded("ln_f.*")),
        }
    }

    /// Scale of ln_f, (d).
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`].
    pub fn final_norm_scale(&self) -> Result<&[f32]> {
        self.ln_f.weight.as_deref().ok_or(ModelError::NotLoaded("ln_f.weight"))
    }

    /// Rows of some tokens of the unembedding, which is wte or lm_head, (n, d).
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`], [`ModelError::NoSuchTensor`] for a token that there is not.
    pub async fn unembedding_rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        self.unembedding().rows(ids).await
    }

    /// Rows of some tokens of the embedding, (n, d).
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`], [`ModelError::NoSuchTensor`] for a token that there is not.
    pub async fn embedding_rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        self.words.rows(ids).await
    }

    /// The mean of the unembedding's rows, (d).
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if it is not there as a whole.
    pub fn mean_unembedding(&self) -> Result<Vec<f64>> {
        self.unembedding().mean()
    }

    /// Rows of x, (n, d), times the whole embedding and times the whole unembedding, (n, V)
    /// each.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if one is not there as a whole.
    pub async fn times_embeddings(&self, into: &[f32], out: &[f32]) -> Result<[Vec<f32>; 2]> {
        Ok([self.words.dot_products(into).await?, self.unembedding().dot_products(out).await?])
    }
}

/// Some rows of a large identity of `width` columns, and below them a row of zeros.
fn identity(width: usize, rows: Range<usize>) -> Result<Tensor> {
    let mut x = vec![0.0; (rows.len() + 1) * width];
    for (row, column) in rows.clone().enumerate() {
        x[row * width + column] = FAR;
    }
    Ok(Tensor::from_vec(x, (rows.len() + 1, width), &Device::Cpu)?)
}

/// The weights and the bias in what a layer makes of an [`identity`].
fn weight_and_bias(y: &Tensor) -> Result<(Vec<f32>, Vec<f32>)> {
    let (rows, columns) = y.dims2()?;
    let mut weight = y.flatten_all()?.to_vec1::<f32>()?;
    let bias = weight.split_off((rows - 1) * columns);
    weight.iter_mut().for_each(|w| *w /= FAR);
    Ok((weight, bias))
}
