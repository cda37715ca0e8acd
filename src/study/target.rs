//! Which cells of a pattern a score is about. A new target goes here.

use super::own_mask::PREFIX;
use super::{OwnMask, as_text};
use crate::prompts::{Relation, Relations};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// The attention that a head is scored for: a set of destinations q and sources
/// k ≤ q of every prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
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
    /// The word that followed an earlier copy of the word: what an induction head looks
    /// at (C. Olsson et al., In-context Learning and Induction Heads, 2022).
    Induction,
    /// From a word of row `from` of the word table to an earlier, different word
    /// of row `to`. With `to` = `from` this is the mask's part in that row.
    Pair {
        /// Row of the destination.
        from: usize,
        /// Row of the source.
        to: usize,
    },
    /// Cells of the shown prompt alone.
    Cells(OwnMask),
}

/// What is said of a target wherever it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AboutTarget {
    /// In links and files. Of a pair of rows it is followed by their numbers, of cells by those.
    pub name: &'static str,
    /// Where it is chosen.
    pub label: &'static str,
    /// As the end of "attention to …".
    pub words: &'static str,
}

impl Target {
    /// Those that exist whatever the word table, the default first.
    pub const NAMED: [Self; 6] =
        [Self::SameCategory, Self::SameWord, Self::Itself, Self::Bos, Self::PreviousToken, Self::Induction];

    /// What is said of painted cells, whichever they are.
    pub const ABOUT_CELLS: AboutTarget =
        AboutTarget { name: "cells", label: "Painted cells", words: "the painted cells" };

    /// What is said of it.
    #[must_use]
    pub fn about(&self) -> AboutTarget {
        let (name, label, words) = match self {
            Self::SameCategory => {
                ("same-category", "Same category (study)", "earlier words of the same category")
            }
            Self::SameWord => ("same-word", "Earlier copies of the word", "earlier copies of the word"),
            Self::Itself => ("self", "Self", "the word itself"),
            Self::Bos => ("bos", "BOS", "BOS"),
            Self::PreviousToken => ("previous", "Previous token", "the previous token"),
            Self::Induction => {
                ("induction", "After an earlier copy", "what came after an earlier copy of the word")
            }
            Self::Pair { .. } => ("pair", "Category → category…", "words of one category from another’s"),
            Self::Cells(_) => return Self::ABOUT_CELLS,
        };
        AboutTarget { name, label, words }
    }

    /// Whether destination `q` has source `k` ≤ `q` for a target.
    #[must_use]
    pub fn holds(&self, relations: &Relations, q: usize, k: usize) -> bool {
        let relation = relations.get(q, k);
        match self {
            Self::SameCategory => relation == Relation::SameCategory,
            Self::SameWord => relation == Relation::SameWord,
            Self::Itself => relation == Relation::Itself,
            Self::Bos => q > 0 && relation == Relation::Bos,
            Self::PreviousToken => q > 1 && k + 1 == q,
            Self::Induction => k > 1 && k < q && relations.get(q, k - 1) == Relation::SameWord,
            Self::Pair { from, to } => {
                matches!(relation, Relation::SameCategory | Relation::Other)
                    && relations.category(q) == Some(*from)
                    && relations.category(k) == Some(*to)
            }
            Self::Cells(mask) => relations.is_shown() && mask.holds(q, k),
        }
    }

    /// The target's cells, (destination, source), in the order of the rows.
    pub fn cells<'a>(&'a self, relations: &'a Relations) -> impl Iterator<Item = (usize, usize)> + 'a {
        let rows = (0..relations.n()).flat_map(|q| (0..=q).map(move |k| (q, k)));
        rows.filter(move |&(q, k)| self.holds(relations, q, k))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair { from, to } => write!(f, "{}-{from}-{to}", self.about().name),
            Self::Cells(mask) => mask.fmt(f),
            _ => f.write_str(self.about().name),
        }
    }
}

as_text!(Target);

impl FromStr for Target {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(target) = Self::NAMED.into_iter().find(|target| target.about().name == text) {
            return Ok(target);
        }
        if text.starts_with(PREFIX) {
            return text.parse().map(Self::Cells);
        }
        let mut rows = text.rsplit('-').map(str::parse);
        let (Some(Ok(to)), Some(Ok(from))) = (rows.next(), rows.next()) else { return Err(()) };
        let target = Self::Pair { from, to };
        // `+1` parses as a number too; a link has one form only.
        if target.to_string() == text { Ok(target) } else { Err(()) }
    }
}
