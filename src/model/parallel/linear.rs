//! Linear layers whose columns, or whose rows, are split over the threads.

use crate::model::kernels::Packed;
use crate::model::ops::with_numbers;
use crate::model::parallel::{Job, ShardTensor, TensorParallel};
use crate::model::{ModelError, Result};
use candle_core::{D, Device, Tensor};
use std::ops::Range;
use std::rc::Rc;

/// y = x W + b for x of shape (..., n_in), with W of shape (n_in, n_out); every thread
/// has some of the columns. Weight and bias arrive on their own, in any order.
#[derive(Debug)]
pub(in crate::model) struct ColumnParallelLinear {
    name: String,
    /// Columns of each thread.
    shares: Vec<Range<usize>>,
    parallel: Rc<TensorParallel>,
}

impl ColumnParallelLinear {
    pub(in crate::model) fn new(
        name: String,
        shares: Vec<Range<usize>>,
        parallel: &Rc<TensorParallel>,
    ) -> Self {
        Self { name, shares, parallel: Rc::clone(parallel) }
    }

    /// Takes columns from `first` on of a row-major matrix with `width` columns,
    /// as GPT-2's Conv1D weights stand in the file.
    pub(in crate::model) fn set_weight(&self, weight: &[f32], width: usize, first: usize) -> Result<()> {
        let columns = |share: Range<usize>| first + share.start..first + share.end;
        let piece = |share| ShardTensor::Matrix(Packed::of(weight, width, columns(share)));
        self.parallel.give(&self.name, &self.shares, piece)
    }

    /// Takes the bias, (n_out).
    pub(in crate::model) fn set_bias(&self, bias: &[f32]) -> Result<()> {
        self.parallel.give(&self.name, &self.shares, |share| ShardTensor::Bias(bias[share].to_vec()))
    }

    pub(in crate::model) fn has_weight(&self) -> bool {
        self.parallel.has_matrix(&self.name)
    }

    pub(in crate::model) fn has_bias(&self) -> bool {
        self.parallel.has_bias(&self.name)
    }

    /// Applies the layer to (..., n_in), giving (..., n_out).
    pub(in crate::model) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let [y] = forward([self.whole()], x).await?;
        Ok(y)
    }

    /// All of the layer.
    pub(in crate::model) fn whole(&self) -> Columns<'_> {
        self.columns(0..self.n_out())
    }

    /// Some of the layer's outputs.
    pub(in crate::model) fn columns(&self, columns: Range<usize>) -> Columns<'_> {
        Columns { linear: self, columns }
    }

    /// Columns of each thread.
    pub(in crate::model) fn shares(&self) -> &[Range<usize>] {
        &self.shares
    }

    /// Whether a thread has any columns.
    pub(in crate::model) fn takes_part(&self, thread: usize) -> bool {
        !self.shares[thread].is_empty()
    }

    fn n_out(&self) -> usize {
        self.shares.last().map_or(0, |share| share.end)
    }

    pub(in crate::model) fn is_loaded(&self) -> bool {
        self.has_weight() && self.has_bias()
    }
}

/// Some columns of a layer.
pub(in crate::model) struct Columns<'a> {
    linear: &'a ColumnParallelLinear,
    columns: Range<usize>,
}

impl Columns<'_> {
    /// Those of them that a thread has, counted from the first column that it has.
    fn of(&self, thread: usize) -> Range<usize> {
        let share = &self.linear.shares[thread];
        let place = |column: usize| column.clamp(share.start, share.end) - share.start;
        place(self.columns.start)..place(self.columns.end)
    }
}

