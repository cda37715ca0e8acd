//! Holds the model against figures that others published of it.

use super::ablation::head_patterns;
use super::{Ablation, Head, Pace, StudyError, read};
use crate::model::{Gpt2, HookPoint, ModelError, Recorder};
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
    pace: &impl Pace,
) -> Result<Distance, StudyError> {
    let reading = read(model, &published.token_ids, &Ablation::default(), pace).await?;
    let last = published.token_ids.len() - 1;
    let prompt = [published.token_ids.clone()];
    let (mut to_previous, mut to_itself, mut own) = (Vec::new(), Vec::new(), None);
    let mut resid = model.embed(&prompt, &crate::model::NoHooks).await?;
    for l in 0..model.config().n_layer {
        let recorder = Recorder::of(&[HookPoint::Pattern(l)]);
        resid = model.block(l, &resid, &recorder).await?;
        let missing = || ModelError::NoSuchTensor(HookPoint::Pattern(l).to_string());
        let pattern = recorder.into_seen().remove(&HookPoint::Pattern(l)).ok_or_else(missing)?;
        let row = pattern.narrow(2, last, 1)?.squeeze(2)?.squeeze(0)?; // (H, T)
        let column = |k: usize| row.narrow(D::Minus1, k, 1)?.flatten_all()?.to_vec1::<f32>();
        to_previous.extend(column(last.saturating_sub(1))?);
        to_itself.extend(column(last)?);
        if let Some((head, theirs)) = published.pattern().filter(|(head, _)| head.layer == l)
            && head.head < model.config().n_head
        {
            let ours = head_patterns(&pattern, head.head)?.patterns.concat();
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

fn largest(ours: &[f64], theirs: &[f64]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    let distances = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    // What is not a number is as far away as can be; `max` alone would pass over it.
    distances.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max)
}
