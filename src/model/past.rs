//! A text that goes on token by token: keys and values of what stands before are kept, so
//! that a token costs its own row alone and not another run of the whole text.

use super::gpt2::Block;
use super::kernels::attention::attend_last;
use super::ops::with_numbers;
use super::{ActivationCache, Gpt2, HookPoint, ModelError, Result};
use candle_core::{Device, Tensor};

/// Keys and values of every layer, (T, H, e) each.
#[derive(Debug)]
pub struct Past {
    tokens: usize,
    layers: Vec<[Vec<f32>; 2]>,
}

impl Past {
    /// What has to be recorded of the run of a text.
    #[must_use]
    pub fn recorder(model: &Gpt2) -> ActivationCache {
        let points = (0..model.config().n_layer).flat_map(|l| [HookPoint::K(l), HookPoint::V(l)]);
        ActivationCache::of(&points.collect::<Vec<_>>())
    }

    /// The past of a text of so many tokens, by what was recorded of its run.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if something was not recorded.
    pub fn of(model: &Gpt2, tokens: usize, recorded: ActivationCache) -> Result<Self> {
        let mut activations = recorded.into_activations();
        let mut take = |point: HookPoint| -> Result<Vec<f32>> {
            let activation = activations.remove(&point).ok_or(ModelError::NotLoaded("keys and values"))?;
            with_numbers(&activation, <[f32]>::to_vec)
        };
        let layers =
            (0..model.config().n_layer).map(|l| Ok([take(HookPoint::K(l))?, take(HookPoint::V(l))?]));
        Ok(Self { tokens, layers: layers.collect::<Result<_>>()? })
    }
}

impl Gpt2 {
    /// Runs one more token behind a text, and returns the residual stream after the last
    /// layer at its position, (1, 1, d). The token becomes part of the past.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] names a weight that is missing; [`ModelError::TooLong`]
    /// where the context is full.
    pub async fn go_on(&self, id: u32, past: &mut Past) -> Result<Tensor> {
        let (n_ctx, d, n_head) = (self.config.n_ctx, self.config.d_model, self.config.n_head);
        let (eps, position) = (self.config.eps, past.tokens);
        if position >= n_ctx {
            return Err(ModelError::TooLong { tokens: position + 1, n_ctx });
        }
        let row = self.words.rows(&[id]).await?;
        let wpe = self.wpe.as_ref().filter(|wpe| wpe.dims()[0] > position);
        let pos_embed = wpe.ok_or(ModelError::NotLoaded("wpe.weight"))?.narrow(0, position, 1)?;
        let mut resid = (Tensor::from_vec(row, (1, 1, d), &Device::Cpu)? + pos_embed.reshape((1, 1, d))?)?;
        for (l, [keys, values]) in past.layers.iter_mut().enumerate() {
            let Block { ln_1, attn, ln_2, mlp } = self.layer(l)?;
            let normed = ln_1.forward(&resid, eps)?;
            let [q, k] = attn.queries_and_keys(0..n_head, &normed).await?;
            let v = attn.values(&normed).await?;
            with_numbers(&k, |k| keys.extend_from_slice(k))?;
            with_numbers(&v, |v| values.extend_from_slice(v))?;
            let z = with_numbers(&q, |q| attend_last(q, keys, values, n_head, attn.scale))?;
            let z = Tensor::from_vec(z, (1, 1, d), &Device::Cpu)?;
            let resid_mid = (&resid + attn.proj.forward(&z).await?)?;
            resid = (&resid_mid + mlp.forward(&ln_2.forward(&resid_mid, eps)?).await?)?;
        }
        past.tokens += 1;
        Ok(resid)
    }
}
