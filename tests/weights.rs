//! Reading model files: headers as strictly as the safetensors crate reads
//! them, ranges, number types, and what a study has to fetch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use common::{Folder, NO_STORE, notebook_cases, read};
use headscope::model::{Depth, Gpt2, NoHooks};
use headscope::study::need;
use headscope::weights::plan::{join, locate, one_pass};
use headscope::weights::{
    Begun, ByteSource, Config, ConfigError, Index, IndexError, LoadError, Manifest, MemorySource,
    MemoryStore, Part, REQUEST_COST, SourceError, Store, bytes_of, sha256,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::ops::Range;

const FOLDER: &str = "tests/fixtures/random-3x4x32";

fn config() -> Value {
    common::json(&format!("{FOLDER}/config.json"))
}

fn config_error(field: &str, value: Value) -> ConfigError {
    let mut config = config();
    config[field] = value;
    Config::from_json(config.to_string().as_bytes()).unwrap_err()
}

#[test]
fn configs_that_cannot_be_run_name_the_field() {
    let told = |field: &str, value: Value| config_error(field, value).to_string();
    assert!(told("model_type", json!("llama")).contains("model_type = \"llama\""));
    assert!(told("activation_function", json!("relu")).contains("activation_function"));
    assert!(told("n_head", json!(5)).contains("n_head = 5"));
    assert!(told("n_layer", json!(0)).contains("n_layer = 0"));
    assert!(told("n_embd", json!(1_000_000)).contains("n_embd"));
    assert!(told("vocab_size", json!(100)).contains("vocab_size = 100"));
    assert!(told("layer_norm_epsilon", json!(-1.0)).contains("layer_norm_epsilon"));
    assert!(told("scale_attn_by_inverse_layer_idx", json!(true)).contains("scale_attn_by_inverse_layer_idx"));
    assert_eq!(config_error("n_layer", Value::Null), ConfigError::Missing("n_layer"));
    assert!(matches!(config_error("n_layer", json!("three")), ConfigError::Json(_)));
    assert!(matches!(Config::from_json(b"<html>"), Err(ConfigError::Json(_))));
}

#[test]
fn sizes_can_be_read_off_the_shapes() {
    // Heads of width 64 are taken for granted, which the fixture's are not.
    let (mut header, _) = file();
    let config = Config::from_header(header.to_string().as_bytes());
    assert!(config.unwrap_err().to_string().contains("n_head = 0"));
    let tensors = header.as_object_mut().unwrap();
    tensors["wte.weight"]["shape"] = json!([50257, 128]);
    let config = Config::from_header(header.to_string().as_bytes()).unwrap();
    assert_eq!((config.n_layer, config.n_head, config.d_model, config.n_ctx), (3, 2, 128, 64));
    assert!(Config::from_header(b"{}").is_err());
}

/// The fixture's header as JSON, and its data.
fn file() -> (Value, Vec<u8>) {
    let file = read(&format!("{FOLDER}/model.safetensors"));
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&file[8..8 + length]).unwrap(), file[8 + length..].to_vec())
}

