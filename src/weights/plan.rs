//! From wanted parts of tensors to the byte ranges to ask for.

use super::{Index, IndexError};
use std::ops::Range;

/// Bytes that could have come in the time that one more request costs: a round trip
/// of 100 ms shared by six requests in flight, at 10 Mbit/s. Two ranges with a
/// smaller gap between them are asked for together.
pub const REQUEST_COST: u64 = 20 << 10;

/// Answers are joined up to this length, so that a large model comes over several
/// connections and a cut loses little. A part is never divided.
pub const LONGEST: u64 = 8 << 20;

/// Rows of a tensor, counted along its first dimension.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// Name of the tensor, as published and without prefix.
    pub tensor: String,
    /// The rows.
    pub rows: Range<usize>,
}

/// A part and its bytes in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedPart {
    /// What it is.
    pub part: Part,
    /// Where it is.
    pub bytes: Range<u64>,
}

/// One byte range to ask for, and the parts in it, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// From the first part's start to the last one's end.
    pub bytes: Range<u64>,
    /// What lies in it. Bytes between parts are read and dropped.
    pub pieces: Vec<LocatedPart>,
}

/// Where the parts lie, in the order of the file, each once.
///
/// # Errors
///
/// [`IndexError::Missing`] for a tensor that GPT-2 does not have.
pub fn locate(index: &Index, parts: &[Part]) -> Result<Vec<LocatedPart>, IndexError> {
    let mut pieces = Vec::with_capacity(parts.len());
    for part in parts {
        let bytes = index.span(&part.tensor)?.row_bytes(&part.rows);
        pieces.push(LocatedPart { part: part.clone(), bytes });
    }
    pieces.sort_by_key(|piece| piece.bytes.start);
    pieces.dedup();
    Ok(pieces)
}

/// Joins parts that lie close into ranges to ask for. A part whose beginning is there
/// already (`begun`) goes on from its middle, so it starts a range.
#[must_use]
pub fn join(pieces: Vec<LocatedPart>, begun: impl Fn(&LocatedPart) -> bool) -> Vec<Fetch> {
    let mut fetches: Vec<Fetch> = Vec::new();
    for piece in pieces {
        match fetches.last_mut() {
            Some(last)
                if !begun(&piece)
                    && piece.bytes.start <= last.bytes.end + REQUEST_COST
                    && piece.bytes.end - last.bytes.start <= LONGEST =>
            {
                last.bytes.end = last.bytes.end.max(piece.bytes.end);
                last.pieces.push(piece);
            }
            _ => fetches.push(Fetch { bytes: piece.bytes.clone(), pieces: vec![piece] }),
        }
    }
    fetches
}

/// One pass over a file from a host that ignores ranges.
#[must_use]
pub fn one_pass(pieces: Vec<LocatedPart>) -> Vec<Fetch> {
    let end = pieces.iter().map(|piece| piece.bytes.end).max();
    end.map(|end| Fetch { bytes: 0..end, pieces }).into_iter().collect()
}

/// Bytes that the fetches read.
#[must_use]
pub fn bytes_of(fetches: &[Fetch]) -> u64 {
    fetches.iter().map(|fetch| fetch.bytes.end - fetch.bytes.start).sum()
}
