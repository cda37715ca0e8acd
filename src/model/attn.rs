//! The attention of a layer.

use super::ops::with_numbers;
use crate::model::parallel::linear::{self, ColumnParallelLinear, RowParallelLinear, side_by_side, sum};
use crate::model::parallel::{Heads, Inside, Job, TensorParallel};
use crate::model::{ModelError, Result};
use crate::weights::Config;
use candle_core::{Device, Tensor};
use std::ops::Range;
use std::rc::Rc;

/// Multi-head attention. Every thread has some of the heads.
#[derive(Debug)]
pub(super) struct Attn {
    name: String,
    n_head: usize,
    d_head: usize,
    /// What the scores are multiplied by.
    pub(super) scale: f32,
    /// Columns of attn.c_attn: queries, keys and values, (d, d) each.
    pub(super) q: ColumnParallelLinear,
    pub(super) k: ColumnParallelLinear,
    pub(super) v: ColumnParallelLinear,
    /// attn.c_proj, (d, d).
    pub(super) proj: RowParallelLinear,
    parallel: Rc<TensorParallel>,
}

/// The output of attention, and what was wanted of its inside.
pub(super) struct Attended {
    /// (B, T, d)
    pub(super) out: Tensor,
    /// (B, H, T, T), if wanted.
    pub(super) pattern: Option<Tensor>,
    /// (B, T, H, e), if wanted.
    pub(super) z: Option<Tensor>,
}

impl Attn {
    /// The attention of layer `l`.
    pub(super) fn new(l: usize, config: &Config, parallel: &Rc<TensorParallel>) -> Self {
        let (name, n_head, d_head) = (format!("h.{l}.attn"), config.n_head, config.d_head());
        let scale = config.score_scale.of(l, d_head);
        let heads = parallel.heads(n_head, d_head);
        let linear =
            |layer: &str| ColumnParallelLinear::new(format!("{name}.{layer}"), heads.clone(), parallel);
        let (q, k, v) = (linear("q"), linear("k"), linear("v"));
        let proj = RowParallelLinear::new(format!("{name}.c_proj"), heads.clone(), n_head * d_head, parallel);
        Self { name, n_head, d_head, scale, q, k, v, proj, parallel: Rc::clone(parallel) }
    }

    /// Applies the whole layer to (B, T, d) at the cost of one message.
    pub(super) async fn forward(&self, x: &Tensor, inside: Inside) -> Result<Attended> {
        let loaded = [&self.q, &self.k, &self.v].iter().all(|linear| linear.is_loaded());
        if !(loaded && self.proj.is_loaded()) {
            return Err(ModelError::NotLoaded("attn.c_*"));
        }
        let (batch, tokens, _) = x.dims3()?;
        let Self { n_head, d_head, scale, .. } = *self;
        let heads = Heads { d_head, tokens, scale };
        let job = |thread| {
            let job = Job::Attention { name: self.name.clone(), heads, inside };
            self.q.takes_part(thread).then_some(job)
        };
        let mut results = with_numbers(x, |x| self.parallel.work(job, |_| x))?.await?;
        let (out, mut rest) = sum(&mut results, x.elem_count())?;
        let out = Tensor::from_vec(out, x.shape(), &Device::Cpu)?;
        let mut take = |wanted: bool, of_head: usize, rows: usize, shape: [usize; 4]| {
            let heads = self.q.shares().iter().map(|share| share.len() / d_head);
            let widths: Vec<usize> = heads.map(|heads| heads * of_head).collect();
            let tensor = |numbers| Ok(Tensor::from_vec(numbers, shape.as_slice(), &Device::Cpu)?);
            wanted.then(|| side_by_side(&mut rest, &widths, rows).and_then(tensor)).transpose()
        };
        let pattern = take(inside.pattern, tokens * tokens, batch, [batch, n_head, tokens, tokens])?;
        let z = take(inside.z, d_head, batch * tokens, [batch, tokens, n_head, d_head])?;
        Ok(Attended { out, pattern, z })
    }

    /// Queries and keys of some heads, (B, T, heads, e) each.
    pub(super) async fn queries_and_keys(&self, heads: Range<usize>, x: &Tensor) -> Result<[Tensor; 2]> {
        let columns = heads.start * self.d_head..heads.end * self.d_head;
        let [q, k] = linear::forward([self.q.columns(columns.clone()), self.k.columns(columns)], x).await?;
        Ok([self.heads(&q)?, self.heads(&k)?])
    }

    /// Values of every head, (B, T, H, e).
    pub(super) async fn values(&self, x: &Tensor) -> Result<Tensor> {
        self.heads(&self.v.forward(x).await?)
    }

    fn heads(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, tokens, columns) = x.dims3()?;
        Ok(x.reshape((batch, tokens, columns / self.d_head, self.d_head))?)
    }
}