fn assemble(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

fn open(file: Vec<u8>) -> Result<Index, LoadError> {
    let config = Config::from_json(config().to_string().as_bytes()).unwrap();
    common::index(&MemorySource::new(file), &config)
}

fn index_error(file: Vec<u8>) -> IndexError {
    match open(file).unwrap_err() {
        LoadError::Index(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn headers_are_checked_as_the_safetensors_crate_checks_them() {
    let (header, data) = file();
    assert!(open(assemble(&header, &data)).is_ok());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        let file = assemble(&header, &data);
        assert!(safetensors::SafeTensors::deserialize(&file).is_err(), "the crate refuses it as well");
        index_error(file)
    };
    let name = "h.0.ln_1.bias";
    let from = header[name]["data_offsets"][0].as_u64().unwrap();
    let to = header[name]["data_offsets"][1].as_u64().unwrap();
    assert!(matches!(changed(&|h| h[name]["data_offsets"] = json!([from + 4, to])), IndexError::Offsets(_)));
    assert!(matches!(changed(&|h| h[name]["data_offsets"] = json!([to, from])), IndexError::Offsets(_)));
    let size = changed(&|h| h[name]["shape"] = json!([33]));
    assert!(matches!(&size, IndexError::Size { tensor, needed: 132, .. } if tensor == name), "{size}");
    let overflow = changed(&|h| h[name]["shape"] = json!([u64::MAX, 2]));
    assert!(matches!(&overflow, IndexError::Overflow(tensor) if tensor == name), "{overflow}");
    let dtype = changed(&|h| h[name]["dtype"] = json!("F31"));
    assert!(matches!(&dtype, IndexError::Dtype { tensor, .. } if tensor == name), "{dtype}");
    assert!(matches!(changed(&|h| h[name]["shape"] = json!([-1])), IndexError::Json(_)));
}

#[test]
fn files_that_are_no_such_model_name_the_tensor() {
    let (header, data) = file();
    let whole = assemble(&header, &data);
    let truncated = index_error(whole[..whole.len() - 1].to_vec());
    assert!(matches!(truncated, IndexError::FileLength { .. }), "{truncated}");
    assert!(matches!(index_error(b"<!doctype html><html>".to_vec()), IndexError::HeaderLength(_)));
    assert!(matches!(index_error(vec![1; 5]), IndexError::TooShort(5)));

    let mut renamed = header.clone();
    let entry = renamed.as_object_mut().unwrap().remove("h.2.ln_1.weight").unwrap();
    renamed["something.else"] = entry;
    let missing = index_error(assemble(&renamed, &data));
    assert_eq!(missing, IndexError::Missing("h.2.ln_1.weight".to_owned()));

    let mut shaped = header.clone();
    shaped["wpe.weight"]["shape"] = json!([32, 64]);
    let shape = index_error(assemble(&shaped, &data));
    assert!(matches!(&shape, IndexError::Shape { tensor, .. } if tensor == "wpe.weight"), "{shape}");

    let mut integers = header.clone();
    integers["wpe.weight"]["dtype"] = json!("I32");
    let dtype = index_error(assemble(&integers, &data));
    assert!(matches!(&dtype, IndexError::Dtype { tensor, .. } if tensor == "wpe.weight"), "{dtype}");
}

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

#[test]
fn a_cut_part_goes_on_where_it_was_cut() {
    let folder = Folder::open(FOLDER);
    let part = Part { tensor: "h.1.mlp.c_fc.weight".to_owned(), rows: 0..32 };
    let (store, begun, parts) = (MemoryStore::default(), Begun::default(), [part]);
    let load = |source: &Faulty, receive: &mut dyn FnMut(Part, Vec<f32>)| {
        common::load_on(source, &store, &folder.index, &Manifest::default(), &begun, &parts, receive)
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

/// The fixture with other names and number types.
fn republished(prefix: &str, dtype: &str, narrow: impl Fn(f32) -> Vec<u8>) -> Vec<u8> {
    let (header, data) = file();
    let mut entries: Vec<_> =
        header.as_object().unwrap().iter().filter(|(k, _)| *k != "__metadata__").collect();
    entries.sort_by_key(|(_, entry)| entry["data_offsets"][0].as_u64());
    let mut renamed = serde_json::Map::new();
    let mut bytes = Vec::new();
    for (name, entry) in entries {
        let offset = |i: usize| entry["data_offsets"][i].as_u64().unwrap() as usize;
        let from = bytes.len();
        for number in data[offset(0)..offset(1)].chunks(4) {
            bytes.extend(narrow(f32::from_le_bytes(number.try_into().unwrap())));
        }
        let entry = json!({ "dtype": dtype, "shape": entry["shape"], "data_offsets": [from, bytes.len()] });
        renamed.insert(format!("{prefix}{name}"), entry);
    }
    assemble(&Value::Object(renamed), &bytes)
}

#[test]
fn prefixed_names_and_half_precision_are_read() {
    let cases = notebook_cases();
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let config = config().to_string();
    let resid = |file: Vec<u8>| {
        let model = Folder::of(config.as_bytes(), file).model(&cases, Depth::Pattern(2));
        let resid = pollster::block_on(async {
            model.block(0, &model.embed(&ids, &NoHooks).await.unwrap(), &NoHooks).await.unwrap()
        });
        resid.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let exact = resid(read(&format!("{FOLDER}/model.safetensors")));
    let largest = exact.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    let error = |file: Vec<u8>| {
        let differences = resid(file).iter().zip(&exact).map(|(a, b)| (a - b).abs()).collect::<Vec<_>>();
        differences.into_iter().fold(0.0_f32, f32::max) / largest
    };
    assert_eq!(error(republished("transformer.", "F32", |x| x.to_le_bytes().to_vec())), 0.0);
    // 11 and 8 bits of precision.
    let half = error(republished("", "F16", |x| half::f16::from_f32(x).to_le_bytes().to_vec()));
    assert!(half > 0.0 && half < 2e-3, "{half}");
    let brain = error(republished("", "BF16", |x| half::bf16::from_f32(x).to_le_bytes().to_vec()));
    assert!(brain > 0.0 && brain < 2e-2, "{brain}");
}

#[test]
fn a_study_that_goes_deeper_fetches_only_the_difference() {
    let folder = Folder::open(FOLDER);
    let cases = notebook_cases();
    let mut model = Gpt2::empty(folder.config.clone());
    let mut in_steps = folder.extend(&mut model, &cases, Depth::Pattern(0));
    assert!(!in_steps.is_empty());
    assert_eq!(folder.extend(&mut model, &cases, Depth::Pattern(0)), [], "nothing is fetched twice");
    in_steps.extend(folder.extend(&mut model, &cases, Depth::Pattern(2)));
    let mut at_once = folder.extend(&mut Gpt2::empty(folder.config.clone()), &cases, Depth::Pattern(2));
    let order = |part: &Part| (part.tensor.clone(), part.rows.start);
    in_steps.sort_by_key(order);
    at_once.sort_by_key(order);
    assert_eq!(in_steps, at_once);
}

fn word(id: usize) -> Part {
    Part { tensor: "wte.weight".to_owned(), rows: id..id + 1 }
}

#[test]
fn ranges_cover_their_pieces_and_close_ones_are_joined() {
    let folder = Folder::open(FOLDER);
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

fn load_quietly<S: ByteSource, T: Store>(
    source: &S,
    store: &T,
    index: &Index,
    parts: &[Part],
) -> Result<Vec<Part>, LoadError> {
    let mut received = Vec::new();
    common::load(source, store, index, &Manifest::default(), parts, |part, _| received.push(part))?;
    Ok(received)
}

/// Sends so many bytes in all and then fails every read.
struct Faulty {
    inner: MemorySource,
    left: Cell<u64>,
    read: Cell<u64>,
    ranges: bool,
}

impl Faulty {
    fn after(inner: &MemorySource, bytes: u64) -> Self {
        Self { inner: inner.clone(), left: Cell::new(bytes), read: Cell::new(0), ranges: true }
    }
}

impl ByteSource for Faulty {
    async fn length(&self) -> Result<u64, SourceError> {
        self.inner.length().await
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        let sent = self.left.get().min(range.end - range.start);
        self.left.set(self.left.get() - sent);
        self.read.set(self.read.get() + sent);
        self.inner.read(range.start..range.start + sent, on_bytes).await?;
        if sent == range.end - range.start { Ok(()) } else { Err(SourceError::Cancelled) }
    }

    fn serves_ranges(&self) -> bool {
        self.ranges
    }
}

/// What the random model's deepest pattern takes.
fn wanted(folder: &Folder) -> Vec<Part> {
    Gpt2::empty(folder.config.clone()).missing(&need(&notebook_cases(), Depth::Pattern(2)))
}

#[test]
fn a_load_that_is_cut_anywhere_keeps_every_whole_part() {
    let folder = Folder::open(FOLDER);
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
    let folder = Folder::open(FOLDER);
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
    let folder = Folder::open(FOLDER);
    let parts = wanted(&folder);
    let whole = Faulty { ranges: false, ..Faulty::after(&folder.source, u64::MAX) };
    assert_eq!(load_quietly(&whole, &NO_STORE, &folder.index, &parts).unwrap().len(), parts.len());
    assert!(whole.read.get() <= folder.index.file_len);
}

#[test]
fn a_pass_that_was_cut_goes_on_right() {
    let folder = Folder::open(FOLDER);
    let parts = wanted(&folder);
    let numbers = |source: &Faulty, begun: &Begun, store: &MemoryStore| {
        let mut received = std::collections::BTreeMap::new();
        let load = common::load_on(
            source,
            store,
            &folder.index,
            &Manifest::default(),
            begun,
            &parts,
            |part, numbers| drop(received.insert((part.tensor, part.rows.start), numbers)),
        );
        load.map(|()| received)
    };
    let whole = |bytes| Faulty { ranges: false, ..Faulty::after(&folder.source, bytes) };
    let right = numbers(&whole(u64::MAX), &Begun::default(), &MemoryStore::default()).unwrap();
    for tenth in 0..10 {
        let (begun, store) = (Begun::default(), MemoryStore::default());
        let cut = numbers(&whole(folder.index.file_len * tenth / 10), &begun, &store);
        assert!(cut.is_err(), "{tenth} tenths");
        assert_eq!(numbers(&whole(u64::MAX), &begun, &store).unwrap(), right, "{tenth} tenths");
    }
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
    let folder = Folder::open(FOLDER);
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
        common::load(&source, store, &folder.index, &manifest, std::slice::from_ref(&part), |_, _| ())
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
    let manifest = Manifest::from_tsv(include_str!("../data/gpt2/tensor-sha256.tsv"));
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
    let manifest = Manifest::from_tsv(include_str!("../data/gpt2/tensor-sha256.tsv"));
    assert_eq!(manifest.count(), 123);
    assert_eq!(manifest.check("wte.weight", b""), None);
    assert_eq!(manifest.check("h.0.ln_1.weight", b""), Some(false));
    // FIPS 180-2's example.
    assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
}

/// GPT-2 small's sizes.
fn gpt2_small() -> Config {
    let config = json!({
        "model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257
    });
    Config::from_json(config.to_string().as_bytes()).unwrap()
}

/// Bytes of parts of a model in F32.
fn bytes(config: &Config, parts: &[Part]) -> u64 {
    let row = |tensor: &str| {
        let (_, shape) = config.tensors().find(|(name, _)| name == tensor).unwrap();
        shape[1..].iter().product::<u64>()
    };
    parts.iter().map(|part| part.rows.len() as u64 * row(&part.tensor) * 4).sum()
}

#[test]
fn the_l1h5_study_needs_36_megabytes_of_gpt2_small() {
    let config = gpt2_small();
    let cases = notebook_cases();
    let empty = Gpt2::empty(config.clone());
    let study = bytes(&config, &empty.missing(&need(&cases, Depth::Pattern(1))));
    assert!((35_500_000..36_500_000).contains(&study), "{study}");
    let scores = bytes(&config, &empty.missing(&need(&cases, Depth::Pattern(11))));
    assert!(scores < 345_000_000, "{scores}");
    let logits = bytes(&config, &empty.missing(&need(&cases, Depth::Logits)));
    // Every parameter but the positions beyond the prompts.
    assert_eq!(logits, (124_439_808 - (1024 - 13) * 768) * 4);
}

#[test]
fn the_whole_word_table_is_fetched_once_rows_cost_more() {
    let empty = Gpt2::empty(gpt2_small());
    let mut wanted = need(&notebook_cases(), Depth::Pattern(0));
    let rows = |need: &headscope::model::Need| {
        empty.missing(need).iter().filter(|part| part.tensor == "wte.weight").count()
    };
    assert_eq!(rows(&wanted), wanted.tokens.len());
    wanted.tokens = (0..10_000).collect();
    // Parts of 8 MB, 154 MB in all.
    assert_eq!(rows(&wanted), 19);
}
