//! Loads that are cut, short or from hosts of every kind: what came is kept, and nothing
//! is fetched twice.

use super::{Faulty, assemble, file, load_quietly, open, wanted};
use crate::fixtures::{self, Folder, NO_STORE, RANDOM};
use crate::test;
use headscope::weights::plan::{join, locate, one_pass};
use headscope::weights::{
    Ledger, LoadError, Manifest, MemorySource, MemoryStore, Part, REQUEST_COST, SourceError, bytes_of,
};

#[test]
fn a_cut_part_goes_on_where_it_was_cut() {
    let folder = Folder::open(RANDOM);
    let part = Part { tensor: "h.1.mlp.c_fc.weight".to_owned(), rows: 0..32 };
    let (store, ledger, parts) = (MemoryStore::default(), Ledger::default(), [part]);
    let load = |source: &Faulty, receive: &mut dyn FnMut(Part, Vec<f32>)| {
        fixtures::load_on(source, &store, &folder.index, &Manifest::default(), &ledger, &parts, receive)
    };
    let mut whole = Vec::new();
    load(&Faulty::after(&folder.source, u64::MAX), &mut |_, numbers| whole = numbers).unwrap();
    store.kept.borrow_mut().clear();
    for after in [4099, 5] {
        assert!(load(&Faulty::after(&folder.source, after), &mut |_, _| panic!("nothing is whole")).is_err());
    }
    let rest = Faulty::after(&folder.source, u64::MAX);
    let mut numbers = Vec::new();
    load(&rest, &mut |_, received| numbers = received).unwrap();
    assert_eq!(rest.read.get(), 32 * 128 * 4 - 4099 - 5);
    assert_eq!(numbers, whole);
}

#[test]
fn a_file_that_ends_early_is_told() {
    let (header, data) = file();
    let whole = assemble(&header, &data);
    let index = open(whole.clone()).unwrap();
    let short = MemorySource::new(whole[..whole.len() / 2].to_vec());
    let part = Part { tensor: "wte.weight".to_owned(), rows: 0..50_257 };
    let loaded = load_quietly(&short, &NO_STORE, &index, &[part]);
    assert!(matches!(loaded, Err(LoadError::Source(SourceError::Short { .. }))));
}

fn word(id: usize) -> Part {
    Part { tensor: "wte.weight".to_owned(), rows: id..id + 1 }
}

#[test]
fn ranges_cover_their_pieces_and_close_ones_are_joined() {
    let folder = Folder::open(RANDOM);
    let pieces = locate(&folder.index, &[word(20_000), word(7), word(8), word(7)]).unwrap();
    assert_eq!(pieces.len(), 3, "a part that is named twice is fetched once");
    let fetches = join(pieces.clone(), |_| false);
    assert_eq!(fetches.len(), 2);
    let row = 32 * 4;
    assert_eq!(bytes_of(&fetches), 3 * row);
    for fetch in &fetches {
        for piece in &fetch.pieces {
            assert!(fetch.bytes.start <= piece.bytes.start && piece.bytes.end <= fetch.bytes.end);
        }
    }
    let once = one_pass(pieces);
    assert_eq!((once.len(), once[0].bytes.start), (1, 0));
}

#[test]
fn a_load_that_is_cut_anywhere_keeps_every_whole_part() {
    let folder = Folder::open(RANDOM);
    let parts = wanted(&folder);
    let total = bytes_of(&join(locate(&folder.index, &parts).unwrap(), |_| false));
    let largest = parts.iter().map(|part| {
        let bytes = folder.index.span(&part.tensor).unwrap().row_bytes(&part.rows);
        bytes.end - bytes.start
    });
    let largest = largest.max().unwrap();
    for i in 0..20 {
        let store = MemoryStore::default();
        let cut = Faulty::after(&folder.source, total * i / 20);
        assert_eq!(
            load_quietly(&cut, &store, &folder.index, &parts),
            Err(LoadError::Source(SourceError::Cancelled))
        );
        let rest = Faulty::after(&folder.source, u64::MAX);
        let received = load_quietly(&rest, &store, &folder.index, &parts).unwrap();
        assert_eq!(received.len(), parts.len());
        // One part may have been cut in the middle; gaps between parts may come again.
        let twice = (cut.read.get() + rest.read.get()).saturating_sub(total);
        assert!(twice <= largest + REQUEST_COST, "cut {i}: {twice} bytes came twice");
    }
}

#[test]
fn what_is_stored_is_not_fetched_again() {
    let folder = Folder::open(RANDOM);
    let parts = wanted(&folder);
    let store = MemoryStore::default();
    load_quietly(&folder.source, &store, &folder.index, &parts).unwrap();
    let silent = Faulty::after(&folder.source, 0);
    assert_eq!(load_quietly(&silent, &store, &folder.index, &parts).unwrap().len(), parts.len());
    // An entry that lost its end is fetched again, and it alone.
    let (key, length) = {
        let mut kept = store.kept.borrow_mut();
        let (key, bytes) = kept.iter_mut().find(|(key, _)| key.contains("h.1.mlp.c_fc.weight")).unwrap();
        let length = bytes.len() as u64;
        bytes.pop();
        (key.clone(), length)
    };
    let counted = Faulty::after(&folder.source, u64::MAX);
    load_quietly(&counted, &store, &folder.index, &parts).unwrap();
    assert_eq!(counted.read.get(), length);
    assert_eq!(store.kept.borrow()[&key].len() as u64, length, "the store is mended");
}

#[test]
fn a_host_that_ignores_ranges_is_read_once() {
    let folder = Folder::open(RANDOM);
    let parts = wanted(&folder);
    let whole = Faulty { ranges: false, ..Faulty::after(&folder.source, u64::MAX) };
    assert_eq!(load_quietly(&whole, &NO_STORE, &folder.index, &parts).unwrap().len(), parts.len());
    assert!(whole.read.get() <= folder.index.file_len);
}

#[test]
fn a_pass_that_was_cut_goes_on_right() {
    let folder = Folder::open(RANDOM);
    let parts = wanted(&folder);
    let numbers = |source: &Faulty, ledger: &Ledger, store: &MemoryStore| {
        let mut received = std::collections::BTreeMap::new();
        let load = fixtures::load_on(
            source,
            store,
            &folder.index,
            &Manifest::default(),
            ledger,
            &parts,
            |part, numbers| drop(received.insert((part.tensor, part.rows.start), numbers)),
        );
        load.map(|()| received)
    };
    let whole = |bytes| Faulty { ranges: false, ..Faulty::after(&folder.source, bytes) };
    let right = numbers(&whole(u64::MAX), &Ledger::default(), &MemoryStore::default()).unwrap();
    for tenth in 0..10 {
        let (ledger, store) = (Ledger::default(), MemoryStore::default());
        let cut = numbers(&whole(folder.index.file_len * tenth / 10), &ledger, &store);
        assert!(cut.is_err(), "{tenth} tenths");
        assert_eq!(numbers(&whole(u64::MAX), &ledger, &store).unwrap(), right, "{tenth} tenths");
    }
}
