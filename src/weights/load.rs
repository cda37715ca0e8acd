//! From wanted parts to numbers: out of the store where they are there, from the
//! source where they are not, and never unchecked.

use super::decode::{all_finite, decode};
use super::plan::{join, locate, one_pass};
use super::{ByteSource, Dtype, Fetch, Index, IndexError, LoadError, Manifest, Part, Piece, Store, bytes_of};
use futures_util::{StreamExt, stream};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Requests in flight at once: six, as browsers allow to a host, of which two may be
/// for large parts. Those are held in memory until they are whole, and the whole of
/// GPT-2 small has to fit beside them.
const SMALL_AT_ONCE: usize = 4;
const LARGE_AT_ONCE: usize = 2;
/// From this many bytes on a range is large.
const LARGE: u64 = 1 << 20;

/// Reads the JSON header of a `model.safetensors`, for [`Index::parse`].
///
/// # Errors
///
/// [`LoadError::Source`] if the bytes do not come, [`LoadError::Index`] if the
/// file has no such header.
pub async fn read_header(source: &impl ByteSource) -> Result<Vec<u8>, LoadError> {
    let file_len = source.length().await?;
    if file_len < 8 {
        return Err(IndexError::TooShort(file_len).into());
    }
    let mut first = Vec::new();
    source.read(0..8, &mut |bytes| first.extend_from_slice(bytes)).await?;
    let first = first.try_into().map_err(|_| IndexError::TooShort(file_len))?;
    let range = Index::header_bytes(first, file_len)?;
    let mut header = Vec::new();
    source.read(range, &mut |bytes| header.extend_from_slice(bytes)).await?;
    Ok(header)
}

/// What a part is called in a store, under the name of its file and version.
#[must_use]
pub fn key(name: &str, part: &Part) -> String {
    format!("{name}/{}/{}-{}", part.tensor, part.rows.start, part.rows.end)
}

/// Bytes that bringing the parts would move, were none of them in the store.
///
/// # Errors
///
/// [`LoadError::Index`] for a tensor that GPT-2 does not have.
pub fn cost(index: &Index, parts: &[Part], serves_ranges: bool) -> Result<u64, LoadError> {
    let pieces = locate(index, parts)?;
    Ok(bytes_of(&if serves_ranges { join(pieces, |_| false) } else { one_pass(pieces) }))
}

/// Beginnings of parts, for the next load to go on from.
#[derive(Debug, Default)]
pub struct Begun(RefCell<HashMap<String, Vec<u8>>>);

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived<'a> {
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// How many of `done` came from the store.
    pub stored: u64,
    /// What came last.
    pub part: &'a Part,
}

/// Everything that a load takes.
pub struct Loader<'a, S, T> {
    /// Where the bytes come from.
    pub source: &'a S,
    /// Where they are kept.
    pub store: &'a T,
    /// Where they lie in the file.
    pub index: &'a Index,
    /// What is known of them.
    pub manifest: &'a Manifest,
    /// Names the file and its version in the store's keys.
    pub name: &'a str,
    /// Beginnings of parts that an earlier load was cut in.
    pub begun: &'a Begun,
    /// Hears how far the load is.
    pub progress: &'a dyn Fn(Arrived<'_>),
}

/// A load under way.
struct Run<'a, S, T, F> {
    loader: &'a Loader<'a, S, T>,
    receive: RefCell<F>,
    done: Cell<u64>,
    stored: Cell<u64>,
    total: Cell<u64>,
    /// Set by the first failure, so that nothing new is asked for.
    failed: Cell<bool>,
}

