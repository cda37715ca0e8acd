//! Fixtures that several tests read, natively and in a browser.

use headscope::model::{Depth, Gpt2};
use headscope::prompts::{DrawSettings, Relations, WordSequence, WordTable, draw};
use headscope::study::{TokenizedPrompt, need};
use headscope::tokens::{Tokenized, Tokens};
use headscope::weights::{
    ByteSource, Config, Index, Ledger, LoadError, Loader, Manifest, MemorySource, MemoryStore, Part, Store,
    read_header,
};
use serde_json::Value;
use std::sync::LazyLock;

/// The folder of a small model of random weights.
pub const RANDOM: &str = "tests/fixtures/random-3x4x32";

/// A file of the repository.
pub fn read(path: &str) -> Vec<u8> {
    macro_rules! files {
        ($($name:literal),* $(,)?) => {
            match path {
                // A browser has no files, so they come with the test.
                $($name => include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $name)).to_vec(),)*
                other => panic!("{other} is not among the fixtures"),
            }
        };
    }
    files!(
        "data/gpt2/notebook.json",
        "data/tiny/config.json",
        "data/tiny/model.safetensors",
        "data/tiny/word-rows.bin",
        "data/tokenizer/merges.bin",
        "data/tokenizer/merges.txt",
        "data/gpt2/post-pattern.json",
        "tests/fixtures/gpt2-small/qk-ov-forms.json",
        "tests/fixtures/prompts.json",
        "tests/fixtures/links-0.1.0.txt",
        "tests/fixtures/ragged.json",
        "tests/fixtures/random-3x4x32/circuits.json",
        "tests/fixtures/random-3x4x32/published.json",
        "tests/fixtures/random-3x4x32/config.json",
        "tests/fixtures/random-3x4x32/model.safetensors",
        "tests/fixtures/random-3x4x32/reference.json",
        "tests/fixtures/results-0.1.0-drawn.json",
        "tests/fixtures/results-0.1.0-own-tokenizer.json",
        "tests/fixtures/results-0.1.0-text.json",
        "tests/fixtures/settings-0.1.0.json",
        "tests/fixtures/statistics.json",
        "tests/fixtures/tiny/reference.json",
        "tests/fixtures/tokenizers/merges.txt",
        "tests/fixtures/tokenizers/own.json",
        "tests/fixtures/tokenizers/reference.json",
        "tests/fixtures/tokenizers/vocab.json",
        "tests/fixtures/variants/reference.json",
    )
}

/// A JSON file of the repository.
pub fn json(path: &str) -> Value {
    serde_json::from_slice(&read(path)).unwrap()
}

/// A JSON array of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A JSON array of token ids or indices.
pub fn integers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as usize).collect()
}

/// A JSON array of strings.
pub fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|x| x.as_str().unwrap().to_owned()).collect()
}

/// GPT-2's tokenizer. To build it takes longer than most tests do, so all of them share it.
pub fn tokens() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
        Tokens::from_merges(std::str::from_utf8(&read("data/tokenizer/merges.txt")).unwrap()).unwrap()
    });
    &TOKENS
}

/// The notebook's sequences, tokenized.
pub fn notebook_prompts() -> Vec<(WordSequence, Tokenized)> {
    let drawn = draw(&WordTable::notebook(), &DrawSettings::default()).unwrap();
    drawn.into_iter().map(|sequence| (sequence.clone(), tokens().tokenize(&sequence).unwrap())).collect()
}

/// The notebook's kept prompts.
pub fn notebook_cases() -> Vec<TokenizedPrompt> {
    let prompts = notebook_prompts().into_iter().enumerate();
    let kept = prompts.filter(|(_, (words, tokenized))| tokenized.ids.len() == words.words.len() + 1);
    kept.map(|(sequence, (words, tokenized))| TokenizedPrompt {
        sequence,
        ids: tokenized.ids,
        relations: Relations::of(&words),
    })
    .collect()
}

/// A published model's folder, its file in memory.
pub struct Folder {
    pub config: Config,
    pub index: Index,
    pub source: MemorySource,
}

impl Folder {
    pub fn open(path: &str) -> Self {
        Self::of(&read(&format!("{path}/config.json")), read(&format!("{path}/model.safetensors")))
    }

    pub fn of(config: &[u8], file: Vec<u8>) -> Self {
        let config = Config::from_json(config).unwrap();
        // Chunks of an odd length cut numbers in the middle, as networks do.
        let source = MemorySource::in_chunks(file, 4099);
        let index = index(&source, &config).unwrap();
        let config = index.complete(config);
        Self { config, index, source }
    }

    /// The model with what these prompts need.
    pub fn model(&self, cases: &[TokenizedPrompt], depth: Depth) -> Gpt2 {
        let mut model = Gpt2::empty(self.config.clone());
        self.extend(&mut model, cases, depth);
        model
    }

    /// Loads what the model lacks; returns which parts those were.
    pub fn extend(&self, model: &mut Gpt2, cases: &[TokenizedPrompt], depth: Depth) -> Vec<Part> {
        let missing = model.missing(&need(cases, depth));
        let mut loaded = Vec::new();
        load(&self.source, &NO_STORE, &self.index, &Manifest::default(), &missing, |part, numbers| {
            model.insert(&part, numbers).unwrap();
            loaded.push(part);
        })
        .unwrap();
        loaded
    }
}

/// Keeps nothing.
pub const NO_STORE: Option<&MemoryStore> = None;

/// Reads a file's header.
pub fn index(source: &MemorySource, config: &Config) -> Result<Index, LoadError> {
    let header = pollster::block_on(read_header(source, 64))?;
    let file_len = pollster::block_on(source.length()).unwrap();
    Ok(Index::parse(&header, file_len, config)?)
}

/// Loads parts; the name that the store sees is "a model".
pub fn load<S: ByteSource, T: Store>(
    source: &S,
    store: &T,
    index: &Index,
    manifest: &Manifest,
    parts: &[Part],
    receive: impl FnMut(Part, Vec<f32>),
) -> Result<(), LoadError> {
    load_on(source, store, index, manifest, &Ledger::default(), parts, receive)
}

/// Loads parts and goes on where an earlier load was cut.
pub fn load_on<S: ByteSource, T: Store>(
    source: &S,
    store: &T,
    index: &Index,
    manifest: &Manifest,
    ledger: &Ledger,
    parts: &[Part],
    receive: impl FnMut(Part, Vec<f32>),
) -> Result<(), LoadError> {
    let loader = Loader { source, store, index, manifest, ledger, name: "a model", progress: &|_| () };
    pollster::block_on(loader.load(parts, receive))
}

/// Asserts that all numbers agree to `tolerance`, absolutely.
#[track_caller]
pub fn assert_close(what: &str, ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len(), "{what}: count");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}[{i}]: {a} against {b}");
    }
}
