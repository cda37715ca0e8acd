//! What one thread holds of a model's layers, and what it computes with that.

use crate::model::NextToken;
use crate::model::kernels::attention::{self, Sizes};
use crate::model::kernels::distribution::{Distribution, add_likeliest};
use crate::model::kernels::{Packed, elementwise, matmul};
use crate::model::parallel::distinct_rows::DistinctRows;
use crate::model::{ModelError, Result};
use crate::weights::Activation;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Tokens whose logits are in memory at a time: 1 MB of 256 positions.
const TOKENS_AT_ONCE: usize = 1024;

/// What a thread is given to hold.
#[derive(Debug)]
pub enum ShardTensor {
    /// Columns of a matrix, or rows of one.
    Matrix(Packed),
    /// Numbers to add to its products.
    Bias(Vec<f32>),
    /// Rows of its share of a table.
    Rows {
        /// Which of the share's rows is the first of them.
        first: usize,
        /// How many rows the share has.
        of: usize,
        /// Numbers of a row.
        width: usize,
        /// (rows, width).
        numbers: Vec<f32>,
    },
}

/// Some columns of a linear layer, or some rows.
#[derive(Debug, Default)]
pub(in crate::model) struct ShardLinear {
    pub(in crate::model) matrix: Option<Packed>,
    pub(in crate::model) bias: Option<Vec<f32>>,
}

/// Some rows of a table of tokens.
#[derive(Debug)]
pub(in crate::model) struct ShardTable {
    width: usize,
    /// (rows, width); zeros where they have not come.
    numbers: Vec<f32>,
}

/// Which activations inside attention are wanted beside its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// The patterns.
    pub pattern: bool,
    /// Each head's mix of values.
    pub z: bool,
}

impl ShardLinear {
    pub(in crate::model) fn has_matrix(&self) -> bool {
        self.matrix.is_some()
    }

    pub(in crate::model) fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    fn matrix(&self) -> Result<&Packed> {
        self.matrix.as_ref().ok_or(ModelError::NotLoaded("a matrix"))
    }

    /// Numbers in a row of the input.
    pub(in crate::model) fn n_in(&self) -> Result<usize> {
        Ok(self.matrix()?.n_in())
    }

    /// Some columns of x W + b.
    pub(in crate::model) fn apply(&self, columns: Range<usize>, x: &[f32]) -> Result<Vec<f32>> {
        let matrix = self.matrix()?;
        if columns.end > matrix.n_out() {
            return Err(ModelError::NotLoaded("a column of a matrix"));
        }
        let rows = x.len() / matrix.n_in().max(1);
        let (panels, place) = matrix.columns(columns.clone());
        let width = panels.n_out();
        let first = columns.start - place.start;
        let mut y = match &self.bias {
            Some(bias) => bias[first..first + width].repeat(rows),
            None => vec![0.0; rows * width],
        };
        panels.add_product(x, &mut y);
        // Panels are used whole: their columns that nobody asked for are dropped.
        if place.len() < width {
            for row in 0..rows {
                let wanted = row * width + place.start;
                y.copy_within(wanted..wanted + place.len(), row * place.len());
            }
            y.truncate(rows * place.len());
        }
        Ok(y)
    }

    /// All columns of x W + b.
    fn apply_all(&self, x: &[f32]) -> Result<Vec<f32>> {
        self.apply(0..self.matrix()?.n_out(), x)
    }
}

impl ShardTable {
    /// Room for so many rows of `width` numbers.
    pub(in crate::model) fn empty(rows: usize, width: usize) -> Self {
        Self { width, numbers: vec![0.0; rows * width] }
    }

    /// Puts rows in place, if there is room for them.
    pub(in crate::model) fn keep(&mut self, first: usize, numbers: &[f32]) {
        let from = first * self.width;
        if let Some(place) = self.numbers.get_mut(from..from + numbers.len()) {
            place.copy_from_slice(numbers);
        }
    }

    /// Some rows, (n, width).
    pub(in crate::model) fn rows(&self, rows: &[usize]) -> Result<Vec<f32>> {
        let row = |&row: &usize| self.numbers.get(row * self.width..(row + 1) * self.width);
        let rows: Option<Vec<_>> = rows.iter().map(row).collect();
        Ok(rows.ok_or(ModelError::NotLoaded("a row of a table"))?.concat())
    }

