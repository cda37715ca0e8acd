//! What the model is asked: words of several categories, drawn with a seed.
//!
//! A prompt is a list of words with the category of each; [`draw()`] makes the
//! notebook's prompts, token for token, and [`relations`] says how every
//! destination relates to every source.

pub mod draw;
pub mod relations;
pub mod words;

pub use draw::{DrawError, DrawSettings, draw};
pub use relations::{Relation, Relations};
pub use words::{WordTable, WordTableError};

/// One sequence of words and the row of the word table that each was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordSequence {
    /// The words, in order.
    pub words: Vec<String>,
    /// For each word its row in the word table; `None` where a word of a free
    /// text belongs to no row.
    pub categories: Vec<Option<usize>>,
}

impl WordSequence {
    /// The words joined by single spaces, so the first has no leading space.
    #[must_use]
    pub fn text(&self) -> String {
        self.words.join(" ")
    }

    /// The sequence fed several times, one after another: what induction heads are found
    /// on. Copies are equal words, though within a text the first word of all but the
    /// first has a space before it.
    #[must_use]
    pub fn repeated(&self, times: usize) -> Self {
        Self { words: vec![self.words.as_slice(); times].concat(), categories: self.categories.repeat(times) }
    }
}

/// The prompts of a text of several lines: those that are not empty, as they stand. The
/// space that a line begins with is part of its first token.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r']).filter(|line| !line.is_empty())
}
