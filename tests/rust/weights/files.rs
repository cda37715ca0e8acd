//! Headers as strictly as the safetensors crate reads them, models in several files, and
//! number types.

use super::{Faulty, assemble, config, file, index_error, open, republished, wanted};
use crate::fixtures::{self, Folder, NO_STORE, RANDOM, notebook_cases, read};
use crate::test;
use headscope::model::{Depth, NoHooks};
use headscope::weights::{
    ByteSource, Config, Index, IndexError, LoadError, Manifest, MemorySource, Part, ShardMap, ShardedSource,
    SourceError, found_in, read_header,
};
use serde_json::{Value, json};
use std::ops::Range;

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
    // A tensor of nothing is one whatever its other sides.
    let mut header = header.clone();
    header["empty"] =
        json!({ "dtype": "F32", "shape": [usize::MAX, 0], "data_offsets": [data.len(), data.len()] });
    let file = assemble(&header, &data);
    assert!(safetensors::SafeTensors::deserialize(&file).is_ok() && open(file).is_ok());
}

#[test]
fn headers_may_hold_notes_and_tensors_that_are_of_no_use_here() {
    let (header, data) = file();
    let plain = open(assemble(&header, &data)).unwrap();
    for notes in [
        json!({ "format": "pt" }),
        json!({ "epoch": 3, "loss": 2.5, "nested": { "a": [1, null] } }),
        json!("made by hand"),
        Value::Null,
    ] {
        let mut header = header.clone();
        header["__metadata__"] = notes;
        assert!(open(assemble(&header, &data)).is_ok());
    }
    // Whatever fills up a header, the data begin behind it.
    for padding in [&b"       "[..], b"\n\t \r\n", b"\0\0\0"] {
        let json = [header.to_string().as_bytes(), padding].concat();
        let file = [&(json.len() as u64).to_le_bytes(), &*json, &data].concat();
        let index = open(file).unwrap();
        let begins = |index: &Index| index.span("wte.weight").unwrap().bytes.start;
        assert_eq!(
            begins(&index) - begins(&plain),
            (8 + json.len() as u64 + data.len() as u64) - plain.file_len
        );
    }
    // A buffer of a type that nobody knew when this was written.
    for dtype in ["F4", "F6_E2M3", "U1", "something else"] {
        let mut header = header.clone();
        let end = data.len();
        header["h.0.attn.extra"] = json!({ "dtype": dtype, "shape": [3, 5], "data_offsets": [end, end + 7] });
        let longer = [&data[..], &[0; 7]].concat();
        assert!(open(assemble(&header, &longer)).is_ok(), "{dtype}");
        // Where it lies is checked all the same.
        assert!(matches!(index_error(assemble(&header, &data)), IndexError::FileLength { .. }));
        header["h.0.ln_1.bias"]["dtype"] = json!(dtype);
        let told = index_error(assemble(&header, &longer)).to_string();
        assert!(told.contains("h.0.ln_1.bias") && told.contains(dtype), "{told}");
    }
}

/// The fixture divided into files: the list of them, and each with its name.
fn divided(count: usize) -> (Value, Vec<(String, Vec<u8>)>) {
    let (header, data) = file();
    let mut headers = vec![json!({ "__metadata__": { "format": "pt" } }); count];
    let mut parts = vec![Vec::new(); count];
    let mut map = serde_json::Map::new();
    let name = |i: usize| format!("model-{:05}-of-{count:05}.safetensors", i + 1);
    let tensors = header.as_object().unwrap().iter().filter(|(tensor, _)| *tensor != "__metadata__");
    for (i, (tensor, entry)) in tensors.enumerate() {
        let [from, to] = [0, 1].map(|end| entry["data_offsets"][end].as_u64().unwrap() as usize);
        let part: &mut Vec<u8> = &mut parts[i % count];
        let offsets = [part.len(), part.len() + to - from];
        part.extend_from_slice(&data[from..to]);
        headers[i % count][tensor] =
            json!({ "dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": offsets });
        map.insert(tensor.clone(), name(i % count).into());
    }
    let files = headers.iter().zip(&parts).enumerate();
    let files = files.map(|(i, (header, part))| (name(i), assemble(header, part))).collect();
    // The total is often wrong, and sometimes no number at all.
    (json!({ "metadata": { "total_size": "unknown" }, "weight_map": map }), files)
}

