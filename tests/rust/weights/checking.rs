//! Bytes that are not the file's are never used: damaged ones, ones of another version, and
//! numbers that are none.

use super::{assemble, config, file, load_quietly, open, republished, wanted};
use crate::fixtures::{self, Folder, NO_STORE, RANDOM};
use crate::test;
use headscope::weights::plan::{join, locate};
use headscope::weights::{
    ByteSource, Checked, Ledger, LoadError, Manifest, MemorySource, MemoryStore, Part, SourceError, bytes_of,
    sha256,
};
use std::cell::Cell;
use std::ops::Range;

#[test]
fn numbers_that_are_not_finite_name_the_tensor() {
    let (header, mut data) = file();
    let from = header["h.1.mlp.c_fc.bias"]["data_offsets"][0].as_u64().unwrap() as usize;
    data[from..from + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let file = assemble(&header, &data);
    let index = open(file.clone()).unwrap();
    let part = Part { tensor: "h.1.mlp.c_fc.bias".to_owned(), rows: 0..128 };
    let loaded = load_quietly(&MemorySource::new(file), &NO_STORE, &index, &[part]);
    assert_eq!(loaded, Err(LoadError::NotFinite("h.1.mlp.c_fc.bias".to_owned())));
}

/// The hashes of some of the random model's tensors.
fn manifest(folder: &Folder, tensors: &[&str]) -> Manifest {
    let line = |tensor: &&str| {
        let mut bytes = Vec::new();
        let range = folder.index.span(tensor).unwrap().bytes.clone();
        pollster::block_on(folder.source.read(range, &mut |more| bytes.extend_from_slice(more))).unwrap();
        format!("{tensor}\t?\t{}\n", sha256(&bytes))
    };
    Manifest::from_tsv(&format!("tensor\tshape\tsha256\n{}", tensors.iter().map(line).collect::<String>()))
}

#[test]
fn a_damaged_tensor_is_fetched_once_more_and_then_named() {
    let folder = Folder::open(RANDOM);
    let tensor = "h.0.attn.c_proj.weight";
    let manifest = manifest(&folder, &[tensor]);
    let part = Part { tensor: tensor.to_owned(), rows: 0..32 };
    let span = folder.index.span(tensor).unwrap().bytes.clone();
    /// Flips a bit of the tensor for the first so many reads of it.
    struct Flipping {
        inner: MemorySource,
        at: u64,
        times: Cell<usize>,
    }
    impl ByteSource for Flipping {
        async fn length(&self) -> Result<u64, SourceError> {
            self.inner.length().await
        }
        async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
            let mut bytes = Vec::new();
            self.inner.read(range.clone(), &mut |more| bytes.extend_from_slice(more)).await?;
            if range.contains(&self.at) && self.times.get() > 0 {
                self.times.set(self.times.get() - 1);
                bytes[(self.at - range.start) as usize] ^= 1;
            }
            on_bytes(&bytes);
            Ok(())
        }
    }
    let load = |times: usize, store: &MemoryStore| {
        let source = Flipping { inner: folder.source.clone(), at: span.start + 5, times: Cell::new(times) };
        fixtures::load(&source, store, &folder.index, &manifest, std::slice::from_ref(&part), |_, _| ())
    };
    assert_eq!(load(0, &MemoryStore::default()), Ok(()));
    assert_eq!(load(1, &MemoryStore::default()), Ok(()));
    let store = MemoryStore::default();
    assert_eq!(load(2, &store), Err(LoadError::Hash(tensor.to_owned())));
    assert!(store.kept.borrow().is_empty(), "a damaged tensor is not stored");
    // One that went bad in the store is found and fetched again.
    load(0, &store).unwrap();
    store.kept.borrow_mut().values_mut().for_each(|bytes| bytes[9] ^= 4);
    assert_eq!(load(0, &store), Ok(()));
    assert_eq!(manifest.check(tensor, &store.kept.borrow().values().next().unwrap().clone()), Some(true));
}

/// The published bytes themselves, where somebody has them: point
/// HEADSCOPE_REAL_TENSORS at a safetensors file with some of them.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn real_tensors_verify_and_damaged_ones_do_not() {
    let Some(path) = std::env::var_os("HEADSCOPE_REAL_TENSORS") else {
        eprintln!("skipped: HEADSCOPE_REAL_TENSORS names no file of published tensors");
        return;
    };
    let file = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let manifest = Manifest::from_tsv(include_str!("../../../data/gpt2/tensor-sha256.tsv"));
    let mut checked = 0;
    for (name, tensor) in tensors.iter() {
        let Some(right) = manifest.check(name, tensor.data()) else { continue };
        assert!(right, "{name}");
        let mut damaged = tensor.data().to_vec();
        damaged[tensor.data().len() / 2] ^= 1;
        assert_eq!(manifest.check(name, &damaged), Some(false), "{name}");
        checked += 1;
    }
    assert!(checked > 5, "only {checked} of the file's tensors are in the manifest");
}