impl<S: ByteSource, T: Store> Loader<'_, S, T> {
    /// Brings the parts and gives each to `receive` as soon as it is whole and
    /// checked. What was received stays received when a later part fails, and is
    /// in the store by then.
    ///
    /// # Errors
    ///
    /// The first [`LoadError`] of any part.
    pub async fn load(&self, parts: &[Part], receive: impl FnMut(Part, Vec<f32>)) -> Result<(), LoadError> {
        let pieces = locate(self.index, parts)?;
        let run = Run {
            loader: self,
            receive: RefCell::new(receive),
            done: Cell::new(0),
            stored: Cell::new(0),
            total: Cell::new(cost(self.index, parts, self.source.serves_ranges())?),
            failed: Cell::new(false),
        };
        let mut missing = Vec::new();
        for piece in pieces {
            if !run.take_from_store(&piece).await {
                missing.push(piece);
            }
        }
        let is_begun = |piece: &Piece| self.begun.0.borrow().contains_key(&run.key(piece));
        let fetches = if self.source.serves_ranges() { join(missing, is_begun) } else { one_pass(missing) };
        run.total.set(run.done.get() + bytes_of(&fetches));
        let (large, small): (Vec<_>, Vec<_>) =
            fetches.iter().partition(|fetch| fetch.bytes.end - fetch.bytes.start >= LARGE);
        let mut fetching = stream::select(
            stream::iter(large).map(|fetch| run.fetch(fetch)).buffer_unordered(LARGE_AT_ONCE),
            stream::iter(small).map(|fetch| run.fetch(fetch)).buffer_unordered(SMALL_AT_ONCE),
        );
        let mut first_error = None;
        // After a failure the rest of what is in flight still ends in its own
        // time, so that whole parts in it are not lost.
        while let Some(fetched) = fetching.next().await {
            if let Err(error) = fetched {
                run.failed.set(true);
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

impl<S: ByteSource, T: Store, F: FnMut(Part, Vec<f32>)> Run<'_, S, T, F> {
    /// Takes a piece out of the store. One that is damaged there is forgotten.
    async fn take_from_store(&self, piece: &Piece) -> bool {
        let Loader { store, .. } = self.loader;
        let Some(bytes) = store.get(&self.key(piece)).await else { return false };
        let Ok(dtype) = self.check(piece, &bytes) else {
            store.remove(&self.key(piece)).await;
            return false;
        };
        let length = bytes.len() as u64;
        self.stored.set(self.stored.get() + length);
        self.arrived(length, &piece.part);
        self.deliver(piece, dtype, bytes);
        true
    }

    /// Reads one range. Pieces that became whole are delivered even if the range
    /// did not.
    async fn fetch(&self, fetch: &Fetch) -> Result<(), LoadError> {
        if self.failed.get() {
            return Ok(());
        }
        let first = &fetch.pieces[0];
        let begun = self.loader.begun.0.borrow_mut().remove(&self.key(first)).unwrap_or_default();
        let mut cutter = Cutter::new(fetch, begun);
        // What an earlier load brought, or what lies before it, does not come again.
        self.total.set(self.total.get() - (cutter.at - fetch.bytes.start));
        let left = cutter.at..fetch.bytes.end;
        let mut on_bytes = |bytes: &[u8]| {
            let part = cutter.push(bytes);
            self.arrived(bytes.len() as u64, part);
        };
        let read = self.loader.source.read(left, &mut on_bytes).await;
        if let Some(piece) = fetch.pieces.get(cutter.filling).filter(|_| !cutter.partial.is_empty()) {
            self.loader.begun.0.borrow_mut().insert(self.key(piece), cutter.partial);
        }
        // One bad piece does not cost the others.
        let mut kept = Ok(());
        for (piece, bytes) in cutter.whole {
            kept = kept.and(self.keep(piece, bytes).await);
        }
        read?;
        kept
    }

    /// Checks a fetched piece, stores it and delivers it. A damaged one is fetched
    /// once more.
    async fn keep(&self, piece: &Piece, mut bytes: Vec<u8>) -> Result<(), LoadError> {
        let Loader { source, store, .. } = self.loader;
        if self.check(piece, &bytes).is_err() {
            bytes.clear();
            self.total.set(self.total.get() + piece.bytes.end - piece.bytes.start);
            let mut on_bytes = |more: &[u8]| {
                bytes.extend_from_slice(more);
                self.arrived(more.len() as u64, &piece.part);
            };
            source.read(piece.bytes.clone(), &mut on_bytes).await?;
        }
        let dtype = self.check(piece, &bytes)?;
        store.put(&self.key(piece), &bytes).await;
        self.deliver(piece, dtype, bytes);
        Ok(())
    }

    /// The type of a piece's numbers, if they are what they should be.
    fn check(&self, piece: &Piece, bytes: &[u8]) -> Result<Dtype, LoadError> {
        let tensor = &piece.part.tensor;
        let span = self.loader.index.span(tensor)?;
        if bytes.len() as u64 != piece.bytes.end - piece.bytes.start {
            return Err(LoadError::Length(tensor.clone()));
        }
        // Only whole tensors have known hashes.
        if span.bytes == piece.bytes && self.loader.manifest.check(tensor, bytes) == Some(false) {
            return Err(LoadError::Hash(tensor.clone()));
        }
        if !all_finite(span.dtype, bytes) {
            return Err(LoadError::NotFinite(tensor.clone()));
        }
        Ok(span.dtype)
    }

    /// Hands on the numbers; the bytes leave memory before they are packed.
    fn deliver(&self, piece: &Piece, dtype: Dtype, bytes: Vec<u8>) {
        let numbers = decode(dtype, &bytes);
        drop(bytes);
        (self.receive.borrow_mut())(piece.part.clone(), numbers);
    }

    fn key(&self, piece: &Piece) -> String {
        key(self.loader.name, &piece.part)
    }

    fn arrived(&self, bytes: u64, part: &Part) {
        self.done.set(self.done.get() + bytes);
        let (done, total, stored) = (self.done.get(), self.total.get(), self.stored.get());
        (self.loader.progress)(Arrived { done, total, stored, part });
    }
}

/// Cuts the bytes of a range, as they arrive, into its pieces.
struct Cutter<'a> {
    fetch: &'a Fetch,
    /// Place in the file of the next byte.
    at: u64,
    /// The piece that is being filled, and its bytes so far.
    filling: usize,
    partial: Vec<u8>,
    whole: Vec<(&'a Piece, Vec<u8>)>,
}

impl<'a> Cutter<'a> {
    /// Goes on after the beginning of the first piece, if there is one.
    fn new(fetch: &'a Fetch, begun: Vec<u8>) -> Self {
        let at = match begun.len() as u64 {
            0 => fetch.bytes.start,
            length => fetch.pieces[0].bytes.start + length,
        };
        Self { fetch, at, filling: 0, partial: begun, whole: Vec::new() }
    }

    /// Takes the next bytes; returns what is being filled.
    fn push(&mut self, mut bytes: &[u8]) -> &'a Part {
        let pieces = &self.fetch.pieces;
        while let Some(piece) = pieces.get(self.filling).filter(|_| !bytes.is_empty()) {
            // Bytes between pieces are dropped.
            let gap = (piece.bytes.start.saturating_sub(self.at) as usize).min(bytes.len());
            let end = ((piece.bytes.end - self.at) as usize).min(bytes.len());
            if self.partial.is_empty() && gap < end {
                self.partial.reserve_exact((piece.bytes.end - piece.bytes.start) as usize);
            }
            self.partial.extend_from_slice(&bytes[gap..end]);
            self.at += end as u64;
            bytes = &bytes[end..];
            if self.at == piece.bytes.end {
                self.whole.push((piece, std::mem::take(&mut self.partial)));
                self.filling += 1;
            }
        }
        &pieces[self.filling.min(pieces.len() - 1)].part
    }
}