fn open_shards(
    list: &Value,
    files: Vec<(String, Vec<u8>)>,
) -> Result<ShardedSource<MemorySource>, LoadError> {
    let map = ShardMap::from_json(list.to_string().as_bytes())?;
    let source = |(name, bytes): (String, Vec<u8>)| (name, MemorySource::in_chunks(bytes, 4099));
    pollster::block_on(ShardedSource::open(files.into_iter().map(source).collect(), Some(&map)))
}

/// Takes what a load brings.
type Receive<'a> = dyn FnMut(Part, Vec<f32>) + 'a;

/// Files by their names.
type Files = Vec<(String, Vec<u8>)>;

#[test]
fn a_model_in_several_files_is_the_same_model() {
    let config = Config::from_json(config().to_string().as_bytes()).unwrap();
    let whole = Folder::open(RANDOM);
    let parts = wanted(&whole);
    let numbers = |source: &dyn Fn(&mut Receive<'_>)| {
        let mut found = std::collections::HashMap::new();
        source(&mut |part, numbers| _ = found.insert((part.tensor, part.rows), numbers));
        found
    };
    let expected = numbers(&|receive| {
        fixtures::load(&whole.source, &NO_STORE, &whole.index, &Manifest::default(), &parts, receive)
            .unwrap();
    });
    for count in 1..=3 {
        let (list, files) = divided(count);
        let source = open_shards(&list, files).unwrap();
        let length = pollster::block_on(source.length()).unwrap();
        assert_eq!(length, source.file_len());
        let index = Index::parse(source.header(), length, &config).unwrap();
        let load = |source: &ShardedSource<MemorySource>| {
            numbers(&|receive| {
                fixtures::load(source, &NO_STORE, &index, &Manifest::default(), &parts, receive).unwrap();
            })
        };
        assert!(load(&source) == expected, "in {count} files");
        // From what is kept of it the next visit has it without asking.
        let again = ShardedSource::known(source.header(), source.shards().to_vec());
        assert!(load(&again) == expected, "in {count} files, known");
        // Read from end to end it is a safetensors file of its own.
        let mut all = Vec::new();
        pollster::block_on(source.read(0..length, &mut |bytes| all.extend_from_slice(bytes))).unwrap();
        assert_eq!(open(all).unwrap(), index);
    }
}

#[test]
fn a_list_of_files_is_not_trusted() {
    let (list, files) = divided(2);
    let (first, tensor) = (files[0].0.clone(), "h.0.ln_1.bias");
    for name in [
        "../model.safetensors",
        "https://a.example/model.safetensors",
        "a/model.safetensors",
        "a\\model.safetensors",
        "..safetensors",
        "model.safetensors?x=.safetensors",
        "model.safetensors#.safetensors",
        "model%2f.safetensors",
        "model .safetensors",
        "pytorch_model-00001-of-00002.bin",
        "",
        &format!("{}.safetensors", "a".repeat(300)),
    ] {
        let mut list = list.clone();
        list["weight_map"][tensor] = name.into();
        let told = ShardMap::from_json(list.to_string().as_bytes()).unwrap_err();
        assert!(matches!(&told, IndexError::ShardName(_)), "{name}: {told}");
        assert!(told.to_string().contains(name.chars().take(40).collect::<String>().as_str()), "{told}");
    }
    let wrong = |list: &Value| ShardMap::from_json(list.to_string().as_bytes()).unwrap_err();
    assert!(matches!(wrong(&json!({})), IndexError::ShardMap(_)));
    assert!(matches!(wrong(&json!({ "weight_map": {} })), IndexError::ShardMap(_)));
    assert!(matches!(wrong(&json!({ "weight_map": ["a.safetensors"] })), IndexError::ShardMap(_)));
    let many: serde_json::Map<_, _> =
        (0..300).map(|i| (format!("t{i}"), format!("{i}.safetensors").into())).collect();
    assert!(wrong(&json!({ "weight_map": many })).to_string().contains("300 files"));

    // A tensor that is listed where it is not.
    let mut moved = list.clone();
    let other = moved["weight_map"].as_object().unwrap().iter().find(|(_, file)| **file != first);
    let other = other.unwrap().0.clone();
    moved["weight_map"][&other] = first.clone().into();
    let told = open_shards(&moved, files.clone()).unwrap_err();
    let expected = IndexError::NotInShard { tensor: other, file: first.clone() };
    assert_eq!(told, LoadError::Index(expected));
    let mut more = list.clone();
    more["weight_map"]["h.9.ln_1.bias"] = first.clone().into();
    assert!(open_shards(&more, files.clone()).unwrap_err().to_string().contains("h.9.ln_1.bias"));

    // A fault is that of the file that has it.
    let told = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        open_shards(&list, files).unwrap_err().to_string()
    };
    let second = &files[1].0;
    let half = files[1].1.len() / 2;
    for told in [
        told(&|files| files[1].1.truncate(half)),
        told(&|files| files[1].1.truncate(4)),
        told(&|files| files[1].1.push(0)),
        told(&|files| files[1].1[8] = b'x'),
        told(&|files| files[1].1 = b"<!doctype html><title>Not here".to_vec()),
    ] {
        assert!(told.contains(second.as_str()), "{told}");
    }
    let twice = told(&|files| files[1].1 = files[0].1.clone());
    assert!(twice.contains("in two of the model's files"), "{twice}");
}

