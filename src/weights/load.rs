//! From wanted parts to numbers: out of the store where they are there, from the
//! source where they are not, and never unchecked.

use super::decode::{all_finite, decode};
use super::plan::{join, locate, one_pass};
use super::{
    ByteSource, Dtype, Fetch, Index, IndexError, Kept, LoadError, LocatedPart, Manifest, Part, Store,
    bytes_of, found_in,
};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::HashMap;

/// Requests for small parts in flight at once. A browser keeps six connections to a host
/// that speaks HTTP/1.1 and has the others wait; over HTTP/2 they share one.
const SMALL_AT_ONCE: usize = 24;
/// The same for large parts. Those are held in memory until they are whole, and the
/// whole of GPT-2 small has to fit beside them.
const LARGE_AT_ONCE: usize = 3;
/// Parts that are checked and packed while further ones come.
const CHECKED_AT_ONCE: usize = 3;
/// Small parts that are read from the store at once: each is an answer of another process
/// to wait for, and a study has some eighty of them.
const STORED_SMALL_AT_ONCE: usize = 32;
/// The same of large parts, which take room.
const STORED_LARGE_AT_ONCE: usize = 4;
/// From this many bytes on a range is large.
const LARGE: u64 = 1 << 20;
/// Bytes that are asked for at first where the header's length is not known: that of
/// GPT-2 medium has 27 kB.
pub const HEADER_GUESS: u64 = 32 << 10;
/// How many parts a file is recognised by, and how many bytes of each.
const WITNESSES: usize = 4;
const WITNESS: u64 = 1 << 10;

/// Reads the JSON header of a `model.safetensors`, for [`Index::parse`]: by one
/// request where it is not longer than `guess`, its eight first bytes included.
///
/// # Errors
///
/// [`LoadError::Source`] if the bytes do not come, [`LoadError::Index`] if the
/// file has no such header.
pub async fn read_header(source: &impl ByteSource, guess: u64) -> Result<Vec<u8>, LoadError> {
    let mut bytes = source.beginning(guess.max(8)).await?;
    let file_len = source.length().await?;
    let Some((first, _)) = bytes.split_first_chunk::<8>() else {
        return Err(IndexError::TooShort(file_len).into());
    };
    if let Some(found) = found_in(&bytes) {
        return Err(IndexError::OtherFile(found).into());
    }
    let header = Index::header_bytes(*first, file_len)?;
    let here = bytes.len() as u64;
    if here < header.end {
        source.read(here..header.end, &mut |more| bytes.extend_from_slice(more)).await?;
    }
    bytes.truncate(header.end as usize);
    bytes.drain(..header.start as usize);
    Ok(bytes)
}

/// What a part is called in a store, under the name of its file and version.
#[must_use]
pub fn key(name: &str, part: &Part) -> String {
    format!("{name}/{}/{}-{}", part.tensor, part.rows.start, part.rows.end)
}

/// Bytes that loading the parts would read from the source, if the store had none.
///
/// # Errors
///
/// [`LoadError::Index`] for a tensor that GPT-2 does not have.
pub fn cost(index: &Index, parts: &[Part], serves_ranges: bool) -> Result<u64, LoadError> {
    let pieces = locate(index, parts)?;
    Ok(bytes_of(&if serves_ranges { join(pieces, |_| false) } else { one_pass(pieces) }))
}

/// What the loads of one file remember for the next ones.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Beginnings of parts, where a load was cut in the middle: the next goes on there.
    begun: RefCell<HashMap<String, Vec<u8>>>,
    /// Bytes by which the file is recognised.
    witnesses: RefCell<Vec<(LocatedPart, Vec<u8>)>>,
    checked: Cell<Checked>,
}

/// How many of the bytes that were read are known to be the published ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Checked {
    /// Bytes of whole tensors whose published hash they have.
    pub hashed_bytes: u64,
    /// Bytes of all parts that were read, the hashed ones included.
    pub of: u64,
}

impl Ledger {
    /// How much of what was read is known to be the published bytes.
    #[must_use]
    pub fn checked(&self) -> Checked {
        self.checked.get()
    }

    /// Remembers the beginning of a matrix, which two files do not share. The two
    /// embeddings are left out, since their rows are read by and by.
    fn know(&self, piece: &LocatedPart, bytes: &[u8]) {
        let LocatedPart { part, bytes: range } = piece;
        let mut witnesses = self.witnesses.borrow_mut();
        let is_matrix = part.tensor.ends_with(".weight") && part.tensor.contains(".c_");
        let is_known = witnesses.iter().any(|(known, _)| known.part.tensor == part.tensor);
        let length = (bytes.len() as u64).min(WITNESS);
        if is_matrix && !is_known && length > 0 && witnesses.len() < WITNESSES {
            let piece = LocatedPart { part: part.clone(), bytes: range.start..range.start + length };
            witnesses.push((piece, bytes[..length as usize].to_vec()));
        }
    }

