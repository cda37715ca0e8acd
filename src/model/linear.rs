//! The two layers that weights are multiplied in, on every thread there is.

use super::crew::{Piece, Share, Team, mlp};
use super::kernels::Packed;
use super::{ModelError, Result};
use candle_core::{Device, Tensor};
use std::ops::Range;

/// y = x W + b for x of shape (..., n_in), with W of shape (n_in, n_out).
/// Weight and bias arrive on their own, in any order.
#[derive(Debug)]
pub(super) struct Linear {
    name: String,
    n_out: usize,
    team: Team,
    home: Share,
}

impl Linear {
    pub(super) fn new(name: String, n_out: usize, team: &Team) -> Self {
        Self { name, n_out, team: team.clone(), home: Share::default() }
    }

    /// Takes columns from `first` on of a row-major matrix with `width` columns,
    /// as GPT-2's Conv1D weights stand in the file.
    pub(super) fn set_weight(&mut self, weight: &[f32], width: usize, first: usize) -> Result<()> {
        let columns = |share: Range<usize>| first + share.start..first + share.end;
        let piece = |share| Piece::Matrix(Packed::of(weight, width, columns(share)));
        self.team.give(&self.name, self.team.shares(self.n_out), piece, &mut self.home)
    }

    /// Takes the bias, (n_out).
    pub(super) fn set_bias(&mut self, bias: &[f32]) -> Result<()> {
        let piece = |share: Range<usize>| Piece::Bias(bias[share].to_vec());
        self.team.give(&self.name, self.team.shares(self.n_out), piece, &mut self.home)
    }

    pub(super) fn has_weight(&self) -> bool {
        self.home.has_matrix()
    }

    pub(super) fn has_bias(&self) -> bool {
        self.home.has_bias()
    }

    /// Applies the layer to (..., n_in), giving (..., n_out).
    pub(super) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [y] = forward([self], x).await?;
        Ok(y)
    }
}

/// Applies several layers of one team to the same x, at the cost of one message.
pub(super) async fn forward<const N: usize>(linears: [&Linear; N], x: &Tensor) -> Result<[Tensor; N]> {
    if !linears.iter().all(|linear| linear.has_weight() && linear.has_bias()) {
        return Err(ModelError::NotLoaded("c_*"));
    }
    let numbers = x.flatten_all()?.to_vec1::<f32>()?;
    let rows: usize = x.dims()[..x.rank() - 1].iter().product();
    let job = linears.map(|linear| linear.name.as_str());
    let team = &linears[0].team;
    let here = || {
        let mut results = Vec::new();
        for linear in linears {
            results.extend(linear.home.apply(&numbers)?);
        }
        Ok(results)
    };
    let results = team.work(&job, &numbers, here).await?;
    let mut rest: Vec<&[f32]> = results.iter().map(Vec::as_slice).collect();
    let mut outputs = Vec::with_capacity(N);
    for linear in linears {
        // Every thread's columns of a row come side by side.
        let mut y = vec![0.0; rows * linear.n_out];
        for (rest, columns) in rest.iter_mut().zip(team.shares(linear.n_out)) {
            let part = rest.split_off(..rows * columns.len()).ok_or_else(short)?;
            let parts = part.chunks_exact(columns.len().max(1));
            for (y, part) in y.chunks_exact_mut(linear.n_out).zip(parts) {
                y[columns.clone()].copy_from_slice(part);
            }
        }
        let mut shape = x.dims()[..x.rank() - 1].to_vec();
        shape.push(linear.n_out);
        outputs.push(Tensor::from_vec(y, shape, &Device::Cpu)?);
    }
    outputs.try_into().map_err(|_| short())
}

/// gelu(x W_in + b_in) W_out + b_out. Every thread has some of the hidden units.
#[derive(Debug)]
pub(super) struct Mlp {
    name: String,
    d_model: usize,
    d_mlp: usize,
    team: Team,
    fc: Share,
    proj: Share,
}

impl Mlp {
    pub(super) fn new(name: String, d_model: usize, d_mlp: usize, team: &Team) -> Self {
        Self { name, d_model, d_mlp, team: team.clone(), fc: Share::default(), proj: Share::default() }
    }

    /// Takes mlp.c_fc.weight, (d_model, d_mlp).
    pub(super) fn set_fc_weight(&mut self, weight: &[f32]) -> Result<()> {
        let piece = |share| Piece::Matrix(Packed::of(weight, self.d_mlp, share));
        let name = format!("{}.c_fc", self.name);
        self.team.give(&name, self.team.shares(self.d_mlp), piece, &mut self.fc)
    }

    /// Takes mlp.c_fc.bias, (d_mlp).
    pub(super) fn set_fc_bias(&mut self, bias: &[f32]) -> Result<()> {
        let piece = |share: Range<usize>| Piece::Bias(bias[share].to_vec());
        let name = format!("{}.c_fc", self.name);
        self.team.give(&name, self.team.shares(self.d_mlp), piece, &mut self.fc)
    }

    /// Takes mlp.c_proj.weight, (d_mlp, d_model).
    pub(super) fn set_proj_weight(&mut self, weight: &[f32]) -> Result<()> {
        let d = self.d_model;
        let rows = |share: Range<usize>| &weight[share.start * d..share.end * d];
        let piece = |share| Piece::Matrix(Packed::of(rows(share), d, 0..d));
        let name = format!("{}.c_proj", self.name);
        self.team.give(&name, self.team.shares(self.d_mlp), piece, &mut self.proj)
    }

    /// Takes mlp.c_proj.bias, (d_model), which is added once, here.
    pub(super) fn set_proj_bias(&mut self, bias: &[f32]) -> Result<()> {
        let whole = std::iter::once(0..self.d_model).collect();
        self.team.give(&self.name, whole, |_| Piece::Bias(bias.to_vec()), &mut self.proj)
    }

    /// Whether a tensor of the MLP is here, by its name in the file.
    pub(super) fn has(&self, name: &str) -> bool {
        match name {
            "mlp.c_fc.weight" => self.fc.has_matrix(),
            "mlp.c_fc.bias" => self.fc.has_bias(),
            "mlp.c_proj.weight" => self.proj.has_matrix(),
            "mlp.c_proj.bias" => self.proj.has_bias(),
            _ => false,
        }
    }

    /// Applies the MLP to (..., d_model).
    pub(super) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (fc, proj) = (&self.fc, &self.proj);
        if !(fc.has_matrix() && fc.has_bias() && proj.has_matrix() && proj.has_bias()) {
            return Err(ModelError::NotLoaded("mlp.c_*"));
        }
        let numbers = x.flatten_all()?.to_vec1::<f32>()?;
        let results = self.team.work(&[&self.name], &numbers, || mlp(fc, proj, &numbers)).await?;
        let mut results = results.into_iter();
        let mut sum = results.next().unwrap_or_default();
        for part in results {
            if part.len() != sum.len() {
                return Err(short());
            }
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        Ok(Tensor::from_vec(sum, x.shape(), &Device::Cpu)?)
    }
}

fn short() -> ModelError {
    ModelError::CrewLost("a thread answered with too few numbers".to_owned())
}