/// A file of one tensor of a type that nobody knows, as long as a number can be.
struct Endless(Vec<u8>);

impl Endless {
    fn new() -> Self {
        let header =
            |end: u64| json!({ "t": { "dtype": "?", "shape": [], "data_offsets": [0, end] } }).to_string();
        let end = u64::MAX - 8 - header(u64::MAX).len() as u64;
        Self(assemble(&serde_json::from_str(&header(end)).unwrap(), &[]))
    }
}

impl ByteSource for Endless {
    async fn length(&self) -> Result<u64, SourceError> {
        Ok(u64::MAX)
    }

    async fn read(&self, range: Range<u64>, on_bytes: &mut dyn FnMut(&[u8])) -> Result<(), SourceError> {
        on_bytes(&self.0[range.start as usize..self.0.len().min(range.end as usize)]);
        Ok(())
    }
}

#[test]
fn files_that_say_they_are_endless_are_refused() {
    let files = ["a", "b"].map(|name| (format!("{name}.safetensors"), Endless::new()));
    for count in [1, 2] {
        let files = files.iter().take(count).map(|(name, file)| (name.clone(), Endless(file.0.clone())));
        let Err(error) = pollster::block_on(ShardedSource::open(files.collect(), None)) else {
            panic!("{count} files are taken");
        };
        assert!(error.to_string().contains("too large"), "{error}");
    }
}

#[test]
fn files_that_are_no_such_model_name_the_tensor() {
    let (header, data) = file();
    let whole = assemble(&header, &data);
    let truncated = index_error(whole[..whole.len() - 1].to_vec());
    assert!(matches!(truncated, IndexError::FileLength { .. }), "{truncated}");
    assert!(matches!(index_error(b"<!doctype html><html>".to_vec()), IndexError::OtherFile(_)));
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
    let exact = resid(read(&format!("{RANDOM}/model.safetensors")));
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
fn a_header_comes_with_the_first_request_where_it_is_short_enough() {
    let folder = Folder::open(RANDOM);
    let whole = pollster::block_on(read_header(&folder.source, 1 << 20)).unwrap();
    for guess in [0, 8, 9, 100, whole.len() as u64 + 8, u64::MAX] {
        let counted = Faulty::after(&folder.source, u64::MAX);
        assert_eq!(pollster::block_on(read_header(&counted, guess)).unwrap(), whole, "guess {guess}");
        let moved = folder.index.file_len.min(guess).max(whole.len() as u64 + 8);
        assert_eq!(counted.read.get(), moved, "guess {guess}");
    }
    let short = MemorySource::new(vec![1, 2, 3]);
    let error = pollster::block_on(read_header(&short, 100)).unwrap_err();
    assert_eq!(error, LoadError::Index(IndexError::TooShort(3)));
}

#[test]
fn what_stands_in_a_files_place_is_named() {
    let header = |source: &[u8]| {
        let source = MemorySource::new(source.to_vec());
        pollster::block_on(read_header(&source, 100)).unwrap_err().to_string()
    };
    for (bytes, named) in [
        (&b"<!DOCTYPE html><title>Sign in</title>"[..], "a web page"),
        (b"\xef\xbb\xbf\r\n<HTML>", "a web page"),
        (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied", "XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "pointer"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip"),
        (b"PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl", "zip"),
    ] {
        assert!(header(bytes).contains(named), "{}", header(bytes));
        assert!(found_in(bytes).is_some());
    }
    // Lengths may look like anything.
    for bytes in
        [&b"\x1f\x8b\x08\0\0\0\0\0{\"a\""[..], b"<html\0\0\0{\"a\"", b"{\"model_type\": \"gpt2\"}", b""]
    {
        assert_eq!(found_in(bytes), None);
    }
}
