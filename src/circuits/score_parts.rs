//! Where an attention score comes from: which component at the destination meets which
//! component at the source.

use super::stream::{Decomposed, Projection, position_in};
use super::{CircuitError, FoldedHead, Source, Stage};
use crate::model::Gpt2;
use crate::study::YieldPoint;
use nalgebra::DMatrix;

/// What the head's query and key bias are called among the components.
pub const BIAS: &str = "bias";

/// Cells of one prompt, (destination, source), whose scores are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptCells<'a> {
    /// The prompt's token ids.
    pub ids: &'a [u32],
    /// The cells.
    pub cells: Vec<(usize, usize)>,
}

/// Scores of cells as a matrix of components, the mean over the cells. ln_1's divisor is
/// frozen at what it is, so the parts sum to the score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreParts {
    /// Components of the stream before the head's layer; the bias is the last.
    pub components: Vec<String>,
    /// The layer of each; embeddings and the bias have none.
    pub layers: Vec<Option<usize>>,
    /// (component of the query, component of the key)
    pub parts: Vec<Vec<f64>>,
    /// Their sum: the score before the softmax, over √d_head.
    pub score: f64,
    /// How many cells it is the mean of.
    pub cells: usize,
}

/// Cuts the scores of some cells, of one prompt or of several, into parts. It takes whole layers up to the head's, and its pattern.
///
/// # Errors
///
/// [`CircuitError::NoSuchPosition`] for a cell that a prompt does not have,
/// [`CircuitError::Nothing`] without cells, or [`CircuitError::Study`].
pub async fn score_parts(
    model: &Gpt2,
    head: &FoldedHead,
    prompts: &[PromptCells<'_>],
    pace: &impl YieldPoint,
) -> Result<ScoreParts, CircuitError> {
    let layer = head.head.layer;
    let (d, e) = head.w_q.shape();
    let mut onto = DMatrix::zeros(d, 2 * e);
    onto.columns_mut(0, e).copy_from(&head.w_q);
    onto.columns_mut(e, e).copy_from(&head.w_k);
    let stage = |stage: usize| Stage { whole: pace, stage, stages: prompts.len() + 1 };
    let projection = Projection::of(model, onto, layer, &stage(0)).await?;
    let sources = Source::of_stream(layer, model.config());
    let n = sources.len() + 1;
    let mut sum = DMatrix::<f64>::zeros(n, n);
    let mut count = 0;
    for (i, PromptCells { ids, cells }) in prompts.iter().enumerate() {
        if cells.is_empty() {
            continue;
        }
        let run = Decomposed::run(model, ids, layer, &projection, &stage(i + 1)).await?;
        let projected = run.projected(&projection);
        // What every component contributes to the query, or to the key, at a position: (n, e).
        let side = |position: usize, from: usize, bias: &nalgebra::DVector<f64>| {
            let mut side = DMatrix::zeros(n, e);
            for (mut row, component) in side.row_iter_mut().zip(&projected) {
                row.copy_from(&(component.row(position).columns(from, e) / run.deviations[position]));
            }
            side.row_mut(n - 1).tr_copy_from(bias);
            side
        };
        for &(q, k) in cells {
            let (q, k) = (position_in(q, ids.len())?, position_in(k, ids.len())?);
            sum += side(q, 0, &head.b_q) * side(k, e, &head.b_k).transpose() * head.scale;
            count += 1;
        }
    }
    if count == 0 {
        return Err(CircuitError::Nothing);
    }
    let parts = sum / f64::from(count);
    let names = sources.iter().map(Source::to_string);
    Ok(ScoreParts {
        components: names.chain([BIAS.to_owned()]).collect(),
        layers: sources.iter().map(|source| source.layer()).chain([None]).collect(),
        score: parts.sum(),
        parts: super::folded::rows(&parts),
        cells: count as usize,
    })
}

impl ScoreParts {
    /// The same with the components of every layer added up, as `L0`.
    #[must_use]
    pub fn by_layer(&self) -> Self {
        let mut groups: Vec<(String, Option<usize>, Vec<usize>)> = Vec::new();
        for (i, (name, layer)) in self.components.iter().zip(&self.layers).enumerate() {
            match groups.last_mut().filter(|(_, last, _)| layer.is_some() && last == layer) {
                Some((_, _, members)) => members.push(i),
                None => {
                    let name = layer.map_or_else(|| name.clone(), |l| format!("L{l}"));
                    groups.push((name, *layer, vec![i]));
                }
            }
        }
        let sum = |rows: &[usize], columns: &[usize]| {
            rows.iter().flat_map(|&i| columns.iter().map(move |&j| self.parts[i][j])).sum()
        };
        let row = |rows: &[usize]| groups.iter().map(|(.., columns)| sum(rows, columns)).collect();
        Self {
            parts: groups.iter().map(|(.., rows)| row(rows)).collect(),
            layers: groups.iter().map(|(_, layer, _)| *layer).collect(),
            components: groups.iter().map(|(name, ..)| name.clone()).collect(),
            score: self.score,
            cells: self.cells,
        }
    }
}