#[test]
fn the_manifest_knows_123_tensors_of_the_published_model() {
    let manifest = Manifest::from_tsv(include_str!("../../../data/gpt2/tensor-sha256.tsv"));
    assert_eq!(manifest.count(), 123);
    assert_eq!(manifest.check("wte.weight", b""), None);
    assert_eq!(manifest.check("h.0.ln_1.weight", b""), Some(false));
    // FIPS 180-2's example.
    assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
}

/// A host that tells no versions, whose file is another from some byte count on.
struct Replaced {
    old: MemorySource,
    new: MemorySource,
    left: Cell<u64>,
    ranges: bool,
}

impl ByteSource for Replaced {
    async fn length(&self) -> Result<u64, SourceError> {
        self.old.length().await
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let from = if self.left.get() > 0 { &self.old } else { &self.new };
        self.left.set(self.left.get().saturating_sub(range.end - range.start));
        from.read(range, on_bytes).await
    }

    fn tells_versions(&self) -> bool {
        false
    }

    fn serves_ranges(&self) -> bool {
        self.ranges
    }
}

#[test]
fn a_file_that_was_replaced_is_known_by_its_bytes() {
    let times = |sign: f32| {
        let file = republished("", "F32", |x| (sign * x).to_le_bytes().to_vec());
        Folder::of(config().to_string().as_bytes(), file)
    };
    let (folder, other) = (times(1.0), times(-1.0));
    assert_eq!(folder.index, other.index);
    let parts = wanted(&folder);
    let (first, rest): (Vec<Part>, Vec<Part>) =
        parts.iter().cloned().partition(|part| part.tensor.starts_with("h.0."));
    let load = |source: &Replaced, ledger: &Ledger, parts: &[Part]| {
        fixtures::load_on(source, &NO_STORE, &folder.index, &Manifest::default(), ledger, parts, |_, _| ())
    };
    for ranges in [true, false] {
        let source = |left| Replaced {
            old: folder.source.clone(),
            new: other.source.clone(),
            left: Cell::new(left),
            ranges,
        };
        let stays = source(u64::MAX);
        let ledger = Ledger::default();
        load(&stays, &ledger, &first).unwrap();
        load(&stays, &ledger, &rest).unwrap();
        // Between two loads.
        let ledger = Ledger::default();
        load(&stays, &ledger, &first).unwrap();
        let error = load(&source(0), &ledger, &rest).unwrap_err();
        assert!(matches!(error, LoadError::Source(SourceError::Changed { .. })), "{error}");
    }
    // In the middle of one.
    let half = bytes_of(&join(locate(&folder.index, &parts).unwrap(), |_| false)) / 2;
    let (old, new) = (folder.source.clone(), other.source);
    let middle = Replaced { old, new, left: Cell::new(half), ranges: true };
    let error = load(&middle, &Ledger::default(), &parts).unwrap_err();
    assert!(matches!(error, LoadError::Source(SourceError::Changed { .. })), "{error}");
}

#[test]
fn what_was_checked_is_counted_and_no_more() {
    let folder = Folder::open(RANDOM);
    let tensor = "h.0.attn.c_proj.weight";
    let parts = wanted(&folder);
    let bytes = |part: &Part| {
        let range = folder.index.span(&part.tensor).unwrap().row_bytes(&part.rows);
        range.end - range.start
    };
    let of: u64 = parts.iter().map(bytes).sum();
    let hashed = parts.iter().filter(|part| part.tensor == tensor).map(bytes).sum();
    let store = MemoryStore::default();
    // From the file, and then from the store.
    for _ in 0..2 {
        let ledger = Ledger::default();
        let manifest = manifest(&folder, &[tensor]);
        fixtures::load_on(&folder.source, &store, &folder.index, &manifest, &ledger, &parts, |_, _| ())
            .unwrap();
        assert_eq!(ledger.checked(), Checked { hashed_bytes: hashed, of });
    }
    assert!(hashed > 0 && hashed < of);
}
