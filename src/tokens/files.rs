//! The files of a model's own tokenizer: `tokenizer.json`, or `vocab.json` and
//! `merges.txt` as older models have them.
//!
//! `tokenizer.json` is taken apart here, and not by the `tokenizers` crate, whose type
//! for it holds all tokenizers that exist: those would be a third of the page's
//! WebAssembly.

use super::{BOS, BOS_TEXT, ByteLevel, Tokens, TokensError, byte_symbols, failed};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokenizers::AddedToken;
use tokenizers::models::bpe::{BPE, BpeBuilder, Merges, Vocab};

/// SHA-256 of GPT-2's merges, a line each.
const GPT2_MERGES: &str = "ac33235097fe06d4a8fff0feac994644809e6eb6ab70669e1e9fd40ae032428e";
/// Beginnings of a text by name, where config.json names none; the likeliest first.
const BOS_NAMES: [&str; 5] = [BOS_TEXT, "<s>", "<bos>", "[BOS]", "<|startoftext|>"];
/// Ends of a text by name, beside those that config.json names.
const END_NAMES: [&str; 2] = [BOS_TEXT, "</s>"];

/// What a model says of its tokenizer beside the tokenizer's own files.
#[derive(Debug, Clone, Copy)]
pub struct Hints<'a> {
    /// `bos_token_id` of config.json. Many a file has GPT-2's, whatever its vocabulary.
    pub bos: Option<u32>,
    /// `eos_token_id` of config.json.
    pub eos: &'a [u32],
    /// Rows of the embedding.
    pub rows: usize,
}

/// The merges of a `merges.txt` or `vocab.bpe`.
pub(super) fn merges(text: &str) -> Result<Merges, TokensError> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("#version"));
    let pair = |(i, line): (usize, &str)| {
        let (left, right) = line.split_once(' ').ok_or(TokensError::BadMerge { line: i + 1 })?;
        Ok((left.to_owned(), right.to_owned()))
    };
    lines.map(pair).collect()
}

impl Tokens {
    /// The tokenizer of a `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// [`TokensError::Unsupported`] names what it has and GPT-2's has not;
    /// [`TokensError::File`] or [`TokensError::BadMerge`] if the file is damaged,
    /// [`TokensError::NoBos`] if nothing can begin a text.
    pub fn from_tokenizer_json(json: &[u8], hints: &Hints<'_>) -> Result<Self, TokensError> {
        const FILE: &str = "tokenizer.json";
        let file: Value = serde_json::from_slice(json).map_err(|e| bad(FILE, e.to_string()))?;
        let bytes = byte_level(&file)?;
        let model = &file["model"];
        let builder = options(model)?;
        let mut vocab = vocab(FILE, &model["vocab"])?;
        let merges = model["merges"].as_array().map(Vec::as_slice).unwrap_or_default();
        let merges = merges.iter().enumerate().map(|(i, merge)| {
            let pair = match merge {
                Value::String(text) => text.split_once(' '),
                Value::Array(pair) => {
                    pair.first().and_then(Value::as_str).zip(pair.get(1).and_then(Value::as_str))
                }
                _ => None,
            };
            let (left, right) = pair.ok_or(TokensError::BadMerge { line: i + 1 })?;
            Ok((left.to_owned(), right.to_owned()))
        });
        let merges = merges.collect::<Result<Merges, TokensError>>()?;
        let added = file["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
        let added =
            added.iter().map(|token| added_token(token, &mut vocab)).collect::<Result<Vec<_>, _>>()?;
        let parts = Parts { builder, bytes, vocab, merges, added };
        parts.build(hex(Sha256::digest(json)), hints)
    }

    /// The tokenizer of a `vocab.json` and a `merges.txt`, with GPT-2's rules. Its
    /// hash is that of both, one after the other.
    ///
    /// # Errors
    ///
    /// As [`Tokens::from_tokenizer_json`].
    pub fn from_vocab_and_merges(json: &[u8], text: &str, hints: &Hints<'_>) -> Result<Self, TokensError> {
        const FILE: &str = "vocab.json";
        let file: Value = serde_json::from_slice(json).map_err(|e| bad(FILE, e.to_string()))?;
        let vocab = vocab(FILE, &file)?;
        let added = vocab.contains_key(BOS_TEXT).then(|| AddedToken::from(BOS_TEXT, true));
        let bytes = ByteLevel::new(false, true, true);
        let (builder, merges, added) = (BPE::builder(), merges(text)?, added.into_iter().collect());
        let hash = Sha256::new().chain_update(json).chain_update(text).finalize();
        Parts { builder, bytes, vocab, merges, added }.build(hex(hash), hints)
    }
}

/// What the files say.
struct Parts {
    builder: BpeBuilder,
    bytes: ByteLevel,
    vocab: Vocab,
    merges: Merges,
    added: Vec<AddedToken>,
}

impl Parts {
    fn build(self, sha256: String, hints: &Hints<'_>) -> Result<Tokens, TokensError> {
        let sha256 = (!self.are_gpt2s()).then_some(sha256);
        let Self { builder, bytes, vocab, merges, added } = self;
        // The crate takes for granted that what merges is in the vocabulary.
        let known = |(left, right): &(String, String)| {
            [left, right, &format!("{left}{right}")].iter().all(|token| vocab.contains_key(*token))
        };
        if let Some(i) = merges.iter().position(|pair| !known(pair)) {
            return Err(TokensError::BadMerge { line: i + 1 });
        }
        let special: Vec<String> =
            added.iter().filter(|token| token.special).map(|token| token.content.clone()).collect();
        let bpe = builder.vocab_and_merges(vocab, merges).build().map_err(failed)?;
        let inner = Tokens::inner(bpe, bytes, added)?;
        let rows = u32::try_from(hints.rows).unwrap_or(u32::MAX);
        let row_of = |name: &str| inner.token_to_id(name).filter(|id| *id < rows);
        let is_special =
            |id: &u32| inner.id_to_token(*id).is_some_and(|name| special.contains(&name)) && *id < rows;
        let told = hints.bos.filter(|id| *id < rows && inner.id_to_token(*id).is_some());
        let by_name = || BOS_NAMES.into_iter().find_map(row_of);
        let bos = told.filter(is_special).or_else(by_name).or(told).ok_or(TokensError::NoBos)?;
        let mut ends: Vec<u32> = hints.eos.iter().copied().filter(is_special).collect();
        ends.extend(END_NAMES.into_iter().filter_map(row_of));
        ends.push(bos);
        Ok(Tokens { inner, bos, ends, rows, sha256 })
    }

