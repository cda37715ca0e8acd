//! The header of `model.safetensors`, read and checked without the tensors.
//!
//! The checks are those of the `safetensors` crate, but that notes and tensors which
//! are of no use here may be of any type. Its own type is not used
//! because it keeps offsets in `usize`, which in WebAssembly cannot count the
//! bytes of GPT-2 XL, and because it refuses a header without the data.

use super::config::{LM_HEAD, Unembedding};
use super::{Config, IndexError, python};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;

/// No published GPT-2 has a header of more than 100 kB.
const MAX_HEADER: u64 = 16 << 20;
/// The header's length stands in the first eight bytes.
pub(super) const LENGTH_BYTES: u64 = 8;

/// Number types that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// bfloat16.
    BF16,
}

impl Dtype {
    /// Bytes of one number.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
        }
    }
}

/// Where a tensor lies in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Type of its numbers.
    pub dtype: Dtype,
    /// Shape, row-major.
    pub shape: Vec<usize>,
    /// Bytes in the file, header included; aligned to nothing.
    pub bytes: Range<u64>,
}

impl Span {
    /// Length of the first dimension.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// Numbers in one row of the first dimension.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// Bytes of some rows.
    #[must_use]
    pub fn row_bytes(&self, rows: &Range<usize>) -> Range<u64> {
        let row = (self.row_len() * self.dtype.size()) as u64;
        self.bytes.start + rows.start as u64 * row..self.bytes.start + rows.end as u64 * row
    }
}

/// Where every tensor of a GPT-2 lies in its file, under names without prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    spans: HashMap<String, Span>,
    /// Length of the file in bytes.
    pub file_len: u64,
}

/// What a header says of a tensor.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    dtype: String,
    shape: Vec<u64>,
    /// Its bytes, counted from the end of the header.
    pub(super) data_offsets: (u64, u64),
}

#[derive(Deserialize)]
struct Header {
    /// Notes of whoever wrote the file, of any type.
    #[serde(rename = "__metadata__")]
    _metadata: Option<IgnoredAny>,
    #[serde(flatten)]
    tensors: BTreeMap<String, Entry>,
}

/// The tensors in the JSON header of a file of `file_len` bytes, if they follow one
/// another and fill it.
pub(super) fn tensors(header: &[u8], file_len: u64) -> Result<BTreeMap<String, Entry>, IndexError> {
    // The format pads a header with spaces; some writers take zeros.
    let padding = header.iter().rev().take_while(|byte| **byte == 0).count();
    let json = python::json(&header[..header.len() - padding]);
    let Header { tensors, .. } =
        serde_json::from_slice(&json).map_err(|e| IndexError::Json(e.to_string()))?;
    let mut in_order: Vec<(&String, &Entry)> = tensors.iter().collect();
    in_order.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut end = 0;
    for (name, entry) in in_order {
        let (from, to) = entry.data_offsets;
        if from != end || to < from {
            return Err(IndexError::Offsets(name.clone()));
        }
        check_size(name, entry)?;
        end = to;
    }
    let data_start = LENGTH_BYTES + header.len() as u64;
    let expected =
        data_start.checked_add(end).ok_or_else(|| IndexError::Overflow("(the last)".to_owned()))?;
    if expected != file_len {
        return Err(IndexError::FileLength { found: file_len, expected });
    }
    Ok(tensors)
}

impl Index {
    /// Bytes of the JSON header, from the first eight bytes of the file.
    ///
    /// # Errors
    ///
    /// [`IndexError::HeaderLength`] where those are not a header's length.
    pub fn header_bytes(first: [u8; 8], file_len: u64) -> Result<Range<u64>, IndexError> {
        let length = u64::from_le_bytes(first);
        if length > MAX_HEADER || length + LENGTH_BYTES > file_len {
            return Err(IndexError::HeaderLength(length));
        }
        Ok(LENGTH_BYTES..LENGTH_BYTES + length)
    }

