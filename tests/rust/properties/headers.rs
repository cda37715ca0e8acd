//! Headers of model files, right and mutated: held to the safetensors crate.

use super::holds;
use headscope::weights::{MemorySource, ShardedSource};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Types of numbers that both know, with their bytes.
const DTYPES: [(&str, usize); 8] =
    [("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("U8", 1), ("BOOL", 1), ("F64", 8), ("F8_E4M3", 1)];

/// What is done to a header.
#[derive(Debug, Clone)]
enum Mutation {
    /// An offset is moved.
    Offset(Index, bool, i64),
    /// Two tensors change places.
    Swap(Index, Index),
    /// A side of a shape is another.
    Side(Index, u64),
    /// A shape gains a side.
    Longer(Index, u64),
    /// The numbers are of another type.
    Dtype(Index, &'static str),
    /// A field of a tensor goes.
    Field(Index, &'static str),
    /// A tensor goes.
    Remove(Index),
    /// A byte of the header's text is another.
    Byte(Index, u8),
    /// The length that the file's first bytes tell is another.
    Length(i64),
    /// The file ends early or goes on.
    End(i64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    let side = || prop_oneof![0..9_u64, Just(u64::MAX), Just(1 << 62), Just(1 << 32)];
    prop_oneof![
        (at(), any::<bool>(), -8..9_i64).prop_map(|(at, end, by)| Mutation::Offset(at, end, by)),
        (at(), at()).prop_map(|(a, b)| Mutation::Swap(a, b)),
        (at(), side()).prop_map(|(at, side)| Mutation::Side(at, side)),
        (at(), side()).prop_map(|(at, side)| Mutation::Longer(at, side)),
        (at(), select(&DTYPES)).prop_map(|(at, (dtype, _))| Mutation::Dtype(at, dtype)),
        (at(), select(&["dtype", "shape", "data_offsets"]))
            .prop_map(|(at, field)| Mutation::Field(at, field)),
        at().prop_map(Mutation::Remove),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (-9..9_i64).prop_map(Mutation::Length),
        (-9..9_i64).prop_map(Mutation::End),
    ]
}

/// A header that is right, and the length of its data.
fn header() -> impl Strategy<Value = (Map<String, Value>, usize)> {
    let tensor = (vec(0..5_usize, 0..4), select(&DTYPES));
    vec(tensor, 1..6).prop_map(|tensors| {
        let (mut header, mut end) = (Map::new(), 0);
        for (i, (shape, (dtype, size))) in tensors.into_iter().enumerate() {
            let from = end;
            end += shape.iter().product::<usize>() * size;
            // Files have their tensors in any order, and names sort otherwise than places.
            let name = format!("{}.{i}", ["h", "a", "wte", "ln"][i % 4]);
            header.insert(name, json!({ "dtype": dtype, "shape": shape, "data_offsets": [from, end] }));
        }
        (header, end)
    })
}

/// The file, with the mutations made.
fn file(mut header: Map<String, Value>, data: usize, mutations: &[Mutation]) -> Vec<u8> {
    let (mut bytes, mut length, mut end) = (Vec::new(), 0, data as i64);
    for mutation in mutations {
        let names: Vec<String> = header.keys().cloned().collect();
        let name = |at: &Index| names[at.index(names.len())].clone();
        match mutation {
            _ if names.is_empty() => {}
            Mutation::Offset(at, last, by) => {
                if let Some(offset) =
                    header[&name(at)].pointer_mut(["/data_offsets/0", "/data_offsets/1"][usize::from(*last)])
                {
                    *offset = (offset.as_i64().unwrap_or(0) + by).into();
                }
            }
            Mutation::Swap(a, b) => {
                let (a, b) = (name(a), name(b));
                let of_a = header[&a].clone();
                header[&a] = std::mem::replace(&mut header[&b], of_a);
            }
            Mutation::Side(at, side) => {
                if let Some(first) = header[&name(at)].pointer_mut("/shape/0") {
                    *first = (*side).into();
                }
            }
            Mutation::Longer(at, side) => {
                let shape = header[&name(at)].get_mut("shape").and_then(Value::as_array_mut);
                shape.into_iter().for_each(|shape| shape.push((*side).into()));
            }
            Mutation::Dtype(at, dtype) => header[&name(at)]["dtype"] = (*dtype).into(),
            Mutation::Field(at, field) => {
                header[&name(at)].as_object_mut().unwrap().remove(*field);
            }
            Mutation::Remove(at) => {
                header.remove(&name(at));
            }
            Mutation::Byte(..) => {}
            Mutation::Length(by) => length += by,
            Mutation::End(by) => end += by,
        }
    }
    let mut text = Value::Object(header).to_string().into_bytes();
    for mutation in mutations {
        if let Mutation::Byte(at, byte) = mutation {
            let at = at.index(text.len());
            text[at] = *byte;
        }
    }
    bytes.extend((text.len() as u64).wrapping_add_signed(length).to_le_bytes());
    bytes.extend(text);
    bytes.extend(vec![0; end.max(0) as usize]);
    bytes
}

/// Where each tensor's bytes lie, as we read it: in a file of its own there is no
/// architecture to hold it to.
fn ours(file: &[u8]) -> Option<BTreeMap<String, (u64, u64)>> {
    let source = MemorySource::in_chunks(file.to_vec(), 7);
    let read = ShardedSource::open(vec![("a file".to_owned(), source)], None);
    let header: Value = serde_json::from_slice(pollster::block_on(read).ok()?.header()).unwrap();
    let place = |entry: &Value| [0, 1].map(|end| entry["data_offsets"][end].as_u64().unwrap()).into();
    Some(header.as_object().unwrap().iter().map(|(name, entry)| (name.clone(), place(entry))).collect())
}

/// The same as the crate reads it.
fn theirs(file: &[u8]) -> Option<BTreeMap<String, (u64, u64)>> {
    let (_, header) = SafeTensors::read_metadata(file).ok()?;
    SafeTensors::deserialize(file).ok()?;
    let place = |offsets: (usize, usize)| (offsets.0 as u64, offsets.1 as u64);
    Some(header.tensors().into_iter().map(|(name, info)| (name, place(info.data_offsets))).collect())
}

/// Whether a header has what we take and the crate does not: notes of any type, tensors of
/// a type that nobody knows, zeros behind it, a byte-order mark, and numbers as Python
/// writes them.
fn is_taken_beyond(file: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&file[8..]);
    let unknown = |dtype: &str| !DTYPES.iter().any(|(known, _)| *known == dtype);
    let mut dtypes = text.split("\"dtype\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    dtypes.any(unknown) || text.contains("__metadata__") || text.contains("}\0") || text.contains("NaN")
}

#[test]
fn headers_are_read_as_the_safetensors_crate_reads_them() {
    let files = (header(), vec(mutation(), 0..4));
    holds(file!(), 3000, &files, |((header, data), mutations)| {
        let file = file(header, data, &mutations);
        let (ours, theirs) = (ours(&file), theirs(&file));
        if mutations.is_empty() {
            prop_assert!(ours.is_some(), "a right header is refused");
        }
        if !(ours.is_some() && theirs.is_none() && is_taken_beyond(&file)) {
            prop_assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&file[8..]));
        }
        Ok(())
    });
}
