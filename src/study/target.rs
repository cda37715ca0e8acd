//! Which cells of a pattern a score is about. A new target goes here.

use crate::prompts::{Relation, Relations};
use std::fmt;
use std::str::FromStr;

/// The attention that a head is scored for: a set of destinations q and sources
/// k ≤ q of every prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Target {
    /// An earlier, different word of the same category: the study's mask.
    #[default]
    SameCategory,
    /// An earlier copy of the word.
    SameWord,
    /// The word itself.
    Itself,
    /// Beginning-of-text, from every word.
    Bos,
    /// The word just before, from the second word on. What stands before the
    /// first word is beginning-of-text, a target of its own.
    PreviousToken,
    /// From a word of row `from` of the word table to an earlier, different word
    /// of row `to`. With `to` = `from` this is the mask's part in that row.
    Pair {
        /// Row of the destination.
        from: usize,
        /// Row of the source.
        to: usize,
    },
}

impl Target {
    /// Those that exist whatever the word table.
    pub const NAMED: [Self; 5] =
        [Self::SameCategory, Self::SameWord, Self::Itself, Self::Bos, Self::PreviousToken];

    /// Whether destination `q` has source `k` ≤ `q` for a target.
    #[must_use]
    pub fn holds(self, relations: &Relations, q: usize, k: usize) -> bool {
        let relation = relations.get(q, k);
        match self {
            Self::SameCategory => relation == Relation::SameCategory,
            Self::SameWord => relation == Relation::SameWord,
            Self::Itself => relation == Relation::Itself,
            Self::Bos => q > 0 && relation == Relation::Bos,
            Self::PreviousToken => q > 1 && k + 1 == q,
            Self::Pair { from, to } => {
                matches!(relation, Relation::SameCategory | Relation::Other)
                    && relations.category(q) == Some(from)
                    && relations.category(k) == Some(to)
            }
        }
    }

    /// The target's cells, (destination, source), in the order of the rows.
    pub fn cells(self, relations: &Relations) -> impl Iterator<Item = (usize, usize)> + '_ {
        let rows = (0..relations.n()).flat_map(|q| (0..=q).map(move |k| (q, k)));
        rows.filter(move |&(q, k)| self.holds(relations, q, k))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameCategory => f.write_str("same-category"),
            Self::SameWord => f.write_str("same-word"),
            Self::Itself => f.write_str("self"),
            Self::Bos => f.write_str("bos"),
            Self::PreviousToken => f.write_str("previous"),
            Self::Pair { from, to } => write!(f, "pair-{from}-{to}"),
        }
    }
}

impl FromStr for Target {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(target) = Self::NAMED.into_iter().find(|target| target.to_string() == text) {
            return Ok(target);
        }
        let (from, to) = text.strip_prefix("pair-").and_then(|rows| rows.split_once('-')).ok_or(())?;
        let row = |digits: &str| digits.parse().map_err(|_| ());
        let target = Self::Pair { from: row(from)?, to: row(to)? };
        // `+1` parses as a number too; a link has one form only.
        if target.to_string() == text { Ok(target) } else { Err(()) }
    }
}
