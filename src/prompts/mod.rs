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
}
