//! The residual stream of prompts, and the components that it is the sum of.

use super::CircuitError;
use super::folded::{matrix, vector};
use crate::model::{ActivationCache, Gpt2, HookPoint, ModelError, NoHooks};
use crate::study::{Head, YieldPoint};
use crate::weights::Config;
use candle_core::Tensor;
use nalgebra::{DMatrix, RowDVector};
use std::collections::HashMap;
use std::fmt;

/// Tokens of the prompts that are run at once.
const TOKENS_AT_ONCE: usize = 4096;

/// A component of the residual stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Token embeddings.
    Embed,
    /// Position embeddings.
    PosEmbed,
    /// What a head writes, without its value bias.
    Head(Head),
    /// b_O + b_V W_O of a layer.
    AttnBias(usize),
    /// What a layer's MLP writes.
    Mlp(usize),
}

impl Source {
    /// The components of the stream after so many layers, in the order of the forward
    /// pass.
    #[must_use]
    pub fn of_stream(layers: usize, config: &Config) -> Vec<Self> {
        let mut all = vec![Self::Embed, Self::PosEmbed];
        for layer in 0..layers {
            all.extend((0..config.n_head).map(|head| Self::Head(Head { layer, head })));
            all.extend([Self::AttnBias(layer), Self::Mlp(layer)]);
        }
        all
    }

    /// The layer it lies in; embeddings lie in none.
    #[must_use]
    pub fn layer(self) -> Option<usize> {
        match self {
            Self::Embed | Self::PosEmbed => None,
            Self::Head(head) => Some(head.layer),
            Self::AttnBias(l) | Self::Mlp(l) => Some(l),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embed => write!(f, "embed"),
            Self::PosEmbed => write!(f, "pos_embed"),
            Self::Head(head) => write!(f, "{head}"),
            Self::AttnBias(l) => write!(f, "L{l}.attn-bias"),
            Self::Mlp(l) => write!(f, "L{l}.mlp"),
        }
    }
}

/// The stream before a layer for each prompt, (T, d), after a layer norm without scale
/// and shift. Prompts that are equally long are run together.
///
/// # Errors
///
/// The model's, or that the visitor cancelled.
pub async fn normalised_before(
    model: &Gpt2,
    prompts: &[Vec<u32>],
    layer: usize,
    pace: &impl YieldPoint,
) -> Result<Vec<DMatrix<f64>>, CircuitError> {
    let (d, eps) = (model.config().d_model, model.config().eps);
    let mut all = Vec::with_capacity(prompts.len());
    while all.len() < prompts.len() {
        let left = &prompts[all.len()..];
        let tokens = left[0].len();
        let most = (TOKENS_AT_ONCE / tokens.max(1)).max(1);
        let alike = left.iter().take(most).take_while(|ids| ids.len() == tokens).count();
        let mut resid = model.embed(&left[..alike], &NoHooks).await?;
        for l in 0..layer {
            pace.step(all.len() * layer + alike * l, prompts.len() * layer).await?;
            resid = model.block(l, &resid, &NoHooks).await?;
        }
        let numbers = resid.flatten_all()?.to_vec1::<f32>()?;
        all.extend(numbers.chunks_exact(tokens * d).map(|prompt| normalised(tokens, d, prompt, eps)));
    }
    let total = (prompts.len() * layer).max(1);
    pace.step(total, total).await?;
    Ok(all)
}

/// Rows less their mean over their standard deviation.
fn normalised(tokens: usize, d: usize, numbers: &[f32], eps: f64) -> DMatrix<f64> {
    let mut x = matrix(tokens, d, numbers);
    for mut row in x.row_iter_mut() {
        let mean = row.mean();
        row.add_scalar_mut(-mean);
        row /= deviation(row.norm_squared(), d, eps);
    }
    x
}

fn deviation(squares: f64, d: usize, eps: f64) -> f64 {
    (squares / d as f64 + eps).sqrt()
}

/// One prompt's stream before a layer, cut into what it is the sum of.
#[derive(Debug)]
pub(super) struct Decomposed {
    /// (T, d) each.
    embed: DMatrix<f64>,
    pos_embed: DMatrix<f64>,
    /// Of each earlier layer every head's z without its value bias, (T, H · e), and the
    /// MLP's output, (T, d).
    layers: Vec<(DMatrix<f64>, DMatrix<f64>)>,
    /// The standard deviation that the layer norm after it divides by, (T).
    pub(super) deviations: Vec<f64>,
}

