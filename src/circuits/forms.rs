//! The QK and the OV form of a head, from its weights alone.

use super::{CircuitError, FoldedHead, ratio};
use crate::model::Gpt2;
use crate::study::{Head, YieldPoint};
use nalgebra::{DMatrix, Schur, SymmetricEigen};

/// What eigenvalue iterations stop at, and after how many steps they give up.
const EPSILON: f64 = 1e-15;
const MOST_STEPS: usize = 100_000;
/// Rows of the embedding that are projected at once.
const WORDS_AT_ONCE: usize = 2048;

/// M = W_Q W_Kᵀ of a head, cut into S + K, its symmetric and its skew part.
///
/// Random weights give about d_head/2 negative ones among the d_head largest
/// eigenvalues of S, a share near 0.5 and a trace near 0; and where 2 d_head < d_model,
/// S has as many negative as positive eigenvalues whatever the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct QkForm {
    /// Trace of M, which is that of S.
    pub trace: f64,
    /// Eigenvalues of S, the largest by size first: all that need not be zero, which are
    /// 2 d_head or d_model − 1, whichever is less.
    pub eigenvalues: Vec<f64>,
    /// Width of the head.
    pub d_head: usize,
    /// Whether 2 d_head < d_model. Where it is not, as with one or two heads a layer,
    /// what is said above of the signs of eigenvalues does not hold.
    pub is_low_rank: bool,
    /// Largest singular value of S.
    pub max_singular_symmetric: f64,
    /// Largest singular value of K.
    pub max_singular_skew: f64,
    /// ‖S‖²/‖M‖² in the Frobenius norm; 0 for a head of zeros.
    pub symmetric_share: f64,
}

/// The symmetric part S of a head's QK form by its eigenvectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Eigenvalues that need not be zero, the largest by size first.
    pub values: Vec<f64>,
    /// Their eigenvectors, a column each: (d, values).
    pub vectors: DMatrix<f64>,
}

/// W_V W_O of a head, or what it is between embedding and unembedding.
#[derive(Debug, Clone, PartialEq)]
pub struct OvForm {
    /// Eigenvalues that need not be zero, (real, imaginary), the largest by size first.
    pub eigenvalues: Vec<(f64, f64)>,
    /// Σ Re λ / Σ |λ|: 1 for a head that copies, near 0 for random weights; 0 for a head
    /// of zeros.
    pub copying: f64,
    /// Σ λ.
    pub trace: f64,
}

/// Both forms of one head.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadForms {
    /// Which head.
    pub head: Head,
    /// Why it looks where it looks.
    pub qk: QkForm,
    /// What it copies; `None` where c_proj is not loaded.
    pub ov: Option<OvForm>,
}

/// S and K in a basis of the columns of W_Q and W_K: a problem of twice the head's width.
struct Reduced {
    symmetric: DMatrix<f64>,
    skew: DMatrix<f64>,
}

impl Reduced {
    /// By the triangle of a thin QR decomposition: [W_Q W_K] = U R, and so
    /// S = U (R J Rᵀ) Uᵀ, where J swaps the two halves and halves them.
    fn of(head: &FoldedHead, r: &DMatrix<f64>) -> Self {
        let e = head.d_head();
        let m = r.columns(0, e) * r.columns(e, e).transpose();
        let transposed = m.transpose();
        Self { symmetric: (&m + &transposed) * 0.5, skew: (m - transposed) * 0.5 }
    }
}

fn side_by_side(head: &FoldedHead) -> DMatrix<f64> {
    let (d, e) = head.w_q.shape();
    let mut both = DMatrix::zeros(d, 2 * e);
    both.columns_mut(0, e).copy_from(&head.w_q);
    both.columns_mut(e, e).copy_from(&head.w_k);
    both
}

