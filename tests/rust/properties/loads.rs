//! Loads: wherever they are cut and into however many files the model is divided, what
//! comes is the whole.

use super::holds;
use crate::fixtures;
use headscope::weights::{
    ByteSource, Config, Index, Ledger, Manifest, MemorySource, MemoryStore, Part, ShardMap, ShardedSource,
    SourceError,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Choice;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

/// Wide enough that not all of it comes by one request.
fn config() -> Config {
    let sizes = json!({
        "model_type": "gpt2", "n_layer": 2, "n_head": 4, "n_embd": 48, "n_positions": 16, "vocab_size": 500,
    });
    Config::from_json(sizes.to_string().as_bytes()).unwrap()
}

/// A safetensors file of some of the tensors. No two of all numbers are the same.
fn file_of(wanted: &dyn Fn(usize) -> bool) -> (Vec<String>, Vec<u8>) {
    let (mut header, mut data, mut names, mut number) = (Map::new(), Vec::new(), Vec::new(), 0);
    for (i, (name, shape)) in config().tensors().enumerate() {
        let count = shape.iter().product::<u64>();
        let (from, first) = (data.len(), number);
        number += count;
        if wanted(i) {
            (first..number).for_each(|number| data.extend((number as f32).to_le_bytes()));
            header.insert(
                name.clone(),
                json!({ "dtype": "F32", "shape": shape, "data_offsets": [from, data.len()] }),
            );
            names.push(name);
        }
    }
    let header = Value::Object(header).to_string();
    (names, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat())
}

/// Numbers by the names of their tensors and their first rows.
type Numbers = BTreeMap<(String, usize), Vec<f32>>;

/// A host that cuts every answer where it likes.
struct Moody<'a> {
    inner: MemorySource,
    /// After how many bytes the next answers end, each used once; then none does.
    cuts: RefCell<&'a [u64]>,
    ranges: bool,
    versions: bool,
    sent: Cell<u64>,
}

impl ByteSource for Moody<'_> {
    async fn length(&self) -> Result<u64, SourceError> {
        self.inner.length().await
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let cut = self.cuts.borrow_mut().split_off_first().copied();
        let end = cut.map_or(range.end, |cut| range.end.min(range.start + cut));
        self.sent.set(self.sent.get() + end - range.start);
        self.inner.read(range.start..end, on_bytes).await?;
        if end == range.end { Ok(()) } else { Err(SourceError::Cancelled) }
    }

    fn serves_ranges(&self) -> bool {
        self.ranges
    }

    fn tells_versions(&self) -> bool {
        self.versions
    }
}

/// Whole tensors, and single rows of the embeddings.
fn parts(choices: &[(Choice, Choice)]) -> Vec<Part> {
    let tensors: Vec<(String, Vec<u64>)> = config().tensors().collect();
    let part = |(tensor, row): &(Choice, Choice)| {
        let (tensor, shape) = tensor.get(&tensors);
        let rows = shape[0] as usize;
        let row = row.index(rows);
        let rows = if tensor == "wte.weight" { row..row + 1 } else { 0..rows };
        Part { tensor: tensor.clone(), rows }
    };
    choices.iter().map(part).collect()
}

/// The numbers that a part has by the way the file was made.
fn right(parts: &[Part]) -> Numbers {
    let mut first = BTreeMap::new();
    let mut number = 0;
    for (name, shape) in config().tensors() {
        first.insert(name, (number, shape[1..].iter().product::<u64>()));
        number += shape.iter().product::<u64>();
    }
    let numbers = |part: &Part| {
        let (first, row) = first[&part.tensor];
        let [from, to] = [part.rows.start, part.rows.end].map(|row_number| first + row_number as u64 * row);
        ((part.tensor.clone(), part.rows.start), (from..to).map(|number| number as f32).collect())
    };
    parts.iter().map(numbers).collect()
}

#[test]
fn a_load_that_is_cut_anywhere_ends_with_the_whole() {
    let (_, file) = file_of(&|_| true);
    let index = fixtures::index(&MemorySource::new(file.clone()), &config()).unwrap();
    let cuts = vec(prop_oneof![0..64_u64, 0..100_000_u64], 0..12);
    let choices = vec(any::<(Choice, Choice)>(), 1..30);
    let host = (1..5000_usize, any::<bool>(), any::<bool>(), any::<bool>());
    holds(file!(), 120, &(cuts, choices, host), |(cuts, choices, (chunk, ranges, versions, keeps))| {
        let parts = parts(&choices);
        let inner = MemorySource::in_chunks(file.clone(), chunk);
        let source = Moody { inner, cuts: RefCell::new(&cuts), ranges, versions, sent: Cell::new(0) };
        let (store, ledger, mut found) = (MemoryStore::default(), Ledger::default(), Numbers::new());
        let store = keeps.then_some(&store);
        for visit in 0..=cuts.len() {
            let mut came = Numbers::new();
            let load = fixtures::load_on(
                &source,
                &store,
                &index,
                &Manifest::default(),
                &ledger,
                &parts,
                |part, numbers| {
                    let before = came.insert((part.tensor, part.rows.start), numbers);
                    assert!(before.is_none(), "a part came twice");
                },
            );
            // What came of a load that failed is right as well.
            found.extend(came);
            if load.is_ok() {
                break;
            }
            prop_assert!(visit < cuts.len(), "fails without a cut: {:?}", load);
        }
        prop_assert!(found == right(&parts));
        Ok(())
    });
}

#[test]
fn a_model_in_any_files_is_the_whole_model() {
    let (_, whole) = file_of(&|_| true);
    let whole = fixtures::index(&MemorySource::new(whole), &config()).unwrap();
    let count = config().tensors().count();
    let all: Vec<Part> =
        config().tensors().map(|(tensor, shape)| Part { tensor, rows: 0..shape[0] as usize }).collect();
    holds(file!(), 48, &vec(0..9_usize, count), |homes| {
        let (mut map, mut files) = (Map::new(), Vec::new());
        for home in 0..9 {
            let (tensors, file) = file_of(&|i| homes[i] == home);
            let name = format!("model-{home}.safetensors");
            if !tensors.is_empty() {
                map.extend(tensors.into_iter().map(|tensor| (tensor, name.clone().into())));
                files.push((name, MemorySource::new(file)));
            }
        }
        let map = ShardMap::from_json(json!({ "weight_map": map }).to_string().as_bytes()).unwrap();
        let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        prop_assert!(map.files().iter().eq(names));
        let source = pollster::block_on(ShardedSource::open(files, Some(&map))).unwrap();
        let index = Index::parse(source.header(), source.file_len(), &config()).unwrap();
        for part in &all {
            prop_assert_eq!(
                &index.span(&part.tensor).unwrap().shape,
                &whole.span(&part.tensor).unwrap().shape
            );
        }
        let mut found = Numbers::new();
        fixtures::load(&source, &fixtures::NO_STORE, &index, &Manifest::default(), &all, |part, numbers| {
            found.insert((part.tensor, part.rows.start), numbers);
        })
        .unwrap();
        prop_assert!(found == right(&all));
        Ok(())
    });
}