impl Decomposed {
    /// Runs one prompt through the layers below `layer`, which is up to n_layer.
    pub(super) async fn run(
        model: &Gpt2,
        ids: &[u32],
        layer: usize,
        projection: &Projection,
        pace: &impl YieldPoint,
    ) -> Result<Self, CircuitError> {
        let (d, eps, tokens) = (model.config().d_model, model.config().eps, ids.len());
        let take = |seen: &mut HashMap<HookPoint, Tensor>, point: HookPoint| {
            let missing = || ModelError::NoSuchTensor(point.to_string());
            let activation = seen.remove(&point).ok_or_else(missing)?.flatten_all()?.to_vec1::<f32>()?;
            Ok::<_, CircuitError>(matrix(tokens, activation.len() / tokens, &activation))
        };
        let recorder = ActivationCache::of(&[HookPoint::Embed, HookPoint::PosEmbed]);
        let mut resid = model.embed(&[ids.to_vec()], &recorder).await?;
        let mut seen = recorder.into_activations();
        let (embed, pos_embed) = (take(&mut seen, HookPoint::Embed)?, take(&mut seen, HookPoint::PosEmbed)?);
        let mut layers = Vec::with_capacity(layer);
        for (l, through) in projection.layers.iter().enumerate().take(layer) {
            pace.step(l, layer).await?;
            let recorder = ActivationCache::of(&[HookPoint::Z(l), HookPoint::MlpOut(l)]);
            resid = model.block(l, &resid, &recorder).await?;
            let mut seen = recorder.into_activations();
            let mut z = take(&mut seen, HookPoint::Z(l))?;
            z.row_iter_mut().for_each(|mut row| row -= &through.b_v);
            layers.push((z, take(&mut seen, HookPoint::MlpOut(l))?));
        }
        pace.step(layer, layer).await?;
        let resid = resid.flatten_all()?.to_vec1::<f32>()?;
        let deviations = resid.chunks_exact(d).map(|row| {
            let row = vector(row);
            deviation(row.add_scalar(-row.mean()).norm_squared(), d, eps)
        });
        let deviations = deviations.collect();
        Ok(Self { embed, pos_embed, layers, deviations })
    }

    /// Every component times the projection, (T, m) each, in the order of
    /// [`Source::of_stream`].
    pub(super) fn projected(&self, projection: &Projection) -> Vec<DMatrix<f64>> {
        let Projection { onto, layers } = projection;
        let mut all = vec![&self.embed * onto, &self.pos_embed * onto];
        for ((z, mlp), through) in self.layers.iter().zip(layers) {
            let e = z.ncols() / through.n_head;
            for head in 0..through.n_head {
                all.push(z.columns(head * e, e) * through.w_o.rows(head * e, e));
            }
            all.push(DMatrix::from_fn(z.nrows(), onto.ncols(), |_, column| through.bias[column]));
            all.push(mlp * onto);
        }
        all
    }
}

/// Some directions of the residual stream, and what every earlier head's output weights
/// come to along them.
#[derive(Debug)]
pub(super) struct Projection {
    /// (d, m), its columns centred, as a layer norm centres what it is applied to.
    onto: DMatrix<f64>,
    layers: Vec<Through>,
}

#[derive(Debug)]
struct Through {
    n_head: usize,
    /// W_O times the directions, (H · e, m).
    w_o: DMatrix<f64>,
    /// b_O + b_V W_O along them, (m).
    bias: RowDVector<f64>,
    /// Value biases, (H · e).
    b_v: RowDVector<f64>,
}

impl Projection {
    /// Of the layers below `layer`.
    pub(super) async fn of(
        model: &Gpt2,
        mut onto: DMatrix<f64>,
        layer: usize,
        pace: &impl YieldPoint,
    ) -> Result<Self, CircuitError> {
        for mut column in onto.column_iter_mut() {
            let mean = column.mean();
            column.add_scalar_mut(-mean);
        }
        let (n_head, d) = (model.config().n_head, model.config().d_model);
        let mut layers = Vec::with_capacity(layer);
        for l in 0..layer {
            pace.step(l, layer).await?;
            let raw = model.output_weights(l, 0..n_head).await?;
            let (b_v, written) = model.attn_biases(l).await?;
            layers.push(Through {
                n_head,
                w_o: matrix(raw.w_o.len() / d, d, &raw.w_o) * &onto,
                bias: vector(&written).transpose() * &onto,
                b_v: vector(&b_v).transpose(),
            });
        }
        Ok(Self { onto, layers })
    }
}

/// The position in a prompt, if it has it.
pub(super) fn position_in(position: usize, tokens: usize) -> Result<usize, CircuitError> {
    let missing = CircuitError::NoSuchPosition { position, tokens };
    if position < tokens { Ok(position) } else { Err(missing) }
}