    /// The parts by which the file is recognised, in its order.
    fn pieces(&self) -> Vec<LocatedPart> {
        let mut pieces: Vec<LocatedPart> =
            self.witnesses.borrow().iter().map(|(piece, _)| piece.clone()).collect();
        pieces.sort_by_key(|piece| piece.bytes.start);
        pieces
    }

    /// Whether bytes are those that are remembered; `None` where none are.
    fn recognises(&self, piece: &LocatedPart, bytes: &[u8]) -> Option<bool> {
        let witnesses = self.witnesses.borrow();
        let known = witnesses.iter().find(|(known, _)| known == piece);
        known.map(|(_, known)| known == bytes)
    }
}

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
    /// Their published hashes, as far as they are known.
    pub manifest: &'a Manifest,
    /// Names the file and its version in the store's keys.
    pub name: &'a str,
    /// What earlier loads of the file remember.
    pub ledger: &'a Ledger,
    /// Is told how far the load is.
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
    /// Loads the parts and gives each to `receive` as soon as it is whole and
    /// checked. What was received stays received when a later part fails, and is
    /// on its way into the store.
    ///
    /// A source that does not tell versions is asked, at last, for some bytes that it
    /// gave before: so a file that was replaced meanwhile is noticed.
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
        self.store.settled().await;
        let is_large = |piece: &LocatedPart| piece.bytes.end - piece.bytes.start >= LARGE;
        let (large, small): (Vec<_>, Vec<_>) = pieces.into_iter().partition(is_large);
        let from_store = |pieces| stream::iter(pieces).map(|piece| run.take_from_store(piece));
        let from_store = stream::select(
            from_store(large).buffer_unordered(STORED_LARGE_AT_ONCE),
            from_store(small).buffer_unordered(STORED_SMALL_AT_ONCE),
        );
        let mut missing: Vec<LocatedPart> =
            from_store.filter_map(|missing| async { missing }).collect().await;
        missing.sort_by_key(|piece| piece.bytes.start);
        let is_begun = |piece: &LocatedPart| self.ledger.begun.borrow().contains_key(&run.key(piece));
        let fetches = if self.source.serves_ranges() {
            join(missing, is_begun)
        } else {
            // One answer is of one version, so the remembered bytes are asked for in it.
            let known = if missing.is_empty() || self.source.tells_versions() {
                Vec::new()
            } else {
                self.ledger.pieces()
            };
            let apart = |a: &LocatedPart, b: &LocatedPart| {
                a.bytes.end <= b.bytes.start || b.bytes.end <= a.bytes.start
            };
            let known = known.into_iter().filter(|known| missing.iter().all(|piece| apart(piece, known)));
            let mut pieces: Vec<LocatedPart> = known.collect();
            pieces.append(&mut missing);
            pieces.sort_by_key(|piece| piece.bytes.start);
            one_pass(pieces)
        };
        run.total.set(run.done.get() + bytes_of(&fetches));
        let length = |fetch: &Fetch| fetch.bytes.end - fetch.bytes.start;
        let (mut large, mut small): (Vec<_>, Vec<_>) =
            fetches.iter().partition(|fetch| length(fetch) >= LARGE);
        // In the order in which a model runs, so that it can begin before all is there; of
        // a layer what takes longest begins first, so that nothing is waited for alone.
        large.sort_by_key(|fetch| (layer_of(fetch), Reverse(length(fetch))));
        small.sort_by_key(|fetch| layer_of(fetch));
        let (whole, came) = unbounded();
        let fetching = async {
            let fetching = stream::select(
                stream::iter(large).map(|fetch| run.fetch(fetch, &whole)).buffer_unordered(LARGE_AT_ONCE),
                stream::iter(small).map(|fetch| run.fetch(fetch, &whole)).buffer_unordered(SMALL_AT_ONCE),
            );
            // After a failure the rest of what is in flight still ends in its own
            // time, so that whole parts in it are not lost.
            let ended = fetching.fold(Ok(()), |before, read| async { before.and(read) }).await;
            whole.close_channel();
            ended
        };
        // A part is checked and packed while the next ones come. One bad part does not
        // cost the others.
        let settling = came
            .map(|(piece, bytes)| run.settle(piece, bytes))
            .buffer_unordered(CHECKED_AT_ONCE)
            .fold(Ok(()), |before, settled| async { before.and(settled) });
        let (fetched, settled) = future::join(fetching, settling).await;
        let mut outcome = settled.and(fetched);
        if outcome.is_ok() && !fetches.is_empty() && self.source.serves_ranges() {
            outcome = run.recognise().await;
        }
        outcome
    }
}

