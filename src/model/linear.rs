//! The two layers that weights are multiplied in, on every thread there is.

use super::crew::{Job, Piece, Share, Team, mlp};
use super::kernels::Packed;
use super::{ModelError, Result};
use candle_core::{D, Device, Tensor};
use std::collections::HashMap;
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
        let [y] = forward([self.whole()], x).await?;
        Ok(y)
    }

    /// All of the layer.
    pub(super) fn whole(&self) -> Columns<'_> {
        self.columns(0..self.n_out)
    }

    /// Some of the layer's outputs.
    pub(super) fn columns(&self, columns: Range<usize>) -> Columns<'_> {
        Columns { linear: self, columns }
    }
}

/// Some columns of a layer.
pub(super) struct Columns<'a> {
    linear: &'a Linear,
    columns: Range<usize>,
}

impl Columns<'_> {
    /// Which of them a thread has, counted among all that it has of the layer.
    fn of(&self, share: &Range<usize>) -> Range<usize> {
        let Range { start, end } = self.columns;
        let place = |column: usize| column.clamp(share.start, share.end) - share.start;
        place(start)..place(end)
    }
}

/// Applies several layers of one team to the same x, at the cost of one message.
pub(super) async fn forward<const N: usize>(layers: [Columns<'_>; N], x: &Tensor) -> Result<[Tensor; N]> {
    if !layers.iter().all(|Columns { linear, .. }| linear.has_weight() && linear.has_bias()) {
        return Err(ModelError::NotLoaded("c_*"));
    }
    let team = &layers[0].linear.team;
    let rows = Rows::of(x)?;
    // (layer, thread)
    let columns = layers.each_ref().map(|layer| {
        let shares = team.shares(layer.linear.n_out);
        shares.iter().map(|share| layer.of(share)).collect::<Vec<_>>()
    });
    let jobs = |thread: usize| {
        let job = |(layer, columns): (&Columns, &Vec<Range<usize>>)| Job {
            name: layer.linear.name.clone(),
            columns: columns[thread].clone(),
        };
        layers.iter().zip(&columns).map(job).filter(|job| !job.columns.is_empty()).collect()
    };
    let here = || {
        let mut results = Vec::new();
        for (layer, columns) in layers.iter().zip(&columns) {
            layer.linear.home.apply(columns[0].clone(), &rows.distinct, &mut results)?;
        }
        Ok(results)
    };
    let results = team.work(jobs, &rows.distinct, here).await?;
    let mut rest: Vec<&[f32]> = results.iter().map(Vec::as_slice).collect();
    let mut outputs = Vec::with_capacity(N);
    for (layer, columns) in layers.iter().zip(&columns) {
        let mut parts = Vec::with_capacity(results.len());
        for (rest, columns) in rest.iter_mut().zip(columns) {
            let part = rest.split_off(..rows.len() * columns.len()).ok_or_else(short)?;
            parts.push((part, columns.len()));
        }
        // Every thread's columns of a row come side by side.
        let mut y = Vec::with_capacity(rows.places.len() * layer.columns.len());
        for place in &rows.places {
            for (part, width) in &parts {
                y.extend_from_slice(&part[place * width..][..*width]);
            }
        }
        let mut shape = x.dims()[..x.rank() - 1].to_vec();
        shape.push(layer.columns.len());
        outputs.push(Tensor::from_vec(y, shape, &Device::Cpu)?);
    }
    outputs.try_into().map_err(|_| short())
}

/// The rows of an activation, those that are alike once. Every prompt begins with
/// the same token, and a mean over prompts makes whole prompts alike.
struct Rows {
    /// (row, n_in)
    distinct: Vec<f32>,
    /// For every row of the activation, which of these it is.
    places: Vec<usize>,
}

impl Rows {
    fn of(x: &Tensor) -> Result<Self> {
        let n_in = x.dim(D::Minus1)?;
        let numbers = x.flatten_all()?.to_vec1::<f32>()?;
        let mut distinct: Vec<f32> = Vec::with_capacity(numbers.len());
        let mut places = Vec::with_capacity(numbers.len() / n_in);
        // Rows that begin alike and go on otherwise are rare, and then just not found.
        let mut first_with = HashMap::new();
        for row in numbers.chunks_exact(n_in) {
            let new = distinct.len() / n_in;
            let start: Vec<u32> = bits(row).take(4).collect();
            let place = *first_with.entry(start).or_insert(new);
            let known = distinct.get(place * n_in..(place + 1) * n_in);
            if known.is_some_and(|known| bits(known).eq(bits(row))) {
                places.push(place);
            } else {
                distinct.extend_from_slice(row);
                places.push(new);
            }
        }
        Ok(Self { distinct, places })
    }

    /// How many are distinct.
    fn len(&self) -> usize {
        self.places.iter().max().map_or(0, |last| last + 1)
    }
}

fn bits(row: &[f32]) -> impl Iterator<Item = u32> {
    row.iter().map(|x| x.to_bits())
}

/// gelu(x W_in + b_in) W_out + b_out. Every thread has some of the hidden units.
#[derive(Debug)]
pub(super) struct Mlp {
    name: String,
    d_model: usize,
    /// mlp.c_fc, (d_model, d_mlp).
    pub(super) fc: Linear,
    /// mlp.c_proj, (d_mlp, d_model): its rows of this thread's hidden units.
    proj: Share,
}

impl Mlp {
    pub(super) fn new(name: String, d_model: usize, d_mlp: usize, team: &Team) -> Self {
        let fc = Linear::new(format!("{name}.c_fc"), d_mlp, team);
        Self { name, d_model, fc, proj: Share::default() }
    }

    /// Takes mlp.c_proj.weight, (d_mlp, d_model).
    pub(super) fn set_proj_weight(&mut self, weight: &[f32]) -> Result<()> {
        let d = self.d_model;
        let rows = |share: Range<usize>| &weight[share.start * d..share.end * d];
        let piece = |share| Piece::Matrix(Packed::of(rows(share), d, 0..d));
        let team = &self.fc.team;
        team.give(&format!("{}.c_proj", self.name), team.shares(self.fc.n_out), piece, &mut self.proj)
    }

    /// Takes mlp.c_proj.bias, (d_model), which is added once, here.
    pub(super) fn set_proj_bias(&mut self, bias: Vec<f32>) {
        self.proj.keep(Piece::Bias(bias));
    }

    /// Whether a tensor of the MLP is here, by its name in the file.
    pub(super) fn has(&self, name: &str) -> bool {
        match name {
            "mlp.c_fc.weight" => self.fc.has_weight(),
            "mlp.c_fc.bias" => self.fc.has_bias(),
            "mlp.c_proj.weight" => self.proj.has_matrix(),
            "mlp.c_proj.bias" => self.proj.has_bias(),
            _ => false,
        }
    }

    /// Applies the MLP to (..., d_model).
    pub(super) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (fc, proj) = (&self.fc, &self.proj);
        if !(fc.has_weight() && fc.has_bias() && proj.has_matrix() && proj.has_bias()) {
            return Err(ModelError::NotLoaded("mlp.c_*"));
        }
        let rows = Rows::of(x)?;
        let here = || mlp(&fc.home, proj, &rows.distinct);
        let jobs = |_| vec![Job { name: self.name.clone(), columns: 0..self.d_model }];
        let mut results = fc.team.work(jobs, &rows.distinct, here).await?.into_iter();
        let mut sum = results.next().unwrap_or_default();
        for part in results {
            if part.len() != sum.len() {
                return Err(short());
            }
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        let d = self.d_model;
        let y = rows.places.iter().flat_map(|place| &sum[place * d..(place + 1) * d]).copied().collect();
        Ok(Tensor::from_vec::<_, f32>(y, x.shape(), &Device::Cpu)?)
    }
}

fn short() -> ModelError {
    ModelError::CrewLost("a thread answered with too few numbers".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Result, Rows};
    use candle_core::{Device, Tensor};

    #[test]
    fn rows_that_are_alike_are_taken_once_and_no_others() -> Result<()> {
        let bos = [1.0_f32, 2.0, 3.0, 4.0, 5.0];
        // It begins as the first does, and ends otherwise.
        let near = [1.0, 2.0, 3.0, 4.0, 6.0];
        let zero = [0.0, 2.0, 3.0, 4.0, 5.0];
        // Equal numbers, and other bits.
        let minus_zero = [-0.0, 2.0, 3.0, 4.0, 5.0];
        let x = Tensor::new(&[[bos, zero, near], [bos, minus_zero, zero]], &Device::Cpu)?;
        let rows = Rows::of(&x)?;
        assert_eq!(rows.places, [0, 1, 2, 0, 3, 1]);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows.distinct, [bos, zero, near, minus_zero].concat());
        Ok(())
    }
}
