//! What one thread holds of a model's layers, and what it computes with that.

use super::kernels::attention::{self, Sizes};
use super::kernels::{Packed, elementwise};
use super::rows::Rows;
use super::{ModelError, Result};
use std::ops::Range;

/// What a thread is given to hold.
#[derive(Debug)]
pub enum Piece {
    /// Columns of a matrix, or rows of one.
    Matrix(Packed),
    /// Numbers to add to its products.
    Bias(Vec<f32>),
}

/// Some columns of a linear layer, or some rows.
#[derive(Debug, Default)]
pub(super) struct Share {
    matrix: Option<Packed>,
    bias: Option<Vec<f32>>,
}

/// What of attention's inside is wanted beside its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inside {
    /// The patterns.
    pub pattern: bool,
    /// Each head's mix of values.
    pub z: bool,
}

impl Share {
    pub(super) fn keep(&mut self, piece: Piece) {
        match piece {
            Piece::Matrix(matrix) => self.matrix = Some(matrix),
            Piece::Bias(bias) => self.bias = Some(bias),
        }
    }

    pub(super) fn has_matrix(&self) -> bool {
        self.matrix.is_some()
    }

    pub(super) fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    fn matrix(&self) -> Result<&Packed> {
        self.matrix.as_ref().ok_or(ModelError::NotLoaded("a matrix"))
    }

    /// Numbers of a row that goes in.
    pub(super) fn n_in(&self) -> Result<usize> {
        Ok(self.matrix()?.n_in())
    }

    /// Some columns of x W + b.
    pub(super) fn apply(&self, columns: Range<usize>, x: &[f32]) -> Result<Vec<f32>> {
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
        // What else the panels hold goes again.
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

/// Some columns of x W + b for several layers, one layer's after another's.
pub(super) fn linear(layers: &[(&Share, Range<usize>)], x: &[f32]) -> Result<Vec<f32>> {
    let n_in = layers.first().map_or(Ok(0), |(share, _)| share.n_in())?;
    let rows = Rows::of(x, n_in);
    let mut results = Vec::new();
    for (share, columns) in layers {
        rows.spread(&share.apply(columns.clone(), &rows.distinct)?, columns.len(), &mut results);
    }
    Ok(results)
}

/// What some hidden units add to an MLP's output.
pub(super) fn mlp(fc: &Share, proj: &Share, x: &[f32]) -> Result<Vec<f32>> {
    let rows = Rows::of(x, fc.n_in()?);
    let mut hidden = fc.apply_all(&rows.distinct)?;
    elementwise::gelu(&mut hidden);
    let y = proj.apply_all(&hidden)?;
    let mut results = Vec::new();
    rows.spread(&y, proj.matrix()?.n_out(), &mut results);
    Ok(results)
}

/// What some heads add to attention's output for prompts of `tokens` tokens; then,
/// if they are wanted, the heads' patterns and their z.
pub(super) fn attention(
    qkv: [&Share; 3],
    proj: &Share,
    d_head: usize,
    tokens: usize,
    inside: Inside,
    x: &[f32],
) -> Result<Vec<f32>> {
    let rows = Rows::of(x, qkv[0].n_in()?);
    let [q, k, v] = qkv.map(|share| share.apply_all(&rows.distinct));
    let (q, k, v) = (q?, k?, v?);
    let width = proj.n_in()?;
    let sizes =
        Sizes { batch: rows.places.len() / tokens.max(1), tokens, n_head: width / d_head.max(1), d_head };
    let mut pattern = vec![0.0; sizes.batch * sizes.n_head * tokens * tokens];
    attention::pattern(&q, &k, &rows.places, sizes, &mut pattern);
    let z = attention::mix(&pattern, &v, &rows.places, sizes);
    let rows = Rows::of(&z, width);
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
