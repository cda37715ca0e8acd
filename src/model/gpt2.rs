//! GPT-2, to be read top to bottom: embeddings, blocks, unembedding.
//!
//! Shapes: B prompts of T tokens, H heads, d = d_model, e = d_head, V words.
//! What multiplies by weights is `async`, because other threads may have a share
//! of them ([`crew`](super::crew)).

use super::HookPoint::{
    AttnOut, Embed, K, MlpOut, Pattern, PosEmbed, Q, ResidMid, ResidPost, ResidPre, V, Z,
};
use super::attn::{Attended, Attn};
use super::crew::{Crew, Inside, Team};
use super::kernels::matmul::dot_products;
use super::mlp::Mlp;
use super::ops::{LayerNorm, causal_pattern, mix};
use super::words::Words;
use super::{Hooks, ModelError, Result, Touch};
use crate::weights::Config;
use candle_core::{Device, Tensor};
use std::rc::Rc;

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
#[derive(Debug)]
pub(super) struct Block {
    pub(super) ln_1: LayerNorm,
    pub(super) attn: Attn,
    pub(super) ln_2: LayerNorm,
    pub(super) mlp: Mlp,
}

impl Block {
    fn empty(l: usize, config: &Config, team: &Rc<Team>) -> Self {
        let Config { n_head, d_model, d_mlp, .. } = *config;
        Self {
            ln_1: LayerNorm::default(),
            attn: Attn::new(format!("h.{l}.attn"), n_head, config.d_head(), team),
            ln_2: LayerNorm::default(),
            mlp: Mlp::new(format!("h.{l}.mlp"), d_model, d_mlp, team),
        }
    }
}

impl Gpt2 {
    /// A model of these sizes with nothing loaded.
    #[must_use]
    pub fn empty(config: Config) -> Self {
        Self::shared(config, None)
    }