    /// Whether they are a copy of GPT-2's, as finetuned models have it.
    fn are_gpt2s(&self) -> bool {
        let Self { bytes, vocab, merges, added, .. } = self;
        let numbered = |(id, token): (usize, String)| vocab.get(&token) == Some(&(id as u32));
        let symbols = byte_symbols().into_iter().map(String::from);
        let merged = merges.iter().map(|(left, right)| format!("{left}{right}"));
        let lines = merges.iter().map(|(left, right)| format!("{left} {right}\n"));
        *bytes == ByteLevel::new(false, true, true)
            && vocab.len() == BOS as usize + 1
            && matches!(added.as_slice(), [token] if token.content == BOS_TEXT)
            && symbols.chain(merged).chain([BOS_TEXT.to_owned()]).enumerate().all(numbered)
            && hex(lines.fold(Sha256::new(), Sha256::chain_update).finalize()) == GPT2_MERGES
    }
}

/// What a `tokenizer.json` says of bytes, if it is of GPT-2's kind.
fn byte_level(file: &Value) -> Result<ByteLevel, TokensError> {
    let kind = |part: &Value| part["type"].as_str().unwrap_or("unnamed").to_owned();
    let other = |part: &str, value: &Value| {
        Err(TokensError::Unsupported { what: format!("a {part} of type {}", kind(value)) })
    };
    let model = &file["model"];
    // Files of early versions do not name the type.
    let is_bpe = model["type"].as_str().is_none_or(|kind| kind == "BPE") && model["merges"].is_array();
    if !is_bpe {
        return other("model", model);
    }
    if !file["normalizer"].is_null() {
        return other("normalizer", &file["normalizer"]);
    }
    let mut pre = &file["pre_tokenizer"];
    // A sequence of one is that one.
    if let ("Sequence", Some([only])) =
        (kind(pre).as_str(), pre["pretokenizers"].as_array().map(Vec::as_slice))
    {
        pre = only;
    }
    if kind(pre) != "ByteLevel" {
        return other("pre_tokenizer", pre);
    }
    if !file["decoder"].is_null() && kind(&file["decoder"]) != "ByteLevel" {
        return other("decoder", &file["decoder"]);
    }
    let flag = |name: &str, default: bool| pre[name].as_bool().unwrap_or(default);
    Ok(ByteLevel::new(flag("add_prefix_space", true), true, flag("use_regex", true)))
}

/// The model's options that change how a byte-level BPE reads.
fn options(model: &Value) -> Result<BpeBuilder, TokensError> {
    for option in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
        let value = &model[option];
        if !(value.is_null() || value == "" || value == 0.0) {
            return Err(TokensError::Unsupported { what: format!("a model with {option} = {value}") });
        }
    }
    let flag = |name: &str| model[name].as_bool().unwrap_or(false);
    let builder = BPE::builder().fuse_unk(flag("fuse_unk")).ignore_merges(flag("ignore_merges"));
    Ok(match model["unk_token"].as_str() {
        Some(unk) => builder.unk_token(unk.to_owned()),
        None => builder,
    })
}

fn vocab(file: &'static str, value: &Value) -> Result<Vocab, TokensError> {
    let entries = value.as_object().ok_or_else(|| bad(file, "it has no vocabulary"))?;
    let mut vocab = Vocab::with_capacity(entries.len());
    for (token, id) in entries {
        let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
        vocab.insert(token.clone(), id.ok_or_else(|| bad(file, format!("\"{token}\" has no number")))?);
    }
    Ok(vocab)
}

/// A token beside the vocabulary, which gets it under the file's own number: left to
/// itself, the crate counts on.
fn added_token(token: &Value, vocab: &mut Vocab) -> Result<AddedToken, TokensError> {
    let id = token["id"].as_u64().and_then(|id| u32::try_from(id).ok());
    let (Some(content), Some(id)) = (token["content"].as_str(), id) else {
        return Err(bad("tokenizer.json", "an added token has no text or no number"));
    };
    if *vocab.entry(content.to_owned()).or_insert(id) != id {
        return Err(bad("tokenizer.json", format!("\"{content}\" has two numbers")));
    }
    let flag = |name: &str| token[name].as_bool().unwrap_or(false);
    Ok(AddedToken::from(content, flag("special"))
        .single_word(flag("single_word"))
        .lstrip(flag("lstrip"))
        .rstrip(flag("rstrip"))
        .normalized(flag("normalized")))
}

fn hex(hash: impl IntoIterator<Item = u8>) -> String {
    hash.into_iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bad(file: &'static str, why: impl Into<String>) -> TokensError {
    TokensError::File { file, why: why.into() }
}