    /// Dot products of rows of x with every row, (rows of x, rows).
    pub(in crate::model) fn dot_products(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len() / self.width * (self.numbers.len() / self.width)];
        matmul::dot_products(x, &self.numbers, self.width, &mut y);
        y
    }

    /// What the same, as logits, say of the next token, a [`NextToken`] for each row of x.
    /// Only some of the logits are in memory at a time.
    pub(in crate::model) fn next_tokens(&self, x: &[f32], most: usize, asked: &[Option<usize>]) -> Vec<f32> {
        let n = asked.len();
        let mut found: Vec<NextToken> = Vec::with_capacity(n);
        let mut logits = vec![0.0; n * TOKENS_AT_ONCE];
        for (part, table) in self.numbers.chunks(TOKENS_AT_ONCE * self.width).enumerate() {
            let (first, tokens) = (part * TOKENS_AT_ONCE, table.len() / self.width);
            let logits = &mut logits[..n * tokens];
            matmul::dot_products(x, table, self.width, logits);
            for (i, (logits, asked)) in logits.chunks_exact(tokens).zip(asked).enumerate() {
                let distribution = Distribution::of(logits);
                match found.get_mut(i) {
                    Some(found) => found.distribution = found.distribution.and(distribution),
                    None => found.push(NextToken { distribution, likeliest: Vec::new(), logit: f32::NAN }),
                }
                add_likeliest(&mut found[i].likeliest, most, first, logits);
                let asked = asked.and_then(|asked| logits.get(asked.checked_sub(first)?));
                found[i].logit = asked.copied().unwrap_or(found[i].logit);
            }
        }
        let mut numbers = Vec::new();
        found.iter().for_each(|found| found.to_numbers(most, &mut numbers));
        numbers
    }
}

/// Sizes of a prompt and of a head, and what attention scores are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Heads {
    /// Width of a head.
    pub d_head: usize,
    /// Tokens of a prompt.
    pub tokens: usize,
    /// Factor of the scores, 1/√d_head but for rare models.
    pub scale: f32,
}

/// Some columns of x W + b for several layers, one layer's after another's.
pub(in crate::model) fn linear(layers: &[(&ShardLinear, Range<usize>)], x: &[f32]) -> Result<Vec<f32>> {
    let n_in = layers.first().map_or(Ok(0), |(share, _)| share.n_in())?;
    let rows = DistinctRows::of(x, n_in);
    let mut results = Vec::new();
    for (share, columns) in layers {
        rows.spread(&share.apply(columns.clone(), &rows.distinct)?, columns.len(), &mut results);
    }
    Ok(results)
}

/// What some hidden units add to an MLP's output.
pub(in crate::model) fn mlp(
    fc: &ShardLinear,
    proj: &ShardLinear,
    activation: Activation,
    x: &[f32],
) -> Result<Vec<f32>> {
    let rows = DistinctRows::of(x, fc.n_in()?);
    let mut hidden = fc.apply_all(&rows.distinct)?;
    match activation {
        Activation::Tanh => elementwise::gelu(&mut hidden),
        Activation::Erf => elementwise::gelu_exact(&mut hidden),
    }
    let y = proj.apply_all(&hidden)?;
    let mut results = Vec::new();
    rows.spread(&y, proj.matrix()?.n_out(), &mut results);
    Ok(results)
}

/// What some heads add to attention's output; then, if they are wanted, the heads'
/// patterns and their z.
pub(in crate::model) fn attention(
    qkv: [&ShardLinear; 3],
    proj: &ShardLinear,
    Heads { d_head, tokens, scale }: Heads,
    inside: Inside,
    x: &[f32],
) -> Result<Vec<f32>> {
    let rows = DistinctRows::of(x, qkv[0].n_in()?);
    let [q, k, v] = qkv.map(|share| share.apply_all(&rows.distinct));
    let (q, k, v) = (q?, k?, v?);
    let width = proj.n_in()?;
    let sizes =
        Sizes { batch: rows.places.len() / tokens.max(1), tokens, n_head: width / d_head.max(1), d_head };
    let mut pattern = vec![0.0; sizes.batch * sizes.n_head * tokens * tokens];
    attention::pattern(&q, &k, &rows.places, sizes, scale, &mut pattern);
    let z = attention::mix(&pattern, &v, &rows.places, sizes);
    let rows = DistinctRows::of(&z, width);
    let y = proj.apply_all(&rows.distinct)?;
    let d_model = proj.matrix()?.n_out();
    let mut results = Vec::with_capacity(rows.places.len() * d_model + pattern.len() + z.len());
    rows.spread(&y, d_model, &mut results);
    if inside.pattern {
        results.extend_from_slice(&pattern);
    }
    if inside.z {
        results.extend_from_slice(&z);
    }
    Ok(results)
}