impl QkForm {
    /// Of a head's weights: the eigenvalues of a symmetric problem of 2 d_head.
    ///
    /// # Errors
    ///
    /// [`CircuitError::NoEigenvalues`] if the iteration does not end.
    pub fn of(head: &FoldedHead) -> Result<Self, CircuitError> {
        let none = || CircuitError::NoEigenvalues(head.head);
        let Reduced { symmetric, skew } = Reduced::of(head, &side_by_side(head).qr().unpack_r());
        let (of_symmetric, of_skew) = (symmetric.norm_squared(), skew.norm_squared());
        let squared = eigen(skew.tr_mul(&skew)).ok_or_else(none)?.eigenvalues;
        let mut eigenvalues: Vec<f64> =
            eigen(symmetric).ok_or_else(none)?.eigenvalues.iter().copied().collect();
        eigenvalues.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
        eigenvalues.truncate(head.d_model() - 1);
        Ok(Self {
            trace: head.w_q.dot(&head.w_k),
            d_head: head.d_head(),
            is_low_rank: 2 * head.d_head() < head.d_model(),
            max_singular_symmetric: eigenvalues.first().map_or(0.0, |largest| largest.abs()),
            max_singular_skew: squared.iter().copied().fold(0.0, f64::max).sqrt(),
            symmetric_share: ratio(of_symmetric, of_symmetric + of_skew),
            eigenvalues,
        })
    }

    /// How many of the d_head largest eigenvalues by size are negative.
    #[must_use]
    pub fn negative_of_d_head_largest(&self) -> usize {
        self.eigenvalues.iter().take(self.d_head).filter(|value| **value < 0.0).count()
    }
}

impl Spectrum {
    /// Of a head's weights.
    ///
    /// # Errors
    ///
    /// [`CircuitError::NoEigenvalues`] if the iteration does not end.
    pub fn of(head: &FoldedHead) -> Result<Self, CircuitError> {
        let (basis, r) = side_by_side(head).qr().unpack();
        let eigen = eigen(Reduced::of(head, &r).symmetric);
        let eigen = eigen.ok_or(CircuitError::NoEigenvalues(head.head))?;
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].abs().total_cmp(&eigen.eigenvalues[a].abs()));
        order.truncate(head.d_model() - 1);
        let vectors = basis * eigen.eigenvectors.select_columns(&order);
        Ok(Self { values: order.iter().map(|&i| eigen.eigenvalues[i]).collect(), vectors })
    }

    /// S₋: the negative eigenvalues with their eigenvectors.
    #[must_use]
    pub fn negative(&self) -> Self {
        let order: Vec<usize> = (0..self.values.len()).filter(|&i| self.values[i] < 0.0).collect();
        let vectors = self.vectors.select_columns(&order);
        Self { values: order.iter().map(|&i| self.values[i]).collect(), vectors }
    }

    /// x (Σ λ u uᵀ) xᵀ for rows x, (n, d): (n, n).
    #[must_use]
    pub fn between(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let along = x * &self.vectors;
        let mut weighted = along.clone();
        for (mut column, value) in weighted.column_iter_mut().zip(&self.values) {
            column *= *value;
        }
        weighted * along.transpose()
    }
}

impl OvForm {
    /// W_V W_O within the residual stream: its eigenvalues are those of W_O W_V, (e, e).
    /// `None` where c_proj is not loaded.
    ///
    /// # Errors
    ///
    /// [`CircuitError::NoEigenvalues`] if the iteration does not end.
    pub fn of(head: &FoldedHead) -> Result<Option<Self>, CircuitError> {
        let Some(w_o) = &head.w_o else { return Ok(None) };
        Self::by_eigenvalues(w_o * &head.w_v, head.head).map(Some)
    }

    fn by_eigenvalues(small: DMatrix<f64>, head: Head) -> Result<Self, CircuitError> {
        let trace = small.trace();
        let none = || CircuitError::NoEigenvalues(head);
        let schur = finite(&small).then(|| Schur::try_new(small, EPSILON, MOST_STEPS)).flatten();
        let values = schur.ok_or_else(none)?.complex_eigenvalues();
        let mut eigenvalues: Vec<(f64, f64)> = values.iter().map(|value| (value.re, value.im)).collect();
        let size = |&(re, im): &(f64, f64)| re.hypot(im);
        eigenvalues.sort_by(|a, b| size(b).total_cmp(&size(a)));
        let copying = ratio(eigenvalues.iter().map(|(re, _)| re).sum(), eigenvalues.iter().map(size).sum());
        Ok(Self { eigenvalues, copying, trace })
    }
}

