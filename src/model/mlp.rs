//! The MLP of a layer.

use super::ops::with_numbers;
use crate::model::parallel::linear::{ColumnParallelLinear, RowParallelLinear, sum};
use crate::model::parallel::{Job, TensorParallel};
use crate::model::{ModelError, Result};
use crate::weights::{Activation, Config};
use candle_core::{Device, Tensor};
use std::rc::Rc;

/// gelu(x W_in + b_in) W_out + b_out. Every thread has some of the hidden units.
#[derive(Debug)]
pub(super) struct Mlp {
    name: String,
    /// mlp.c_fc, (d_model, d_mlp).
    pub(super) fc: ColumnParallelLinear,
    /// mlp.c_proj, (d_mlp, d_model).
    pub(super) proj: RowParallelLinear,
    activation: Activation,
    parallel: Rc<TensorParallel>,
}

impl Mlp {
    pub(super) fn new(name: String, config: &Config, parallel: &Rc<TensorParallel>) -> Self {
        let Config { d_model, d_mlp, activation, .. } = *config;
        let units = parallel.units(d_mlp);
        let fc = ColumnParallelLinear::new(format!("{name}.c_fc"), units.clone(), parallel);
        let proj = RowParallelLinear::new(format!("{name}.c_proj"), units, d_model, parallel);
        Self { name, fc, proj, activation, parallel: Rc::clone(parallel) }
    }

    /// Applies the MLP to (..., d_model).
    pub(super) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !(self.fc.is_loaded() && self.proj.is_loaded()) {
            return Err(ModelError::NotLoaded("mlp.c_*"));
        }
        let (name, activation) = (&self.name, self.activation);
        let job = |thread| {
            let takes_part = self.fc.takes_part(thread);
            takes_part.then(|| Job::Mlp { name: name.clone(), activation })
        };
        let mut results = with_numbers(x, |x| self.parallel.work(job, |_| x))?.await?;
        let (y, _) = sum(&mut results, x.elem_count())?;
        Ok(Tensor::from_vec(y, x.shape(), &Device::Cpu)?)
    }
}