impl<S: ByteSource, T: Store, F: FnMut(Part, Vec<f32>)> Run<'_, S, T, F> {
    /// Takes a part out of the store; gives it back where it has to be fetched. One
    /// that is damaged in the store is removed.
    async fn take_from_store(&self, piece: LocatedPart) -> Option<LocatedPart> {
        let Loader { store, .. } = self.loader;
        let Some(Kept { bytes, sha256 }) = store.get(&self.key(&piece)).await else { return Some(piece) };
        let Ok(good) = self.check(&piece, &bytes, sha256).await else {
            store.remove(&self.key(&piece)).await;
            return Some(piece);
        };
        let length = bytes.len() as u64;
        self.stored.set(self.stored.get() + length);
        self.arrived(length, &piece.part);
        self.deliver(&piece, &good, bytes);
        None
    }

    /// Reads one range and hands on each part of it as soon as it is whole.
    async fn fetch<'f>(&self, fetch: &'f Fetch, whole: &UnboundedSender<Whole<'f>>) -> Result<(), LoadError> {
        if self.failed.get() {
            return Ok(());
        }
        let first = &fetch.pieces[0];
        let ledger = self.loader.ledger;
        let begun = ledger.begun.borrow_mut().remove(&self.key(first)).unwrap_or_default();
        let mut cutter = Cutter::new(fetch, begun);
        // What an earlier load brought, or what lies before it, does not come again.
        self.total.set(self.total.get() - (cutter.at - fetch.bytes.start));
        let left = cutter.at..fetch.bytes.end;
        let mut on_bytes = |bytes: &[u8]| {
            let part = cutter.push(bytes, &mut |piece, bytes| {
                // It is open as long as something is read.
                let _ = whole.unbounded_send((piece, bytes));
            });
            self.arrived(bytes.len() as u64, part);
        };
        let read = self.loader.source.read(left, &mut on_bytes).await;
        if let Some(piece) = fetch.pieces.get(cutter.filling).filter(|_| !cutter.partial.is_empty()) {
            ledger.know(piece, &cutter.partial);
            ledger.begun.borrow_mut().insert(self.key(piece), cutter.partial);
        }
        Ok(read.inspect_err(|_| self.failed.set(true))?)
    }

    /// Asks once more for the remembered bytes, where nothing else would tell that the
    /// file was replaced.
    async fn recognise(&self) -> Result<(), LoadError> {
        let Loader { source, ledger, .. } = self.loader;
        if source.tells_versions() {
            return Ok(());
        }
        let known = ledger.pieces();
        let fetches = join(known, |_| false);
        self.total.set(self.total.get() + bytes_of(&fetches));
        for fetch in &fetches {
            let (whole, mut came) = unbounded();
            self.fetch(fetch, &whole).await?;
            whole.close_channel();
            while let Some((piece, bytes)) = came.next().await {
                self.settle(piece, bytes).await?;
            }
        }
        Ok(())
    }

    /// Checks a fetched part, delivers it and has it stored. A damaged one is fetched
    /// once more.
    async fn settle(&self, piece: &LocatedPart, bytes: Vec<u8>) -> Result<(), LoadError> {
        let settled = self.settle_or_fail(piece, bytes).await;
        settled.inspect_err(|_| self.failed.set(true))
    }

    async fn settle_or_fail(&self, piece: &LocatedPart, mut bytes: Vec<u8>) -> Result<(), LoadError> {
        let Loader { source, store, ledger, .. } = self.loader;
        match ledger.recognises(piece, &bytes) {
            Some(true) => return Ok(()),
            Some(false) => return Err(source.changed().into()),
            None => {}
        }
        let mut checked = self.check(piece, &bytes, None).await;
        if checked.is_err() {
            bytes.clear();
            self.total.set(self.total.get() + piece.bytes.end - piece.bytes.start);
            let mut on_bytes = |more: &[u8]| {
                bytes.extend_from_slice(more);
                self.arrived(more.len() as u64, &piece.part);
            };
            source.read(piece.bytes.clone(), &mut on_bytes).await?;
            checked = self.check(piece, &bytes, None).await;
        }
        let good = checked?;
        ledger.know(piece, &bytes);
        store.put(&self.key(piece), &bytes, good.sha256.as_deref()).await;
        self.deliver(piece, &good, bytes);
        Ok(())
    }

    /// What is known of a piece's bytes, if they are what they should be.
    /// Their SHA-256 may be known.
    async fn check(
        &self,
        piece: &LocatedPart,
        bytes: &[u8],
        sha256: Option<String>,
    ) -> Result<Good, LoadError> {
        let tensor = &piece.part.tensor;
        let span = self.loader.index.span(tensor)?;
        if bytes.len() as u64 != piece.bytes.end - piece.bytes.start {
            return Err(LoadError::Length(tensor.clone()));
        }
        // Only whole tensors have known hashes.
        let whole = span.bytes == piece.bytes;
        let published = self.loader.manifest.hash_of(tensor).filter(|_| whole);
        let sha256 = match (published, sha256) {
            (Some(_), None) => Some(self.loader.store.sha256(bytes).await),
            (_, sha256) => sha256,
        };
        if published.is_some() && published != sha256.as_deref() {
            return Err(LoadError::Hash(tensor.clone()));
        }
        if !all_finite(span.dtype, bytes) {
            return Err(LoadError::NotFinite(tensor.clone()));
        }
        Ok(Good { dtype: span.dtype, hashed: published.is_some(), sha256 })
    }

    /// Hands on the numbers; the bytes leave memory before they are packed.
    fn deliver(&self, piece: &LocatedPart, &Good { dtype, hashed, .. }: &Good, bytes: Vec<u8>) {
        let length = bytes.len() as u64;
        let Checked { hashed_bytes, of } = self.loader.ledger.checked.get();
        let hashed_bytes = hashed_bytes + if hashed { length } else { 0 };
        self.loader.ledger.checked.set(Checked { hashed_bytes, of: of + length });
        let numbers = decode(dtype, &bytes);
        drop(bytes);
        (self.receive.borrow_mut())(piece.part.clone(), numbers);
    }

    fn key(&self, piece: &LocatedPart) -> String {
        key(self.loader.name, &piece.part)
    }

    fn arrived(&self, bytes: u64, part: &Part) {
        self.done.set(self.done.get() + bytes);
        let (done, total, stored) = (self.done.get(), self.total.get(), self.stored.get());
        (self.loader.progress)(Arrived { done, total, stored, part });
    }
}

