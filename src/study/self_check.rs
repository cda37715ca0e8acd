//! Compares the model with figures that others published of it.

use super::ablation::head_patterns;
use super::{Ablation, Head, StudyError, YieldPoint, evaluate};
use crate::model::{ActivationCache, Gpt2, HookPoint, ModelError, NoHooks};
use candle_core::D;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Published figures of one prompt, which starts without beginning-of-text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Published {
    /// The text.
    pub prompt: String,
    /// Its token ids.
    pub token_ids: Vec<u32>,
    /// The likeliest next tokens.
    pub last_position_top10_token_ids: Vec<u32>,
    /// Their logits.
    pub last_position_top10_logits: Vec<f64>,
    /// Attention of the last token on the one before, (layer, head).
    pub attention_last_to_previous_by_layer_and_head: Vec<Vec<f64>>,
    /// Attention of the last token on itself, (layer, head).
    pub attention_last_to_itself_by_layer_and_head: Vec<Vec<f64>>,
    /// Fields that only this file's readers know; among them `L1H5_pattern`, a
    /// head's whole pattern.
    #[serde(flatten)]
    pub rest: BTreeMap<String, serde_json::Value>,
}

/// How far the model is from the published figures of one prompt. Distances are
/// the largest of each group, and infinite where the shapes differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance {
    /// The text.
    pub prompt: String,
    /// Whether the tokenizer gives the same ids.
    pub same_ids: bool,
    /// Whether the likeliest next tokens are the same, in the same order.
    pub same_top: bool,
    /// Of their logits.
    pub logits: f64,
    /// Of the attention on the token before and on the last token itself.
    pub attention: f64,
    /// How many figures of attention those are.
    pub attention_figures: usize,
    /// Of the head's whole pattern; `None` where none is published.
    pub pattern: Option<f64>,
}

impl Published {
    /// The head whose pattern is published, and the pattern, (destination, source).
    fn pattern(&self) -> Option<(Head, Vec<f64>)> {
        self.rest.iter().find_map(|(name, value)| {
            let head = name.strip_suffix("_pattern")?.parse().ok()?;
            let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).ok()?;
            Some((head, rows.concat()))
        })
    }
}

/// Compares the model with what is published of a prompt. `ids` are those that
/// our own tokenizer gives, without beginning-of-text; the model runs on the
/// published ones.
///
/// # Errors
///
/// [`StudyError::Cancelled`] or the model's.
pub async fn compare(
    model: &Gpt2,
    published: &Published,
    ids: &[u32],
    pace: &impl YieldPoint,
) -> Result<Distance, StudyError> {
    let reading = evaluate(model, &published.token_ids, &Ablation::default(), pace).await?;
    let last = published.token_ids.len() - 1;
    let prompt = [published.token_ids.clone()];
    let (mut to_previous, mut to_itself, mut own) = (Vec::new(), Vec::new(), None);
    let mut resid = model.embed(&prompt, &NoHooks).await?;
    for l in 0..model.config().n_layer {
        let recorder = ActivationCache::of(&[HookPoint::Pattern(l)]);
        resid = model.block(l, &resid, &recorder).await?;
        let missing = || ModelError::NoSuchTensor(HookPoint::Pattern(l).to_string());
        let pattern = recorder.into_activations().remove(&HookPoint::Pattern(l)).ok_or_else(missing)?;
        let row = pattern.narrow(2, last, 1)?.squeeze(2)?.squeeze(0)?; // (H, T)
        let column = |k: usize| row.narrow(D::Minus1, k, 1)?.flatten_all()?.to_vec1::<f32>();
        to_previous.extend(column(last.saturating_sub(1))?);
        to_itself.extend(column(last)?);
        if let Some((head, theirs)) = published.pattern().filter(|(head, _)| head.layer == l)
            && head.head < model.config().n_head
        {
            let ours = head_patterns(&pattern, head.head, &[last + 1])?.patterns.concat();
            own = Some(largest(&ours.into_iter().map(f64::from).collect::<Vec<_>>(), &theirs));
        }
    }
    let attention: Vec<f64> = to_previous.into_iter().chain(to_itself).map(f64::from).collect();
    let theirs: Vec<f64> = [
        &published.attention_last_to_previous_by_layer_and_head,
        &published.attention_last_to_itself_by_layer_and_head,
    ]
    .into_iter()
    .flat_map(|layers| layers.concat())
    .collect();
    let top: Vec<u32> = reading.next.iter().map(|(id, _)| *id).collect();
    Ok(Distance {
        prompt: published.prompt.clone(),
        same_ids: ids == published.token_ids,
        same_top: top == published.last_position_top10_token_ids,
        logits: largest(&reading.logits, &published.last_position_top10_logits),
        attention_figures: theirs.len(),
        attention: largest(&attention, &theirs),
        pattern: published.pattern().map(|_| own.unwrap_or(f64::INFINITY)),
    })
}

