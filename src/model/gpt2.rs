//! GPT-2, to be read top to bottom: embeddings, blocks, unembedding.
//!
//! Shapes: B prompts of T tokens, H heads, d = d_model, e = d_head, V tokens of the
//! vocabulary. Whatever multiplies by weights is `async`, because other threads may
//! hold a part of them ([`parallel`](super::parallel)).

use super::HookPoint::{
    AttnOut, Embed, K, MlpOut, Pattern, PosEmbed, Q, ResidMid, ResidPost, ResidPre, V, Z,
};
use super::attn::{Attended, Attn};
use super::mlp::Mlp;
use super::ops::{LayerNorm, causal_pattern, mix};
use crate::model::parallel::{Inside, TensorParallel, WorkerPool};
use crate::model::token_embedding::TokenEmbedding;
use crate::model::{Hooks, Interest, ModelError, NextToken, Result};
use crate::weights::{Config, LM_HEAD, Unembedding};
use candle_core::{Device, Tensor};
use std::rc::Rc;

/// The model, or as much of it as has been loaded.
#[derive(Debug)]
pub struct Gpt2 {
    pub(super) config: Config,
    /// Rows of wte.
    pub(super) words: TokenEmbedding,
    /// lm_head, of models that do not unembed with wte.
    pub(super) lm_head: Option<TokenEmbedding>,
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
    fn empty(l: usize, config: &Config, parallel: &Rc<TensorParallel>) -> Self {
        Self {
            ln_1: LayerNorm::default(),
            attn: Attn::new(l, config, parallel),
            ln_2: LayerNorm::default(),
            mlp: Mlp::new(format!("h.{l}.mlp"), config, parallel),
        }
    }
}

impl Gpt2 {
    /// A model of these sizes with nothing loaded.
    #[must_use]
    pub fn empty(config: Config) -> Self {
        Self::shared(config, None)
    }

    /// The same, with its weights split over a pool of workers if the model is wide
    /// enough for that to pay.
    #[must_use]
    pub fn shared(config: Config, pool: Option<Rc<dyn WorkerPool>>) -> Self {
        let parallel = TensorParallel::of(pool, &config);
        let blocks = (0..config.n_layer).map(|l| Block::empty(l, &config, &parallel)).collect();
        let words = TokenEmbedding::new("wte.weight", config.d_vocab, config.d_model, &parallel);
        let own = config.unembedding == Unembedding::Own;
        let lm_head = own.then(|| TokenEmbedding::new(LM_HEAD, config.d_vocab, config.d_model, &parallel));
        Self { config, words, lm_head, wpe: None, blocks, ln_f: LayerNorm::default() }
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
            let rows = self.words.rows(&prompts.concat()).await?;
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
                    // No hook needs a step of its own, so each thread does it in one job.
                    if let Some(inside) = seen_inside(l, hooks) {
                        let normed = ln_1.forward(&resid_pre, eps)?;
                        let Attended { out, pattern, z } = attn.forward(&normed, inside).await?;
                        pattern.map(|pattern| hooks.hook(Pattern(l), pattern)).transpose()?;
                        z.map(|z| hooks.hook(Z(l), z)).transpose()?;
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
        Ok(causal_pattern(&q, &k, attn.scale)?.squeeze(1)?)
    }

    /// Next-token logits, (B, T, V), from the residual stream after the last layer.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if ln_f or the whole of the unembedding, which is wte
    /// or lm_head, is missing.
    pub async fn logits(&self, resid: &Tensor) -> Result<Tensor> {
        let normed = self.ln_f.forward(resid, self.config.eps)?;
        let (batch, tokens, _) = normed.dims3()?;
        let logits = self.unembedding().dot_products(&normed.flatten_all()?.to_vec1::<f32>()?).await?;
        Ok(Tensor::from_vec(logits, (batch, tokens, self.config.d_vocab), &Device::Cpu)?)
    }

    /// What the logits say of the next token, from positions of the residual stream after
    /// the last layer, (n, d): without the logits themselves, which are much to hand from
    /// thread to thread. With the `most` likeliest tokens, and at each of the n positions the
    /// logit of one that is `asked` for.
    ///
    /// # Errors
    ///
    /// As [`Gpt2::logits`].
    pub async fn next_tokens(
        &self,
        resid: &Tensor,
        most: usize,
        asked: &[Option<u32>],
    ) -> Result<Vec<NextToken>> {
        let normed = self.ln_f.forward(resid, self.config.eps)?;
        self.unembedding().next_tokens(&normed.flatten_all()?.to_vec1::<f32>()?, most, asked).await
    }

    /// wte or lm_head.
    pub(super) fn unembedding(&self) -> &TokenEmbedding {
        self.lm_head.as_ref().unwrap_or(&self.words)
    }

    /// The pattern, (B, H, T, T), from the output of ln_1.
    async fn pattern_of(&self, l: usize, normed: &Tensor, hooks: &dyn Hooks) -> Result<Tensor> {
        let [q, k] = self.layer(l)?.attn.queries_and_keys(0..self.config.n_head, normed).await?;
        let q = hooks.at(Q(l), async { Ok(q) }).await?;
        let k = hooks.at(K(l), async { Ok(k) }).await?;
        causal_pattern(&q, &k, self.layer(l)?.attn.scale)
    }

    /// The value bias of a head, (d_head), once ln_1's scale and shift are folded
    /// into the weights as TransformerLens folds them: the value of ln_1's shift
    /// alone. There it is part of the output bias, so it is what is left of z when
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

    pub(super) fn layer(&self, l: usize) -> Result<&Block> {
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

/// Which activations inside a layer's attention the hooks read; `None` if they need it
/// step by step, because they read q, k or v or may replace something.
fn seen_inside(l: usize, hooks: &dyn Hooks) -> Option<Inside> {
    let (pattern, z) = (hooks.interest(Pattern(l)), hooks.interest(Z(l)));
    let whole = [Q(l), K(l), V(l)].iter().all(|&point| hooks.interest(point) == Interest::None)
        && pattern.max(z) < Interest::Write;
    whole.then_some(Inside { pattern: pattern == Interest::Read, z: z == Interest::Read })
}
