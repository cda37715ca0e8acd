//! Attention from the words of each category to the words of each other one.

use super::{AttentionBreakdown, TokenizedPrompt};
use crate::prompts::{Relation, Relations};

/// What the words of one category attend to: means over all of its words in all
/// prompts, beginning-of-text's own row aside. `mass`, `same_word`, `itself`,
/// `bos` and `no_category` of a row sum to 1.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FromCategory {
    /// Row of the word table.
    pub category: usize,
    /// How many words of it there are, as destinations.
    pub destinations: usize,
    /// By category of the source, as in [`CategoryMatrix::categories`]: the attention
    /// summed on earlier, different words of it. A word that comes before all of
    /// them counts 0.
    pub mass: Vec<f64>,
    /// By category of the source: mean attention over single cells; `None` where no
    /// word of this category has an earlier one of that.
    pub cell_mean: Vec<Option<f64>>,
    /// How many cells that is the mean of.
    pub cells: Vec<usize>,
    /// Attention on earlier copies of the word.
    pub same_word: f64,
    /// On the word itself.
    #[serde(rename = "self")]
    pub itself: f64,
    /// On beginning-of-text.
    pub bos: f64,
    /// On words of no category.
    pub no_category: f64,
}

/// Category by category attention of one head.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CategoryMatrix {
    /// Rows of the word table that occur in the prompts, ascending.
    pub categories: Vec<usize>,
    /// One for each of them.
    pub rows: Vec<FromCategory>,
}

impl CategoryMatrix {
    /// Of a head's patterns, one a prompt, (destination, source) row-major.
    #[must_use]
    pub fn of(cases: &[TokenizedPrompt], patterns: &[Vec<f32>]) -> Self {
        let mut categories: Vec<usize> =
            cases.iter().flat_map(|case| words_of(&case.relations).filter_map(|(_, c)| c)).collect();
        categories.sort_unstable();
        categories.dedup();
        let empty = |&category: &usize| Sums { category, ..Sums::new(categories.len()) };
        let mut sums: Vec<Sums> = categories.iter().map(empty).collect();
        for (case, pattern) in cases.iter().zip(patterns) {
            for (q, category) in words_of(&case.relations) {
                // Words of a free text may belong to no category, and have no row here.
                if let Some(row) = category.and_then(|c| categories.binary_search(&c).ok()) {
                    sums[row].add(&case.relations, &categories, pattern, q);
                }
            }
        }
        let rows = sums.into_iter().map(Sums::finish).collect();
        Self { categories, rows }
    }

    /// The same of uniform causal attention: the chance level.
    #[must_use]
    pub fn chance(cases: &[TokenizedPrompt]) -> Self {
        let uniform: Vec<Vec<f32>> =
            cases.iter().map(|case| super::metric::uniform(case.relations.n())).collect();
        Self::of(cases, &uniform)
    }
}

/// Positions after beginning-of-text and their categories.
fn words_of(relations: &Relations) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
    (1..relations.n()).map(|q| (q, relations.category(q)))
}

/// Sums over the destinations of one category.
#[derive(Default)]
struct Sums {
    category: usize,
    destinations: usize,
    mass: Vec<f64>,
    cells: Vec<usize>,
    /// Those that no category takes; `other` is what falls on words of none.
    rest: AttentionBreakdown,
}

impl Sums {
    fn new(categories: usize) -> Self {
        Self { mass: vec![0.0; categories], cells: vec![0; categories], ..Self::default() }
    }

    fn add(&mut self, relations: &Relations, categories: &[usize], pattern: &[f32], q: usize) {
        self.destinations += 1;
        for k in 0..=q {
            let weight = f64::from(pattern[q * relations.n() + k]);
            match relations.get(q, k) {
                Relation::Bos => self.rest.bos += weight,
                Relation::Itself => self.rest.itself += weight,
                Relation::SameWord => self.rest.same_word += weight,
                _ => match relations.category(k).and_then(|c| categories.binary_search(&c).ok()) {
                    Some(column) => {
                        self.mass[column] += weight;
                        self.cells[column] += 1;
                    }
                    None => self.rest.other += weight,
                },
            }
        }
    }

    fn finish(self) -> FromCategory {
        let n = self.destinations as f64;
        let cell_mean = |(mass, &cells): (&f64, &usize)| (cells > 0).then(|| mass / cells as f64);
        FromCategory {
            category: self.category,
            destinations: self.destinations,
            cell_mean: self.mass.iter().zip(&self.cells).map(cell_mean).collect(),
            mass: self.mass.iter().map(|mass| mass / n).collect(),
            cells: self.cells,
            same_word: self.rest.same_word / n,
            itself: self.rest.itself / n,
            bos: self.rest.bos / n,
            no_category: self.rest.other / n,
        }
    }
}
