//! The models that go by a name of their own, `gpt2` and `tiny`: what is known of them
//! without a request.

use super::Problem;
use crate::model::{Gpt2, Result as ModelResult, WorkerPool};
use crate::weights::{Config, Index, LoadError, Part};
use half::f16;
use serde_json::json;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of the published GPT-2 small's `model.safetensors`.
pub const GPT2_LENGTH: u64 = 548_105_171;
/// Bytes of its header, the eight that tell its length included.
pub const GPT2_HEADER: u64 = 14_291;
/// Its config.json, as far as it matters.
const GPT2_CONFIG: &[u8] = br#"{"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768,
    "n_positions": 1024, "vocab_size": 50257}"#;

const TINY_CONFIG: &[u8] = include_bytes!("../../data/tiny/config.json");
/// Rows of the bundled model's wte for the tokens of the built-in words, by id: the id in two
/// bytes, then the numbers as its file has them. They lie all over the file, each a request of
/// its own, and are part of the module instead.
const TINY_WORD_ROWS: &[u8] = include_bytes!("../../data/tiny/word-rows.bin");

/// A model's config.json and the type of its numbers.
#[must_use]
pub fn json_of(id: &str) -> Option<(&'static [u8], &'static str)> {
    match id {
        "gpt2" => Some((GPT2_CONFIG, "F32")),
        "tiny" => Some((TINY_CONFIG, "F16")),
        _ => None,
    }
}

/// A model's sizes.
#[must_use]
pub fn config_of(id: &str) -> Option<Config> {
    Config::from_json(json_of(id)?.0).ok()
}

/// Any model without weights, but for those of the bundled one that are part of the module.
///
/// # Errors
///
/// Those of [`Gpt2::insert`], of a bundled model that is another.
pub fn without_weights(id: &str, config: &Config, pool: Option<Rc<dyn WorkerPool>>) -> ModelResult<Gpt2> {
    let mut model = Gpt2::shared(config.clone(), pool);
    let rows = if id == "tiny" { TINY_WORD_ROWS } else { &[] };
    for row in rows.chunks_exact(2 * (1 + config.d_model)) {
        let (pairs, _) = row.as_chunks();
        let id = usize::from(u16::from_le_bytes(pairs[0]));
        let numbers = pairs[1..].iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect();
        model.insert(&Part { tensor: "wte.weight".to_owned(), rows: id..id + 1 }, numbers)?;
    }
    Ok(model)
}

/// Where tensors lie in a file that holds nothing but a GPT-2, in the order in which
/// safetensors writes them. The bundled model's file is so; the published one has
/// another order, which hardly changes what a study moves.
///
/// # Errors
///
/// A [`Problem`] if the sizes make no file.
pub fn usual_index(config: &Config, dtype: &str) -> Result<Index, Problem> {
    let size = if dtype == "F32" { 4 } else { 2 };
    let mut end = 0;
    let mut header = BTreeMap::new();
    for (name, shape) in config.tensors().collect::<BTreeMap<_, _>>() {
        let begin = end;
        end += size * shape.iter().product::<u64>();
        header.insert(name, json!({ "dtype": dtype, "shape": shape, "data_offsets": [begin, end] }));
    }
    let header = serde_json::to_vec(&header).map_err(Problem::bug)?;
    Ok(Index::parse(&header, 8 + header.len() as u64 + end, config).map_err(LoadError::from)?)
}