    /// The same, whose weights a crew shall share if the model is wide enough for
    /// that to pay.
    #[must_use]
    pub fn shared(config: Config, crew: Option<Rc<dyn Crew>>) -> Self {
        let team = Team::of(crew, &config);
        let blocks = (0..config.n_layer).map(|l| Block::empty(l, &config, &team)).collect();
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
    pub async fn embed(&self, prompts: &[Vec<u32>], hooks: &dyn Hooks) -> Result<Tensor> {
        let (batch, tokens) = self.check(prompts)?;
        let d = self.config.d_model;
        let embed = hooks.at(Embed, async {
            let mut rows = Vec::with_capacity(batch * tokens * d);
            for &id in prompts.iter().flatten() {
                self.words.append(id as usize, &mut rows)?;
            }
            Ok(Tensor::from_vec(rows, (batch, tokens, d), &Device::Cpu)?)
        });
        let pos_embed = hooks.at(PosEmbed, async {
            let wpe = self.wpe.as_ref().filter(|wpe| wpe.dims()[0] >= tokens);
            let rows = wpe.ok_or_else(|| ModelError::NotLoaded("wpe.weight"))?.narrow(0, 0, tokens)?;
            Ok(rows.broadcast_as((batch, tokens, d))?.contiguous()?)
        });
        Ok((embed.await? + pos_embed.await?)?)
    }

    /// Runs layer `l` on the residual stream before it, (B, T, d), and returns
    /// the stream after it.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that the layer lacks.
    pub async fn block(&self, l: usize, resid: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let Block { ln_1, attn, ln_2, mlp } = self.layer(l)?;
        let eps = self.config.eps;
        let after = hooks.at(ResidPost(l), async {
            let resid_pre = hooks.at(ResidPre(l), async { Ok(resid.clone()) }).await?;
            let resid_mid = hooks.at(ResidMid(l), async {
                let attn_out = hooks.at(AttnOut(l), async {
                    // All heads at once, if nobody steps in between.
                    if let Some(inside) = seen_inside(l, hooks) {
                        let normed = ln_1.forward(&resid_pre, eps)?;
                        let Attended { out, pattern, z } = attn.forward(&normed, inside).await?;
                        pattern.map(|pattern| hooks.seen(Pattern(l), pattern)).transpose()?;
                        z.map(|z| hooks.seen(Z(l), z)).transpose()?;
                        return Ok(out);
                    }
                    let z = hooks.at(Z(l), async {
                        let normed = ln_1.forward(&resid_pre, eps)?;
                        let pattern = hooks.at(Pattern(l), self.pattern_of(l, &normed, hooks)).await?;
                        let v = hooks.at(V(l), attn.values(&normed));
                        mix(&pattern, &v.await?) // (B, T, H, e)
                    });
                    attn.proj.forward(&z.await?.flatten_from(2)?).await
                });
                Ok((&resid_pre + attn_out.await?)?)
            });
            let resid_mid = resid_mid.await?;
            let mlp_out = hooks.at(MlpOut(l), async { mlp.forward(&ln_2.forward(&resid_mid, eps)?).await });
            Ok((&resid_mid + mlp_out.await?)?)
        });
        after.await
    }

    /// Attention pattern of layer `l`, (B, H, T, T), from the residual stream
    /// before it.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that is missing.
    pub async fn pattern(&self, l: usize, resid: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let resid_pre = hooks.at(ResidPre(l), async { Ok(resid.clone()) }).await?;
        let normed = self.layer(l)?.ln_1.forward(&resid_pre, self.config.eps)?;
        hooks.at(Pattern(l), self.pattern_of(l, &normed, hooks)).await
    }

    /// Attention pattern of one head alone, (B, T, T), from the residual stream
    /// before its layer.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that is missing.
    pub async fn head_pattern(&self, l: usize, head: usize, resid: &Tensor) -> Result<Tensor> {
        let Block { ln_1, attn, .. } = self.layer(l)?;
        let [q, k] = attn.queries_and_keys(head..head + 1, &ln_1.forward(resid, self.config.eps)?).await?;
        Ok(causal_pattern(&q, &k)?.squeeze(1)?)
    }

    /// Next-token logits, (B, T, V), from the residual stream after the last layer.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if ln_f or the whole of wte is missing.
    pub fn logits(&self, resid: &Tensor) -> Result<Tensor> {
        let normed = self.ln_f.forward(resid, self.config.eps)?;
        let (batch, tokens, d) = normed.dims3()?;
        let normed = normed.flatten_all()?.to_vec1::<f32>()?;
        let mut logits = vec![0.0; batch * tokens * self.config.d_vocab];
        dot_products(&normed, self.words.table()?, d, &mut logits);
        Ok(Tensor::from_vec(logits, (batch, tokens, self.config.d_vocab), &Device::Cpu)?)
    }

    /// The pattern, (B, H, T, T), that comes of queries and keys of what ln_1 gives.
    async fn pattern_of(&self, l: usize, normed: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let [q, k] = self.layer(l)?.attn.queries_and_keys(0..self.config.n_head, normed).await?;
        let q = hooks.at(Q(l), async { Ok(q) }).await?;
        let k = hooks.at(K(l), async { Ok(k) }).await?;
        causal_pattern(&q, &k)
    }

    /// The value bias of a head, (d_head), once ln_1's scale and shift are folded
    /// into the weights as TransformerLens folds them: the value of ln_1's shift
    /// alone. It counts to the output bias there, so it is what is left of z when
    /// a head is zeroed.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if the layer does not exist or is not loaded.
    pub async fn value_bias(&self, l: usize, head: usize) -> Result<Tensor> {
        let Block { ln_1, attn, .. } = self.layer(l)?;
        let shift = ln_1.bias.as_deref().ok_or(ModelError::NotLoaded("ln_1.bias"))?;
        let shift = Tensor::from_slice(shift, (1, shift.len()), &Device::Cpu)?;
        let d_head = self.config.d_head();
        Ok(attn.v.forward(&shift).await?.flatten_all()?.narrow(0, head * d_head, d_head)?)
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

/// What hooks want to see of a layer's attention, if they leave its inside as it is.
fn seen_inside(l: usize, hooks: &dyn Hooks) -> Option<Inside> {
    let (pattern, z) = (hooks.touch(Pattern(l)), hooks.touch(Z(l)));
    let whole = [Q(l), K(l), V(l)].iter().all(|&point| hooks.touch(point) == Touch::Nothing)
        && pattern.max(z) < Touch::Change;
    whole.then_some(Inside { pattern: pattern == Touch::Look, z: z == Touch::Look })
}
