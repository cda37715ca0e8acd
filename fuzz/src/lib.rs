//! What several fuzz targets share.

use headscope::tokens::Tokens;
use headscope::weights::{Config, MemorySource, ShardedSource};
use std::sync::LazyLock;

/// GPT-2's tokenizer, which takes long to build.
pub fn gpt2() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
        Tokens::from_merges(include_str!("../../data/tokenizer/merges.txt")).expect("merges of GPT-2")
    });
    &TOKENS
}

/// Does it in a thread of its own: the tokenizers crate keeps a cache in each thread for every
/// tokenizer that it used, and gives it back with the thread alone.
pub fn alone(work: impl FnOnce() + Send) {
    let ended = std::thread::scope(|threads| threads.spawn(work).join());
    ended.expect("what panics ends the process before");
}

/// The parts of one input: four bytes stand between them that are no text, and in files of
/// numbers none that is finite.
pub fn parts(input: &[u8]) -> Vec<&[u8]> {
    const MARK: [u8; 4] = [0xff; 4];
    let (mut parts, mut rest) = (Vec::new(), input);
    while let Some(at) = rest.windows(4).position(|four| four == MARK) {
        parts.push(&rest[..at]);
        rest = &rest[at + 4..];
    }
    parts.push(rest);
    parts
}

/// A small model's sizes. Its file is small too: [`whole`].
pub fn config() -> &'static Config {
    static CONFIG: LazyLock<Config> = LazyLock::new(|| {
        let sizes = br#"{"model_type": "gpt2", "n_layer": 1, "n_head": 2, "n_embd": 8,
            "n_positions": 4, "vocab_size": 20}"#;
        Config::from_json(sizes).expect("a config")
    });
    &CONFIG
}

/// The file of a model of these sizes, of numbers that count up, as F32.
pub fn whole() -> &'static [u8] {
    static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        for (name, shape) in config().tensors() {
            let from = data.len();
            for number in 0..shape.iter().product::<u64>() {
                data.extend(((from as u64 / 4 + number) as f32).to_le_bytes());
            }
            let offsets = [from, data.len()];
            header
                .insert(name, serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": offsets }));
        }
        let header = serde_json::Value::Object(header).to_string();
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
    });
    &FILE
}

/// Files that are read as one, by the names of their places.
pub fn sharded(files: Vec<Vec<u8>>) -> Option<ShardedSource<MemorySource>> {
    let files = files.into_iter().enumerate();
    let files = files.map(|(i, file)| (format!("{i}.safetensors"), MemorySource::in_chunks(file, 11)));
    pollster::block_on(ShardedSource::open(files.collect(), None)).ok()
}