/// A head's pattern that others published of one prompt, beginning-of-text included, and
/// where the heads of its layer look.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PublishedPattern {
    /// The text, which begins with a space.
    pub text: String,
    /// Its token ids, beginning-of-text first.
    pub token_ids: Vec<u32>,
    /// The head, as in `L1H5`.
    pub head: String,
    /// The pattern's rows, each up to its own destination.
    pub pattern_rows: Vec<Vec<f64>>,
    /// Of every head of the layer: mean over all rows of the attention on
    /// beginning-of-text.
    pub mean_attention_on_bos_by_head: Vec<f64>,
    /// The same of the attention of a token on itself.
    pub mean_attention_on_self_by_head: Vec<f64>,
}

/// How far the model is from a published pattern. Distances are the largest of each
/// group, and infinite where the shapes differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatternDistance {
    /// Whether the tokenizer gives the same ids.
    pub same_ids: bool,
    /// Of the head's pattern.
    pub pattern: f64,
    /// Of the means of all heads of the layer.
    pub means: f64,
}

/// Compares the model with a published pattern. `ids` are those that our own tokenizer
/// gives, beginning-of-text first; the model runs on the published ones. It takes no more
/// than the pattern of the head's layer.
///
/// # Errors
///
/// [`StudyError::NothingToScore`] if the model lacks the head, [`StudyError::Cancelled`]
/// or the model's.
pub async fn compare_pattern(
    model: &Gpt2,
    published: &PublishedPattern,
    ids: &[u32],
    pace: &impl YieldPoint,
) -> Result<PatternDistance, StudyError> {
    let head: Head = published.head.parse().map_err(|()| StudyError::NothingToScore)?;
    if !head.exists(model.config()) {
        return Err(StudyError::NothingToScore);
    }
    let tokens = published.token_ids.len();
    let mut resid = model.embed(std::slice::from_ref(&published.token_ids), &NoHooks).await?;
    for l in 0..head.layer {
        pace.step(l, head.layer + 1).await?;
        resid = model.block(l, &resid, &NoHooks).await?;
    }
    pace.step(head.layer, head.layer + 1).await?;
    let patterns = model.pattern(head.layer, &resid, &NoHooks).await?.flatten_all()?.to_vec1::<f32>()?;
    pace.step(head.layer + 1, head.layer + 1).await?;
    let heads: Vec<&[f32]> = patterns.chunks_exact(tokens * tokens).collect();
    let rows = heads[head.head].chunks_exact(tokens).enumerate();
    let ours: Vec<f64> = rows.flat_map(|(q, row)| row[..=q].iter().map(|&x| f64::from(x))).collect();
    let mean = |column: &dyn Fn(usize) -> usize| {
        let of_head = |pattern: &&[f32]| {
            let cells = pattern.chunks_exact(tokens).enumerate();
            cells.map(|(q, row)| f64::from(row[column(q)])).sum::<f64>() / tokens as f64
        };
        heads.iter().map(of_head).collect::<Vec<f64>>()
    };
    let on_bos = largest(&mean(&|_| 0), &published.mean_attention_on_bos_by_head);
    let on_self = largest(&mean(&|q| q), &published.mean_attention_on_self_by_head);
    Ok(PatternDistance {
        same_ids: ids == published.token_ids,
        pattern: largest(&ours, &published.pattern_rows.concat()),
        means: on_bos.max(on_self),
    })
}

fn largest(ours: &[f64], theirs: &[f64]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    let distances = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    // What is not a number is as far away as can be; `max` alone would pass over it.
    distances.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max)
}
