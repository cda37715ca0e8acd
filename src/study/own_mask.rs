//! Cells of one's own as a target: a mask painted on a prompt's pattern.

use super::as_text;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// What a link's `target` begins with where it is a mask of one's own.
pub(super) const PREFIX: &str = "cells-";
/// Positions that a mask may name: the longest context that a config may have.
const POSITIONS: usize = 4096;

/// Cells of one prompt, (destination q, source k ≤ q), by positions with
/// beginning-of-text at 0; at least one. Written `cells-q5k1_3.q7k2-4`: a term a
/// destination, and of its sources `_` lists and `-` ranges, all rising.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnMask {
    /// For each destination, rising, runs of sources, rising and apart.
    rows: Vec<(usize, Vec<RangeInclusive<usize>>)>,
}

impl OwnMask {
    /// Of any cells, in any order; those of which the source comes later are left out.
    /// `None` if none is left.
    #[must_use]
    pub fn of(cells: impl IntoIterator<Item = (usize, usize)>) -> Option<Self> {
        let mut cells: Vec<(usize, usize)> =
            cells.into_iter().filter(|&(q, k)| k <= q && q < POSITIONS).collect();
        cells.sort_unstable();
        cells.dedup();
        let mut mask = Self { rows: Vec::new() };
        cells.into_iter().for_each(|(q, k)| mask.push(q, k..=k));
        (!mask.rows.is_empty()).then_some(mask)
    }

    /// Adds a run behind all others; one that touches the last becomes part of it.
    fn push(&mut self, q: usize, run: RangeInclusive<usize>) {
        match self.rows.last_mut().filter(|(last, _)| *last == q) {
            None => self.rows.push((q, vec![run])),
            Some((_, runs)) => match runs.last_mut().filter(|last| last.end() + 1 == *run.start()) {
                Some(last) => *last = *last.start()..=*run.end(),
                None => runs.push(run),
            },
        }
    }

    /// With some cells more, or without them where all of them are in it already;
    /// `None` if none is left.
    #[must_use]
    pub fn toggled(mask: Option<&Self>, cells: &[(usize, usize)]) -> Option<Self> {
        let before: Vec<(usize, usize)> = mask.into_iter().flat_map(Self::cells).collect();
        let cells = cells.iter().copied().filter(|&(q, k)| k <= q);
        if cells.clone().all(|cell| before.contains(&cell)) {
            return Self::of(before.into_iter().filter(|cell| !cells.clone().any(|other| other == *cell)));
        }
        Self::of(before.iter().copied().chain(cells))
    }

    /// All cells, in the order of the rows.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let row = |(q, runs): &(usize, Vec<RangeInclusive<usize>>)| {
            let q = *q;
            runs.clone().into_iter().flatten().map(move |k| (q, k))
        };
        self.rows.iter().flat_map(row)
    }

    /// Whether it has a cell.
    #[must_use]
    pub fn holds(&self, q: usize, k: usize) -> bool {
        let row = self.rows.binary_search_by_key(&q, |(q, _)| *q);
        row.is_ok_and(|row| self.rows[row].1.iter().any(|run| run.contains(&k)))
    }

    /// What of it lies in a prompt of `tokens` tokens, if anything does, and how many
    /// cells do not.
    #[must_use]
    pub fn within(&self, tokens: usize) -> (Option<Self>, usize) {
        let (inside, beyond): (Vec<_>, Vec<_>) = self.rows.iter().cloned().partition(|(q, _)| *q < tokens);
        let dropped = beyond.iter().flat_map(|(_, runs)| runs).map(|run| run.end() - run.start() + 1);
        ((!inside.is_empty()).then_some(Self { rows: inside }), dropped.sum())
    }
}

as_text!(OwnMask);

impl fmt::Display for OwnMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (q, runs)) in self.rows.iter().enumerate() {
            write!(f, "{}q{q}k", if i == 0 { PREFIX } else { "." })?;
            for (i, run) in runs.iter().enumerate() {
                let (start, end) = (run.start(), run.end());
                let list = if i == 0 { "" } else { "_" };
                write!(f, "{list}{start}")?;
                if start < end {
                    write!(f, "-{end}")?;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for OwnMask {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut mask = Self { rows: Vec::new() };
        let mut before = None;
        for term in text.strip_prefix(PREFIX).ok_or(())?.split('.') {
            let (q, sources) = term.strip_prefix('q').and_then(|term| term.split_once('k')).ok_or(())?;
            let q = position(q)?;
            if before.replace(q).is_some_and(|before| before >= q) {
                return Err(());
            }
            let mut last = None;
            for run in sources.split('_') {
                let (start, end) = match run.split_once('-') {
                    Some((start, end)) => (position(start)?, position(end)?),
                    None => (position(run)?, position(run)?),
                };
                let rises = start < end || !run.contains('-');
                if !rises || end > q || last.replace(end).is_some_and(|last| last >= start) {
                    return Err(());
                }
                mask.push(q, start..=end);
            }
        }
        Ok(mask)
    }
}

/// A position in digits, without a sign or zeros before it.
fn position(digits: &str) -> Result<usize, ()> {
    let position: usize = digits.parse().map_err(|_| ())?;
    if position < POSITIONS && position.to_string() == digits { Ok(position) } else { Err(()) }
}
