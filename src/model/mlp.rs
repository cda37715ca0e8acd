//! The MLP of a layer.

use super::crew::{Job, Team};
use super::linear::{Linear, RowLinear, sum};
use super::ops::with_numbers;
use super::{ModelError, Result};
use candle_core::{Device, Tensor};
use std::rc::Rc;

/// gelu(x W_in + b_in) W_out + b_out. Every thread has some of the hidden units.
#[derive(Debug)]
pub(super) struct Mlp {
    name: String,
    /// mlp.c_fc, (d_model, d_mlp).
    pub(super) fc: Linear,
    /// mlp.c_proj, (d_mlp, d_model).
    pub(super) proj: RowLinear,
    team: Rc<Team>,
}

impl Mlp {
    pub(super) fn new(name: String, d_model: usize, d_mlp: usize, team: &Rc<Team>) -> Self {
        let units = team.units(d_mlp);
        let fc = Linear::new(format!("{name}.c_fc"), units.clone(), team);
        let proj = RowLinear::new(format!("{name}.c_proj"), units, d_model, team);
        Self { name, fc, proj, team: Rc::clone(team) }
    }

    /// Applies the MLP to (..., d_model).
    pub(super) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !(self.fc.is_loaded() && self.proj.is_loaded()) {
            return Err(ModelError::NotLoaded("mlp.c_*"));
        }
        let job = |thread| self.fc.takes_part(thread).then(|| Job::Mlp(self.name.clone()));
        let mut results = with_numbers(x, |x| self.team.work(job, |_| x))?.await?;
        Ok(Tensor::from_vec(sum(&mut results, x.elem_count())?, x.shape(), &Device::Cpu)?)
    }
}
