//! GPT-2, to be read top to bottom: embeddings, blocks, unembedding.
//!
//! Shapes: B prompts of T tokens, H heads, d = d_model, e = d_head, V words.

use super::HookPoint::{
    AttnOut, Embed, K, MlpOut, Pattern, PosEmbed, Q, ResidMid, ResidPost, ResidPre, V, Z,
};
use super::words::Words;
use super::{Hooks, Linear, ModelError, Result};
use crate::weights::Config;
use candle_core::{D, Device, Tensor};

/// The model, or as much of it as has been loaded.
#[derive(Debug)]
pub struct Gpt2 {
    pub(super) config: Config,
    /// Rows of wte.
    pub(super) words: Words,
    /// The first rows of wpe, (positions, d).
    pub(super) wpe: Option<Tensor>,
    pub(super) blocks: Vec<Block>,
    pub(super) ln_f: LayerNorm,
}

/// One layer.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) ln_1: LayerNorm,
    /// Columns of attn.c_attn: queries, keys and values, (d, d) each.
    pub(super) q: Linear,
    pub(super) k: Linear,
    pub(super) v: Linear,
    /// attn.c_proj, (d, d).
    pub(super) attn_proj: Linear,
    pub(super) ln_2: LayerNorm,
    /// mlp.c_fc, (d, d_mlp).
    pub(super) mlp_in: Linear,
    /// mlp.c_proj, (d_mlp, d).
    pub(super) mlp_proj: Linear,
}

/// Scale and shift, (d) each.
#[derive(Debug, Default)]
pub(super) struct LayerNorm {
    pub(super) weight: Option<Tensor>,
    pub(super) bias: Option<Tensor>,
}

impl Gpt2 {
    /// A model of these sizes with nothing loaded.
    #[must_use]
    pub fn empty(config: Config) -> Self {
        let blocks = (0..config.n_layer).map(|_| Block::default()).collect();
        let words = Words::new(config.d_vocab, config.d_model);
        Self { config, words, wpe: None, blocks, ln_f: LayerNorm::default() }
    }

    /// The model's sizes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Embeds prompts of equal length: the residual stream before layer 0,
    /// (B, T, d).
    ///
    /// # Errors
    ///
    /// [`ModelError`] if the prompts are ragged or too long, or a row is not loaded.
    pub fn embed(&self, prompts: &[Vec<u32>], hooks: &dyn Hooks) -> Result<Tensor> {
        let (batch, tokens) = self.check(prompts)?;
        let d = self.config.d_model;
        let embed = hooks.run(Embed, &mut || {
            let mut rows = Vec::with_capacity(batch * tokens * d);
            for &id in prompts.iter().flatten() {
                self.words.append(id as usize, &mut rows)?;
            }
            Ok(Tensor::from_vec(rows, (batch, tokens, d), &Device::Cpu)?)
        })?;
        let pos_embed = hooks.run(PosEmbed, &mut || {
            let wpe = self.wpe.as_ref().filter(|wpe| wpe.dims()[0] >= tokens);
            let rows = wpe.ok_or_else(|| ModelError::NotLoaded("wpe.weight"))?.narrow(0, 0, tokens)?;
            Ok(rows.broadcast_as((batch, tokens, d))?.contiguous()?)
        })?;
        Ok((embed + pos_embed)?)
    }

    /// Runs layer `l` on the residual stream before it, (B, T, d), and returns
    /// the stream after it.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that the layer lacks.
    pub fn block(&self, l: usize, resid: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let Block { v, attn_proj, ln_2, mlp_in, mlp_proj, .. } = self.layer(l)?;
        hooks.run(ResidPost(l), &mut || {
            let resid_pre = hooks.run(ResidPre(l), &mut || Ok(resid.clone()))?;
            let resid_mid = hooks.run(ResidMid(l), &mut || {
                let attn_out = hooks.run(AttnOut(l), &mut || {
                    let z = hooks.run(Z(l), &mut || {
                        let pattern = self.pattern_of(l, &resid_pre, hooks)?; // (B, H, T, T)
                        let v = hooks.run(V(l), &mut || self.heads(l, v, &resid_pre))?;
                        Ok(pattern.matmul(&v)?) // (B, H, T, e)
                    })?;
                    let z = z.transpose(1, 2)?.flatten_from(2)?; // (B, T, d)
                    attn_proj.forward(&z)
                })?;
                Ok((&resid_pre + attn_out)?)
            })?;
            let mlp_out = hooks.run(MlpOut(l), &mut || {
                let normed = ln_2.forward(&resid_mid, self.config.eps)?;
                let hidden = mlp_in.forward(&normed)?.gelu()?; // (B, T, d_mlp)
                mlp_proj.forward(&hidden)
            })?;
            Ok((resid_mid + mlp_out)?)
        })
    }

