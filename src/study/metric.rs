//! From an attention pattern to a score. A new metric goes here.

use super::Target;
use crate::prompts::{Relation, Relations};
use std::fmt;
use std::str::FromStr;

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

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 3] = [Self::CellMean, Self::RowMass, Self::Surprisal];

    /// Whether a higher score means more attention.
    #[must_use]
    pub fn higher_is_more(self) -> bool {
        self != Self::Surprisal
    }

    /// Score of one pattern for same-category attention; `None` where no word has
    /// an earlier one of its category.
    #[must_use]
    pub fn score(self, pattern: &[f32], relations: &Relations) -> Option<f64> {
        Measure::from(self).score(pattern, relations)
    }

    /// The chance level of same-category attention.
    #[must_use]
    pub fn chance(self, relations: &Relations) -> Option<f64> {
        Measure::from(self).chance(relations)
    }
}

/// What a score measures: how, and attention on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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

impl Measure {
    /// Score of one pattern; `None` where the prompt has no cell of the target.
    #[must_use]
    pub fn score(self, pattern: &[f32], relations: &Relations) -> Option<f64> {
        let n = relations.n();
        let mut on_targets = vec![None; n];
        let mut cells = 0;
        for (q, k) in self.target.cells(relations) {
            *on_targets[q].get_or_insert(0.0) += f64::from(pattern[q * n + k]);
            cells += 1;
        }
        if cells == 0 {
            return None;
        }
        let masses = on_targets.iter().flatten();
        Some(match self.metric {
            Metric::CellMean => masses.sum::<f64>() / f64::from(cells),
            Metric::RowMass => masses.clone().sum::<f64>() / masses.count() as f64,
            Metric::Surprisal => {
                let rows = on_targets.iter().enumerate();
                let mass = |(q, mass): (usize, &Option<f64>)| mass.unwrap_or(f64::from(pattern[q * n]));
                rows.map(|row| -mass(row).max(1e-12).ln()).sum::<f64>() / n as f64
            }
        })
    }

    /// The chance level: the score of uniform causal attention.
    #[must_use]
    pub fn chance(self, relations: &Relations) -> Option<f64> {
        self.score(&uniform(relations.n()), relations)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CellMean => "cell-mean",
            Self::RowMass => "row-mass",
            Self::Surprisal => "surprisal",
        })
    }
}

impl FromStr for Metric {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|metric| metric.to_string() == text).ok_or(())
    }
}

/// Where a head's attention goes, by relation; the five sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Shares {
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

impl Shares {
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
