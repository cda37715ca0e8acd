//! The seeded draw: numpy's `RandomState` and pandas' `sample`, so that a seed
//! gives the notebook's prompts here as it does there.

use super::{WordSequence, WordTable};
use rand_mt::Mt;

/// What is drawn. The defaults are the notebook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawSettings {
    /// Seed of the Mersenne twister.
    pub seed: u32,
    /// How many sequences.
    pub sequences: usize,
    /// Words in each.
    pub length: usize,
    /// Categories mixed in each.
    pub categories: usize,
}

impl Default for DrawSettings {
    fn default() -> Self {
        Self { seed: 5, sequences: 30, length: 12, categories: 4 }
    }
}

/// Why a draw is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// More categories asked for than the table has.
    #[error("{asked} categories are asked for and the word table has {rows}")]
    TooFewRows {
        /// Categories a sequence is to mix.
        asked: usize,
        /// Rows of the word table.
        rows: usize,
    },
    /// A sequence that mixes no category has no words.
    #[error("a sequence needs at least one category")]
    NoCategory,
}

/// Draws the prompts of a seed.
///
/// For each sequence: `categories` rows without replacement
/// (`DataFrame.sample(categories)`); then for each position one of those rows
/// (`sample(1)`), then one word of that row (`sample(1)`), all from one stream. Of a
/// row that is shorter than others a word is drawn as from that row alone.
///
/// # Errors
///
/// [`DrawError`] if the table has too few rows.
pub fn draw(table: &WordTable, settings: &DrawSettings) -> Result<Vec<WordSequence>, DrawError> {
    let rows = table.rows();
    if settings.categories == 0 {
        return Err(DrawError::NoCategory);
    }
    if settings.categories > rows.len() {
        return Err(DrawError::TooFewRows { asked: settings.categories, rows: rows.len() });
    }
    let mut stream = RandomState::new(settings.seed);
    let sequence = |stream: &mut RandomState| {
        let mut chosen = stream.permutation(rows.len());
        chosen.truncate(settings.categories);
        let (words, categories) = (0..settings.length)
            .map(|_| {
                let category = chosen[stream.sample_one(chosen.len())];
                let word = stream.sample_one(rows[category].len());
                (rows[category][word].clone(), Some(category))
            })
            .unzip();
        WordSequence { words, categories }
    };
    Ok((0..settings.sequences).map(|_| sequence(&mut stream)).collect())
}

/// The part of `numpy.random.RandomState` that `sample` and the study's
/// resampling use.
#[derive(Debug, Clone)]
pub struct RandomState(Mt);

impl RandomState {
    /// Seeded by `init_genrand`, as `RandomState(seed)` is.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        Self(Mt::new(seed))
    }

    /// `random_interval`: uniform in 0..=max by masked rejection; no draw for 0.
    pub fn interval(&mut self, max: u32) -> u32 {
        if max == 0 {
            return 0;
        }
        let mask = u32::MAX >> max.leading_zeros();
        loop {
            let value = self.0.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    /// `permutation(n)`: shuffles 0..n from the last place down.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.interval(i as u32) as usize);
        }
        order
    }

    /// `sample(1)` of n rows: the first of a permutation, as pandas draws it.
    fn sample_one(&mut self, n: usize) -> usize {
        self.permutation(n)[0]
    }
}