    /// Attention pattern of layer `l`, (B, H, T, T), from the residual stream
    /// before it.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that is missing.
    pub fn pattern(&self, l: usize, resid: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let resid_pre = hooks.run(ResidPre(l), &mut || Ok(resid.clone()))?;
        self.pattern_of(l, &resid_pre, hooks)
    }

    /// Next-token logits, (B, T, V), from the residual stream after the last layer.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if ln_f or the whole of wte is missing.
    pub fn logits(&self, resid: &Tensor) -> Result<Tensor> {
        let normed = self.ln_f.forward(resid, self.config.eps)?;
        let (batch, tokens, d) = normed.dims3()?;
        let logits = normed.reshape((batch * tokens, d))?.matmul(&self.words.table()?.t()?)?;
        Ok(logits.reshape((batch, tokens, self.config.d_vocab))?)
    }

    fn pattern_of(&self, l: usize, resid_pre: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let Block { q, k, .. } = self.layer(l)?;
        hooks.run(Pattern(l), &mut || {
            let q = hooks.run(Q(l), &mut || self.heads(l, q, resid_pre))?;
            let k = hooks.run(K(l), &mut || self.heads(l, k, resid_pre))?;
            let scale = 1.0 / (self.config.d_head() as f64).sqrt();
            let scores = (q.matmul(&k.t()?)? * scale)?; // (B, H, T, T)
            let scores = scores.broadcast_add(&causal_mask(scores.dim(D::Minus1)?)?)?;
            Ok(candle_nn::ops::softmax_last_dim(&scores)?)
        })
    }

    /// Queries, keys or values of every head, (B, H, T, e).
    fn heads(&self, l: usize, linear: &Linear, resid_pre: &Tensor) -> Result<Tensor> {
        let Config { n_head, eps, .. } = self.config;
        let normed = self.layer(l)?.ln_1.forward(resid_pre, eps)?;
        let x = linear.forward(&normed)?;
        let (batch, tokens, _) = x.dims3()?;
        let heads = x.reshape((batch, tokens, n_head, self.config.d_head()))?;
        Ok(heads.transpose(1, 2)?.contiguous()?)
    }

    /// The value bias of a head, (d_head), once ln_1's scale and shift are folded
    /// into the weights as TransformerLens folds them: the value of ln_1's shift
    /// alone. It counts to the output bias there, so it is what is left of z when
    /// a head is zeroed.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if the layer does not exist or is not loaded.
    pub fn value_bias(&self, l: usize, head: usize) -> Result<Tensor> {
        let Block { ln_1, v, .. } = self.layer(l)?;
        let shift = ln_1.bias.as_ref().ok_or(ModelError::NotLoaded("ln_1.bias"))?;
        let d_head = self.config.d_head();
        Ok(v.forward(shift)?.narrow(0, head * d_head, d_head)?)
    }

    fn layer(&self, l: usize) -> Result<&Block> {
        self.blocks.get(l).ok_or_else(|| ModelError::NoSuchTensor(format!("h.{l}")))
    }

    fn check(&self, prompts: &[Vec<u32>]) -> Result<(usize, usize)> {
        let tokens = prompts.first().map_or(0, Vec::len);
        if tokens == 0 || prompts.iter().any(|prompt| prompt.len() != tokens) {
            return Err(ModelError::Ragged);
        }
        if tokens > self.config.n_ctx {
            return Err(ModelError::TooLong { tokens, n_ctx: self.config.n_ctx });
        }
        Ok((prompts.len(), tokens))
    }
}

impl LayerNorm {
    fn forward(&self, x: &Tensor, eps: f64) -> Result<Tensor> {
        let (Some(weight), Some(bias)) = (&self.weight, &self.bias) else {
            return Err(ModelError::NotLoaded("ln_*"));
        };
        Ok(candle_nn::ops::layer_norm(&x.contiguous()?, weight, bias, eps as f32)?)
    }
}

/// 0 where a destination may look and minus infinity where it may not, (T, T).
fn causal_mask(tokens: usize) -> Result<Tensor> {
    let cells = (0..tokens * tokens).map(|i| if i % tokens > i / tokens { f32::NEG_INFINITY } else { 0.0 });
    Ok(Tensor::from_iter(cells, &Device::Cpu)?.reshape((tokens, tokens))?)
}
