//! What is put in a component's place. A new kind of ablation goes here.

use super::named;
use crate::model;
use crate::prompts::draw::RandomState;
use candle_core::{Device, Tensor};
use serde::Serialize;

/// Fixed, so that a link resamples alike everywhere.
const RESAMPLE_SEED: u32 = 5;

/// What is put in a component's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AblationKind {
    /// Its mean over the positions of the same prompt, beginning-of-text
    /// included (the notebook's).
    PositionMean,
    /// Per position, its mean over the kept prompts.
    DatasetMean,
    /// Its mean over prompts and positions (the post's code).
    GlobalMean,
    /// Zero. Of a head's z the value bias stays, ln_1's shift included, as in
    /// TransformerLens, where both are folded into the output bias.
    Zero,
    /// What it is in another kept prompt, by a seeded derangement.
    Resample,
    /// For patterns only: every head's is replaced by the mean over the heads
    /// (the notebook's "attention ablation").
    HeadMean,
}

/// What is said of a kind wherever it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AboutKind {
    /// In links and files.
    pub name: &'static str,
    /// Where it is chosen.
    pub label: &'static str,
    /// Within a sentence.
    pub words: &'static str,
    /// What it comes to, in a sentence.
    pub hint: &'static str,
}

impl AblationKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::PositionMean, Self::DatasetMean, Self::GlobalMean, Self::Zero, Self::Resample, Self::HeadMean];

    /// What is said of it.
    #[must_use]
    pub fn about(self) -> AboutKind {
        let (name, label, words, hint) = match self {
            Self::PositionMean => (
                "position-mean",
                "Mean over positions",
                "position mean",
                "The replacement is the mean over the positions of the same prompt, BOS included.",
            ),
            Self::DatasetMean => (
                "dataset-mean",
                "Mean over prompts",
                "dataset mean",
                "The replacement is the mean over the kept prompts, position by position.",
            ),
            Self::GlobalMean => (
                "global-mean",
                "Mean over both",
                "global mean",
                "The replacement is the mean over prompts and positions.",
            ),
            Self::Zero => (
                "zero",
                "Zero",
                "zero",
                "The replacement is zero; for one head’s output, its value bias stays, as in TransformerLens.",
            ),
            Self::Resample => (
                "resample",
                "Resample (another prompt)",
                "resampling",
                "The replacement comes from another kept prompt, in a seeded order.",
            ),
            Self::HeadMean => (
                "head-mean",
                "Mean pattern",
                "head mean",
                "Every head’s attention pattern is replaced by the mean over the layer’s heads.",
            ),
        };
        AboutKind { name, label, words, hint }
    }

    /// Whether it takes at least two prompts: of one alone it would leave all as it is,
    /// or there is none to take from.
    #[must_use]
    pub fn needs_others(self) -> bool {
        matches!(self, Self::Resample | Self::DatasetMean)
    }

    /// Whether prompts of these lengths have among them what it is made of: for a mean
    /// over prompts a second one, and for resampling another one, at least as long, for
    /// each.
    #[must_use]
    pub fn finds_others(self, lengths: &[usize]) -> bool {
        let has_other = |(i, n): (usize, &usize)| lengths.iter().enumerate().any(|(j, m)| j != i && m >= n);
        match self {
            Self::Resample => lengths.iter().enumerate().all(has_other),
            _ => !self.needs_others() || lengths.len() > 1,
        }
    }

    /// What stands in for an activation of shape (B, T, width), or for patterns
    /// (B, H, T, T), of prompts of these lengths. `left` is what zeroing leaves behind.
    pub(super) fn replacement(
        self,
        x: &Tensor,
        left: Option<Tensor>,
        lengths: &[usize],
    ) -> model::Result<Tensor> {
        // A shorter prompt has no part in the mean at positions beyond its end.
        let own = |prompt: usize, position: usize| position < lengths[prompt];
        let replacement = match self {
            Self::HeadMean => mean(x, [false, true], |_, _| true)?,
            Self::PositionMean => mean(x, [false, true], own)?,
            Self::DatasetMean => mean(x, [true, false], own)?,
            Self::GlobalMean => mean(x, [true, true], own)?,
            Self::Zero => left.map_or_else(|| x.zeros_like(), Ok)?,
            Self::Resample => x.contiguous()?.index_select(&others(lengths)?, 0)?,
        };
        Ok(replacement.broadcast_as(x.shape())?.contiguous()?)
    }
}

named!(AblationKind);