    /// Reads and checks the JSON header of a file of `file_len` bytes against
    /// the architecture.
    ///
    /// # Errors
    ///
    /// [`IndexError`] names the tensor at fault.
    pub fn parse(header: &[u8], file_len: u64, config: &Config) -> Result<Self, IndexError> {
        let tensors = tensors(header, file_len)?;
        let data_start = LENGTH_BYTES + header.len() as u64;
        let prefix = if tensors.contains_key("transformer.wte.weight") { "transformer." } else { "" };
        let mut spans = HashMap::new();
        // The unembedding belongs to no `transformer`, and a silent config does not ask for it.
        let own = config.own_unembedding().map(|(name, shape)| (name.clone(), name, shape));
        let asked = config.unembedding == Unembedding::Own;
        let own = own.filter(|(name, ..)| asked || tensors.contains_key(name));
        let prefixed = config.tensors().map(|(name, shape)| (format!("{prefix}{name}"), name, shape));
        for (published, name, shape) in prefixed.chain(own) {
            let entry = tensors.get(&published).ok_or_else(|| IndexError::Missing(published.clone()))?;
            if entry.shape != shape {
                return Err(IndexError::Shape {
                    tensor: published,
                    found: entry.shape.clone(),
                    expected: shape,
                });
            }
            let dtype = match entry.dtype.as_str() {
                "F32" => Dtype::F32,
                "F16" => Dtype::F16,
                "BF16" => Dtype::BF16,
                other => {
                    return Err(IndexError::Dtype { tensor: published, dtype: other.to_owned() });
                }
            };
            let (from, to) = entry.data_offsets;
            let shape = shape.iter().map(|&n| n as usize).collect();
            spans.insert(name, Span { dtype, shape, bytes: data_start + from..data_start + to });
        }
        Ok(Self { spans, file_len })
    }

    /// The sizes, with what only the file can tell: which table gives the logits.
    #[must_use]
    pub fn complete(&self, config: Config) -> Config {
        let own = self.spans.contains_key(LM_HEAD);
        let unembedding = if own { Unembedding::Own } else { Unembedding::Tied };
        Config { unembedding, ..config }
    }

    /// What a visitor should know of numbers that are shorter than those computed with.
    #[must_use]
    pub fn precision_note(&self) -> Option<&'static str> {
        match self.spans.get("wte.weight")?.dtype {
            Dtype::F32 => None,
            Dtype::F16 => Some("Its weights are F16, and computed with in single precision."),
            Dtype::BF16 => Some("Its weights are BF16, and computed with in single precision."),
        }
    }

    /// Where a tensor of the architecture lies.
    ///
    /// # Errors
    ///
    /// [`IndexError::Missing`] for a name that GPT-2 does not have.
    pub fn span(&self, tensor: &str) -> Result<&Span, IndexError> {
        self.spans.get(tensor).ok_or_else(|| IndexError::Missing(tensor.to_owned()))
    }
}

fn check_size(name: &str, entry: &Entry) -> Result<(), IndexError> {
    let bits = match entry.dtype.as_str() {
        "F64" | "I64" | "U64" | "C64" => 64,
        "F32" | "I32" | "U32" => 32,
        "F16" | "BF16" | "I16" | "U16" => 16,
        "BOOL" | "I8" | "U8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" => 8,
        // An unknown type is an error only where the tensor is needed.
        _ => return Ok(()),
    };
    let needed = (entry.shape.iter())
        .try_fold(1, |product: u64, &n| product.checked_mul(n))
        .and_then(|numbers| numbers.checked_mul(bits / 8))
        .ok_or_else(|| IndexError::Overflow(name.to_owned()))?;
    let bytes = entry.data_offsets.1 - entry.data_offsets.0;
    if bytes == needed {
        return Ok(());
    }
    let Entry { dtype, shape, .. } = entry;
    Err(IndexError::Size {
        tensor: name.to_owned(),
        bytes,
        dtype: dtype.clone(),
        shape: shape.clone(),
        needed,
    })
}
