//! How a destination token relates to each source token.

use super::WordSequence;

/// Relation of a destination q to a source k, with k ≤ q.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Relation {
    /// k > q: the causal mask hides the source.
    Masked = 0,
    /// The source is the beginning-of-text token.
    Bos = 1,
    /// k = q.
    Itself = 2,
    /// An earlier copy: the equal string.
    SameWord = 3,
    /// An earlier, different word of the same row.
    SameCategory = 4,
    /// Any other earlier word.
    Other = 5,
}

impl Relation {
    /// All relations, each in the place of its code.
    pub const ALL: [Self; 6] =
        [Self::Masked, Self::Bos, Self::Itself, Self::SameWord, Self::SameCategory, Self::Other];

    /// What files call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Bos => "bos",
            Self::Itself => "self",
            Self::SameWord => "same word",
            Self::SameCategory => "same category",
            Self::Other => "other",
        }
    }

    /// What the source is to the destination, in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Masked => "masked: it comes later",
            Self::Bos => "BOS",
            Self::Itself => "self",
            Self::SameWord => "the same word earlier",
            Self::SameCategory => "same category",
            Self::Other => "other",
        }
    }
}

/// The relation of every pair of tokens of one prompt: (destination, source),
/// row-major, beginning-of-text included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relations {
    n: usize,
    cells: Vec<Relation>,
    /// Row of the word table of each token; beginning-of-text has none.
    categories: Vec<Option<usize>>,
    /// Whether it is the one prompt that cells of one's own are painted on.
    is_shown: bool,
}

impl Relations {
    /// Relations of beginning-of-text and one token for each word.
    #[must_use]
    pub fn of(sequence: &WordSequence) -> Self {
        let WordSequence { words, categories } = sequence;
        let n = words.len() + 1;
        let mut cells = Vec::with_capacity(n * n);
        for q in 0..n {
            for k in 0..n {
                cells.push(if k > q {
                    Relation::Masked
                } else if k == 0 {
                    Relation::Bos
                } else if k == q {
                    Relation::Itself
                } else if words[q - 1] == words[k - 1] {
                    Relation::SameWord
                } else if categories[q - 1].is_some() && categories[q - 1] == categories[k - 1] {
                    Relation::SameCategory
                } else {
                    Relation::Other
                });
            }
        }
        let categories = std::iter::once(None).chain(categories.iter().copied()).take(n).collect();
        Self { n, cells, categories, is_shown: false }
    }

    /// Number of tokens, beginning-of-text included.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// Says whether it is the shown prompt's, which a mask of one's own is of.
    pub fn set_shown(&mut self, is_shown: bool) {
        self.is_shown = is_shown;
    }

    /// Whether it is the shown prompt's.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Relation of destination `q` to source `k`.
    #[must_use]
    pub fn get(&self, q: usize, k: usize) -> Relation {
        self.cells[q * self.n + k]
    }

    /// Row of the word table that the word at a position belongs to.
    #[must_use]
    pub fn category(&self, position: usize) -> Option<usize> {
        self.categories[position]
    }

    /// All cells, (destination, source) row-major.
    #[must_use]
    pub fn cells(&self) -> &[Relation] {
        &self.cells
    }

    /// The mask's cells: same category, k < q.
    pub fn targets(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let n = self.n;
        let hit = move |(i, r): (usize, &Relation)| (*r == Relation::SameCategory).then_some((i / n, i % n));
        self.cells.iter().enumerate().filter_map(hit)
    }
}