/// Forms of these heads, one after another.
///
/// # Errors
///
/// [`CircuitError::Study`] if a head is not loaded or the visitor cancels,
/// [`CircuitError::NoEigenvalues`].
pub async fn forms_of(
    model: &Gpt2,
    heads: &[Head],
    pace: &impl YieldPoint,
) -> Result<Vec<HeadForms>, CircuitError> {
    let mut forms = Vec::with_capacity(heads.len());
    for (i, &head) in heads.iter().enumerate() {
        pace.step(i, heads.len()).await?;
        let folded = FoldedHead::of(model, head).await?;
        forms.push(HeadForms { head, qk: QkForm::of(&folded)?, ov: OvForm::of(&folded)? });
    }
    pace.step(heads.len(), heads.len()).await?;
    Ok(forms)
}

/// Heads whose QK form can be computed of what is loaded.
#[must_use]
pub fn loaded_heads(model: &Gpt2) -> Vec<Head> {
    let config = model.config();
    let layers = (0..config.n_layer).filter(|&l| model.has_input_weights(l));
    layers.flat_map(|layer| (0..config.n_head).map(move |head| Head { layer, head })).collect()
}

/// W_E W_V W_O W_U of a head (Elhage et al.): what it copies from tokens to logits. The
/// unembedding has ln_f's scale folded in and is centred over the vocabulary. Of the
/// (V, V) matrix the eigenvalues that need not be zero are those of an (e, e) one, which
/// is summed over the vocabulary. It takes all of wte, c_proj and ln_f.
///
/// # Errors
///
/// [`CircuitError::Study`] if something is not loaded or the visitor cancels,
/// [`CircuitError::NoEigenvalues`].
pub async fn embedded_ov(
    model: &Gpt2,
    head: &FoldedHead,
    pace: &impl YieldPoint,
) -> Result<OvForm, CircuitError> {
    let (d, e) = head.w_v.shape();
    let ln_scale = model.final_norm_scale()?;
    let w_o = head.w_o.as_ref().ok_or(crate::model::ModelError::NotLoaded("attn.c_proj"))?;
    // Rows that the tables' rows are multiplied by: W_Vᵀ, and W_O with ln_f's scale.
    let read: Vec<f32> = head.w_v.iter().map(|&w| w as f32).collect();
    let write = |i: usize| (0..d).map(move |j| w_o[(i, j)] as f32 * ln_scale[j]);
    let write: Vec<f32> = (0..e).flat_map(write).collect();
    let [into, out] = model.times_embeddings(&read, &write).await?; // (e, V) each
    let words = into.len() / e;
    let mut product = DMatrix::<f64>::zeros(e, e);
    let mut sums = [DMatrix::<f64>::zeros(e, 1), DMatrix::<f64>::zeros(e, 1)];
    for from in (0..words).step_by(WORDS_AT_ONCE) {
        pace.step(from, words).await?;
        let n = WORDS_AT_ONCE.min(words - from);
        let part = |y: &[f32]| DMatrix::from_fn(e, n, |i, j| f64::from(y[i * words + from + j]));
        let (into, out) = (part(&into), part(&out));
        product += &out * into.transpose();
        sums[0] += into.column_sum();
        sums[1] += out.column_sum();
    }
    pace.step(words, words).await?;
    let [into, out] = sums;
    OvForm::by_eigenvalues(product - out * into.transpose() / words as f64, head.head)
}

/// Eigenvalues and eigenvectors of a symmetric matrix; `None` if there are none.
fn eigen(matrix: DMatrix<f64>) -> Option<SymmetricEigen<f64, nalgebra::Dyn>> {
    finite(&matrix).then(|| SymmetricEigen::try_new(matrix, EPSILON, MOST_STEPS)).flatten()
}

fn finite(matrix: &DMatrix<f64>) -> bool {
    matrix.iter().all(|x| x.is_finite())
}