/// What can be chosen as the kind of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KindChoice {
    /// The notebook's ablations, each of its own kind: [`notebook_preset`](super::notebook_preset).
    #[default]
    Notebook,
    /// One kind for all.
    Kind(AblationKind),
}

impl KindChoice {
    /// All choices, the default first.
    pub const ALL: [Self; 1 + AblationKind::ALL.len()] = {
        let mut all = [Self::Notebook; 1 + AblationKind::ALL.len()];
        let mut i = 0;
        while i < AblationKind::ALL.len() {
            all[i + 1] = Self::Kind(AblationKind::ALL[i]);
            i += 1;
        }
        all
    };

    /// What is said of it.
    #[must_use]
    pub fn about(self) -> AboutKind {
        match self {
            Self::Notebook => AboutKind {
                name: "notebook",
                label: "Original study",
                words: "notebook preset",
                hint: "The original study’s components: both embeddings, and the patterns and the MLP of \
                    every layer below the head, which are four for a head of layer 1.",
            },
            Self::Kind(kind) => kind.about(),
        }
    }
}

named!(KindChoice);

/// Mean of (B, M, ...) over its first dimension, its second or both, of the places that
/// `own` names. What is meant over has length 1. (candle's own reductions and products
/// would bring code for every type of number with them.)
fn mean(
    x: &Tensor,
    [over_first, over_second]: [bool; 2],
    own: impl Fn(usize, usize) -> bool,
) -> model::Result<Tensor> {
    let mut shape = x.dims().to_vec();
    let (first, second, width) = (shape[0], shape[1], shape[2..].iter().product::<usize>());
    shape[0] = if over_first { 1 } else { first };
    shape[1] = if over_second { 1 } else { second };
    let x = x.flatten_all()?.to_vec1::<f32>()?;
    let mut sums = vec![0.0_f64; shape[0] * shape[1] * width];
    let mut counts = vec![0_u32; shape[0] * shape[1]];
    for (i, j) in (0..first).flat_map(|i| (0..second).map(move |j| (i, j))).filter(|&(i, j)| own(i, j)) {
        let place = (if over_first { 0 } else { i }) * shape[1] + if over_second { 0 } else { j };
        counts[place] += 1;
        let row = &x[(i * second + j) * width..][..width];
        for (sum, &value) in sums[place * width..].iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    let means = sums.iter().enumerate().map(|(i, sum)| (sum / f64::from(counts[i / width].max(1))) as f32);
    Ok(Tensor::from_vec(means.collect(), shape, &Device::Cpu)?)
}

/// For each prompt another one, at least as long, by a fixed seed: of prompts that are
/// equally long a derangement, of others one drawn for each.
fn others(lengths: &[usize]) -> Result<Tensor, candle_core::Error> {
    let mut stream = RandomState::new(RESAMPLE_SEED);
    let chosen = if lengths.iter().all(|&tokens| tokens == lengths[0]) {
        derangement(lengths.len(), &mut stream)
    } else {
        let draw = |i: usize| {
            let longer = |&j: &usize| j != i && lengths[j] >= lengths[i];
            let able: Vec<usize> = (0..lengths.len()).filter(longer).collect();
            let place = stream.interval(able.len().saturating_sub(1) as u32) as usize;
            able.get(place).copied().unwrap_or(i)
        };
        (0..lengths.len()).map(draw).collect()
    };
    Tensor::from_iter(chosen.into_iter().map(|i| i as u32), &Device::Cpu)
}

/// The first of a series of permutations that leaves none in its place; one in e of them
/// does.
fn derangement(n: usize, stream: &mut RandomState) -> Vec<usize> {
    loop {
        let order = stream.permutation(n);
        if n < 2 || order.iter().enumerate().all(|(i, &j)| i != j) {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::others;
    use serde_json::Value;

    /// Which prompt each is resampled from, as numpy draws it (tests/fixtures/statistics.py).
    #[test]
    fn resampling_takes_the_prompts_that_numpy_draws() {
        let file: Value = serde_json::from_str(include_str!("../../tests/fixtures/statistics.json")).unwrap();
        let integers = |value: &Value| {
            value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as usize).collect::<Vec<_>>()
        };
        let cases = file["resampling"].as_array().unwrap();
        assert_eq!(cases.len(), 6);
        for case in cases {
            let lengths = integers(&case["lengths"]);
            let from = others(&lengths).unwrap().to_vec1::<u32>().unwrap();
            let from: Vec<usize> = from.into_iter().map(|i| i as usize).collect();
            assert_eq!(from, integers(&case["from"]), "{lengths:?}");
        }
    }
}