/// Applies several layers to the same x, at the cost of one message.
pub(in crate::model) async fn forward<const N: usize>(
    layers: [Columns<'_>; N],
    x: &Tensor,
) -> Result<[Tensor; N]> {
    if !layers.iter().all(|Columns { linear, .. }| linear.is_loaded()) {
        return Err(ModelError::NotLoaded("c_*"));
    }
    let ColumnParallelLinear { parallel, shares, .. } = layers[0].linear;
    let job = |thread: usize| {
        let job = layers.iter().map(|layer| (layer.linear.name.clone(), layer.of(thread)));
        let job: Vec<_> = job.filter(|(_, columns)| !columns.is_empty()).collect();
        (!job.is_empty()).then_some(Job::Linear(job))
    };
    let results = with_numbers(x, |x| parallel.work(job, |_| x))?.await?;
    let mut rest: Vec<&[f32]> = results.iter().map(Vec::as_slice).collect();
    let rows = x.elem_count() / x.dim(D::Minus1)?;
    let mut outputs = Vec::with_capacity(N);
    for layer in &layers {
        let widths: Vec<usize> = (0..shares.len()).map(|thread| layer.of(thread).len()).collect();
        let y = side_by_side(&mut rest, &widths, rows)?;
        let mut shape = x.dims()[..x.rank() - 1].to_vec();
        shape.push(layer.columns.len());
        outputs.push(Tensor::from_vec(y, shape, &Device::Cpu)?);
    }
    outputs.try_into().map_err(|_| short())
}

/// y = x W + b, with W of shape (n_in, n_out); every thread has some of the rows, and
/// y is the sum of their products.
#[derive(Debug)]
pub(in crate::model) struct RowParallelLinear {
    name: String,
    /// Rows of each thread.
    shares: Vec<Range<usize>>,
    n_out: usize,
    parallel: Rc<TensorParallel>,
}

impl RowParallelLinear {
    pub(in crate::model) fn new(
        name: String,
        shares: Vec<Range<usize>>,
        n_out: usize,
        parallel: &Rc<TensorParallel>,
    ) -> Self {
        Self { name, shares, n_out, parallel: Rc::clone(parallel) }
    }

    /// Takes the weight, (n_in, n_out).
    pub(in crate::model) fn set_weight(&self, weight: &[f32]) -> Result<()> {
        let n = self.n_out;
        let rows = |share: Range<usize>| &weight[share.start * n..share.end * n];
        self.parallel
            .give(&self.name, &self.shares, |share| ShardTensor::Matrix(Packed::of(rows(share), n, 0..n)))
    }

    /// Takes the bias, (n_out), which is added once: in this thread.
    pub(in crate::model) fn set_bias(&self, bias: Vec<f32>) {
        self.parallel.keep(&self.name, ShardTensor::Bias(bias));
    }

    pub(in crate::model) fn has_weight(&self) -> bool {
        self.parallel.has_matrix(&self.name)
    }

    pub(in crate::model) fn has_bias(&self) -> bool {
        self.parallel.has_bias(&self.name)
    }

    pub(in crate::model) fn is_loaded(&self) -> bool {
        self.has_weight() && self.has_bias()
    }

    /// Applies the layer to (..., n_in), giving (..., n_out).
    pub(in crate::model) async fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if !self.is_loaded() {
            return Err(ModelError::NotLoaded("c_proj"));
        }
        let n_in = x.dim(D::Minus1)?;
        let work = |x: &[f32]| {
            let columns = |share: &Range<usize>| -> Vec<f32> {
                x.chunks_exact(n_in).map(|row| &row[share.clone()]).collect::<Vec<_>>().concat()
            };
            let x: Vec<_> = self.shares.iter().map(columns).collect();
            let job = || Job::Linear(vec![(self.name.clone(), 0..self.n_out)]);
            self.parallel.work(|thread| (!x[thread].is_empty()).then(job), |thread| &x[thread])
        };
        let mut results = with_numbers(x, work)?.await?;
        let mut shape = x.dims()[..x.rank() - 1].to_vec();
        shape.push(self.n_out);
        let (y, _) = sum(&mut results, shape.iter().product())?;
        Ok(Tensor::from_vec(y, shape, &Device::Cpu)?)
    }
}

/// Takes `rows` rows out of every thread's results, as wide as `widths` says, and
/// joins the threads' parts of each row.
pub(in crate::model) fn side_by_side(
    results: &mut [&[f32]],
    widths: &[usize],
    rows: usize,
) -> Result<Vec<f32>> {
    let mut parts = Vec::with_capacity(results.len());
    for (rest, width) in results.iter_mut().zip(widths) {
        parts.push((rest.split_off(..rows * width).ok_or_else(short)?, width));
    }
    let mut y = Vec::with_capacity(rows * widths.iter().sum::<usize>());
    for row in 0..rows {
        for (part, width) in &parts {
            y.extend_from_slice(&part[row * **width..][..**width]);
        }
    }
    Ok(y)
}

/// Adds up the first `length` numbers of every thread's results, if it gave any; and what
/// follows them.
pub(in crate::model) fn sum(results: &mut [Vec<f32>], length: usize) -> Result<(Vec<f32>, Vec<&[f32]>)> {
    if results.iter().any(|result| !result.is_empty() && result.len() < length) {
        return Err(short());
    }
    let first = results.iter().position(|result| !result.is_empty()).ok_or_else(short)?;
    // Patterns may follow, which are much to copy.
    let whole = results[first].len() == length;
    let mut sum = if whole { std::mem::take(&mut results[first]) } else { results[first][..length].to_vec() };
    let mut rest = Vec::with_capacity(results.len());
    for (i, result) in results.iter().enumerate() {
        let (part, more) = result.split_at(length.min(result.len()));
        if i != first {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        }
        rest.push(more);
    }
    Ok((sum, rest))
}

/// The error of a thread whose answer lacks numbers.
pub(in crate::model) fn short() -> ModelError {
    ModelError::WorkerLost("a thread answered with too few numbers".to_owned())
}
