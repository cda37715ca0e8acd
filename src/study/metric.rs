//! From an attention pattern to a score. A new metric goes here.

use super::{Target, named};
use crate::prompts::{Relation, Relations};
use serde::Serialize;

/// How much a head attends to the cells of a target: to words of the same
/// category, unless another [`Target`] is chosen.
///
/// Patterns are (destination, source), row-major, beginning-of-text included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Metric {
    /// Mean attention over the target's cells (L. Gott's notebook).
    #[default]
    CellMean,
    /// Mean, over destinations that have a target, of the attention summed on
    /// their targets.
    RowMass,
    /// Mean over all rows of -ln(attention summed on targets), where a row
    /// without a target counts its attention on beginning-of-text
    /// (M. Migliarini's post). Lower is more.
    Surprisal,
}

/// What is said of a metric wherever it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AboutMetric {
    /// In links and files.
    pub name: &'static str,
    /// Where it is chosen.
    pub label: &'static str,
    /// Within a sentence.
    pub words: &'static str,
    /// What it comes to, in a sentence.
    pub hint: &'static str,
    /// On one line, with A(q, k) for the attention of token q to token k, T for the
    /// target's cells and T(q) for those of row q.
    pub formula: &'static str,
    /// Whether a higher score means more attention.
    pub higher_is_more: bool,
}

impl Metric {
    /// All metrics, the default first.
    pub const ALL: [Self; 3] = [Self::CellMean, Self::RowMass, Self::Surprisal];

    /// What is said of it.
    #[must_use]
    pub fn about(self) -> AboutMetric {
        match self {
            Self::CellMean => AboutMetric {
                name: "cell-mean",
                label: "Cell mean (notebook)",
                words: "cell mean",
                hint: "Mean attention per target cell. Higher = more attention.",
                formula: "Σ_{(q, k) ∈ T} A(q, k) / |T|",
                higher_is_more: true,
            },
            Self::RowMass => AboutMetric {
                name: "row-mass",
                label: "Row mass",
                words: "row mass",
                hint: "Attention mass on the target per row that has one. Higher = more attention.",
                formula: "the mean, over rows q with a target, of Σ_{k ∈ T(q)} A(q, k)",
                higher_is_more: true,
            },
            Self::Surprisal => AboutMetric {
                name: "surprisal",
                label: "Surprisal (post)",
                words: "surprisal",
                hint: "Mean −ln of the attention mass on the target, over all rows. Lower = more attention.",
                formula: "the mean, over all rows q, of −ln Σ_{k ∈ T(q)} A(q, k). A row without a target \
                    counts A(q, 0), its attention on BOS; sums below 10⁻¹² count as that.",
                higher_is_more: false,
            },
        }
    }

    /// Whether a higher score means more attention.
    #[must_use]
    pub fn higher_is_more(self) -> bool {
        self.about().higher_is_more
    }

    /// Score of one pattern for attention to the same category; `None` where no word
    /// has an earlier one of its own.
    #[must_use]
    pub fn score(self, pattern: &[f32], relations: &Relations) -> Option<f64> {
        Measure::from(self).score(pattern, relations)
    }

    /// Score of a pattern of `n` tokens for attention on any cells, (destination, source);
    /// `None` if there are none.
    #[must_use]
    pub fn score_on(
        self,
        cells: impl IntoIterator<Item = (usize, usize)>,
        pattern: &[f32],
        n: usize,
    ) -> Option<f64> {
        let mut on_targets = vec![None; n];
        let mut count = 0;
        for (q, k) in cells {
            *on_targets[q].get_or_insert(0.0) += f64::from(pattern[q * n + k]);
            count += 1;
        }
        if count == 0 {
            return None;
        }
        let masses = on_targets.iter().flatten();
        Some(match self {
            Self::CellMean => masses.sum::<f64>() / f64::from(count),
            Self::RowMass => masses.clone().sum::<f64>() / masses.count() as f64,
            Self::Surprisal => {
                let rows = on_targets.iter().enumerate();
                let mass = |(q, mass): (usize, &Option<f64>)| mass.unwrap_or(f64::from(pattern[q * n]));
                rows.map(|row| -mass(row).max(1e-12).ln()).sum::<f64>() / n as f64
            }
        })
    }

    /// The chance level of attention to the same category.
    #[must_use]
    pub fn chance(self, relations: &Relations) -> Option<f64> {
        Measure::from(self).chance(relations)
    }
}

/// What a score measures: how, and attention on what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Measure {
    /// How.
    pub metric: Metric,
    /// Attention on what.
    pub target: Target,
}

impl From<Metric> for Measure {
    fn from(metric: Metric) -> Self {
        Self { metric, target: Target::default() }
    }
}

impl From<&Self> for Measure {
    fn from(measure: &Self) -> Self {
        measure.clone()
    }
}

impl Measure {
    /// Score of one pattern; `None` where the prompt has no cell of the target.
    #[must_use]
    pub fn score(&self, pattern: &[f32], relations: &Relations) -> Option<f64> {
        self.metric.score_on(self.target.cells(relations), pattern, relations.n())
    }

    /// The chance level: the score of uniform causal attention.
    #[must_use]
    pub fn chance(&self, relations: &Relations) -> Option<f64> {
        self.score(&uniform(relations.n()), relations)
    }
}

named!(Metric);

/// Where a head's attention goes, by relation; the five sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AttentionBreakdown {
    /// Earlier, different words of the same category.
    pub same_category: f64,
    /// Earlier copies of the word.
    pub same_word: f64,
    /// The word itself.
    #[serde(rename = "self")]
    pub itself: f64,
    /// Beginning-of-text.
    pub bos: f64,
    /// Everything else.
    pub other: f64,
}

impl AttentionBreakdown {
    /// What files call each part, and what people do, in the order in which they are stacked.
    pub const PARTS: [(&str, &str); 5] = [
        ("same_category", "Same category"),
        ("same_word", "Same word"),
        ("self", "Self"),
        ("bos", "BOS"),
        ("other", "Other"),
    ];

    /// Mean over the rows after beginning-of-text. A prompt without words has
    /// none to average, and all its shares are 0.
    #[must_use]
    pub fn of(pattern: &[f32], relations: &Relations) -> Self {
        let n = relations.n();
        let mut shares = Self::default();
        for q in 1..n {
            for k in 0..=q {
                let share = match relations.get(q, k) {
                    Relation::SameCategory => &mut shares.same_category,
                    Relation::SameWord => &mut shares.same_word,
                    Relation::Itself => &mut shares.itself,
                    Relation::Bos => &mut shares.bos,
                    Relation::Other | Relation::Masked => &mut shares.other,
                };
                *share += f64::from(pattern[q * n + k]) / (n - 1) as f64;
            }
        }
        shares
    }

    /// Mean of several.
    #[must_use]
    pub fn mean(all: &[Self]) -> Self {
        let n = all.len() as f64;
        let mean = |part: fn(&Self) -> f64| all.iter().map(part).sum::<f64>() / n;
        Self {
            same_category: mean(|s| s.same_category),
            same_word: mean(|s| s.same_word),
            itself: mean(|s| s.itself),
            bos: mean(|s| s.bos),
            other: mean(|s| s.other),
        }
    }
}

/// Uniform causal attention: every row spreads evenly over what it may see.
#[must_use]
pub fn uniform(n: usize) -> Vec<f32> {
    let cell = |i: usize| {
        if i % n <= i / n { 1.0 / (i / n + 1) as f32 } else { 0.0 }
    };
    (0..n * n).map(cell).collect()
}
