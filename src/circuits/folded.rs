//! A head's weights as TransformerLens takes them by default.

use super::CircuitError;
use crate::model::{Gpt2, HeadWeights};
use crate::study::Head;
use nalgebra::{DMatrix, DVector};

/// Weights of one head: ln_1's scale folded into W_Q, W_K and W_V and its shift into
/// their biases, those matrices centred over d_model, and W_O centred. They act on x, the
/// residual stream before the head's layer after ln_1 without scale and shift.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedHead {
    /// Which head.
    pub head: Head,
    /// Queries: (d, e).
    pub w_q: DMatrix<f64>,
    /// Keys: (d, e).
    pub w_k: DMatrix<f64>,
    /// Values: (d, e).
    pub w_v: DMatrix<f64>,
    /// (e)
    pub b_q: DVector<f64>,
    /// (e)
    pub b_k: DVector<f64>,
    /// Output: (e, d); `None` where c_proj is not loaded.
    pub w_o: Option<DMatrix<f64>>,
    /// What scores are multiplied by: 1/√e but for rare models.
    pub scale: f64,
}

impl FoldedHead {
    /// Takes the weights out of the model, at the cost of two messages to its threads.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Study`] if the head does not exist or c_attn is not loaded.
    pub async fn of(model: &Gpt2, head: Head) -> Result<Self, CircuitError> {
        let config = model.config();
        let scale = config.score_scale.of(head.layer, config.d_head());
        let raw = model.head_weights(head.layer, head.head).await?;
        let output = match model.has_output_weights(head.layer) {
            true => Some(model.output_weights(head.layer, head.head..head.head + 1).await?.w_o),
            false => None,
        };
        Ok(Self::fold(head, &raw, output.as_deref(), f64::from(scale)))
    }

    /// Folds published weights; `w_o` is the head's rows of c_proj, (e, d).
    #[must_use]
    pub fn fold(head: Head, raw: &HeadWeights, w_o: Option<&[f32]>, scale: f64) -> Self {
        let ln_scale = vector(&raw.ln_scale);
        let ln_shift = vector(&raw.ln_shift);
        let fold = |(weight, bias): &(Vec<f32>, Vec<f32>)| {
            let mut weight = matrix(ln_scale.len(), bias.len(), weight);
            let bias = vector(bias) + weight.tr_mul(&ln_shift);
            for mut column in weight.column_iter_mut() {
                column.component_mul_assign(&ln_scale);
                let mean = column.mean();
                column.add_scalar_mut(-mean);
            }
            (weight, bias)
        };
        let [(w_q, b_q), (w_k, b_k), (w_v, b_v)] = [&raw.q, &raw.k, &raw.v].map(fold);
        let centred = |w_o: &[f32]| {
            let mut w_o = matrix(b_v.len(), ln_scale.len(), w_o);
            for mut row in w_o.row_iter_mut() {
                let mean = row.mean();
                row.add_scalar_mut(-mean);
            }
            w_o
        };
        Self { head, w_q, w_k, w_v, b_q, b_k, w_o: w_o.map(centred), scale }
    }

    /// Width of the residual stream.
    #[must_use]
    pub fn d_model(&self) -> usize {
        self.w_q.nrows()
    }

    /// Width of the head.
    #[must_use]
    pub fn d_head(&self) -> usize {
        self.w_q.ncols()
    }
}

/// A row-major matrix in double precision.
pub(super) fn matrix(rows: usize, columns: usize, numbers: &[f32]) -> DMatrix<f64> {
    DMatrix::from_row_iterator(rows, columns, numbers.iter().map(|&x| f64::from(x)))
}

/// A vector in double precision.
pub(super) fn vector(numbers: &[f32]) -> DVector<f64> {
    DVector::from_iterator(numbers.len(), numbers.iter().map(|&x| f64::from(x)))
}

/// The rows of a matrix.
pub(super) fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}