/// The first layer that needs a range: the embeddings come before the layers, and what
/// is behind them last.
fn layer_of(fetch: &Fetch) -> usize {
    let layer = |piece: &LocatedPart| match piece.part.tensor.split('.').collect::<Vec<_>>()[..] {
        ["h", layer, ..] => layer.parse().unwrap_or(usize::MAX),
        ["wte" | "wpe", ..] => 0,
        _ => usize::MAX,
    };
    fetch.pieces.iter().map(layer).min().unwrap_or_default()
}

/// What a check found of bytes that passed it.
struct Good {
    dtype: Dtype,
    /// Whether they have the published hash.
    hashed: bool,
    /// Their SHA-256, if it was computed.
    sha256: Option<String>,
}

/// A part that came whole, and its bytes.
type Whole<'f> = (&'f LocatedPart, Vec<u8>);

/// Cuts the bytes of a range, as they arrive, into its pieces.
struct Cutter<'a> {
    fetch: &'a Fetch,
    /// Place in the file of the next byte.
    at: u64,
    /// The part that is being filled, and its bytes so far.
    filling: usize,
    partial: Vec<u8>,
}

impl<'a> Cutter<'a> {
    /// Goes on after the beginning of the first part, if an earlier load left one.
    fn new(fetch: &'a Fetch, begun: Vec<u8>) -> Self {
        let at = match begun.len() as u64 {
            0 => fetch.bytes.start,
            length => fetch.pieces[0].bytes.start + length,
        };
        Self { fetch, at, filling: 0, partial: begun }
    }

    /// Takes the next bytes and hands on what became whole; returns what is being filled.
    fn push(&mut self, mut bytes: &[u8], on_whole: &mut dyn FnMut(&'a LocatedPart, Vec<u8>)) -> &'a Part {
        let pieces = &self.fetch.pieces;
        while let Some(piece) = pieces.get(self.filling).filter(|_| !bytes.is_empty()) {
            // Bytes between parts are dropped.
            let gap = (piece.bytes.start.saturating_sub(self.at) as usize).min(bytes.len());
            let end = ((piece.bytes.end - self.at) as usize).min(bytes.len());
            if self.partial.is_empty() && gap < end {
                self.partial.reserve_exact((piece.bytes.end - piece.bytes.start) as usize);
            }
            self.partial.extend_from_slice(&bytes[gap..end]);
            self.at += end as u64;
            bytes = &bytes[end..];
            if self.at == piece.bytes.end {
                on_whole(piece, std::mem::take(&mut self.partial));
                self.filling += 1;
            }
        }
        &pieces[self.filling.min(pieces.len() - 1)].part
    }
}
