//! GPT-2's byte-level BPE, through the `tokenizers` crate.

use crate::prompts::WordSequence;
use tokenizers::TokenizerImpl;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::ByteLevel as NoNormalizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;

/// Id of `<|endoftext|>`, which GPT-2 reads as beginning-of-text.
pub const BOS: u32 = 50_256;
/// How `<|endoftext|>` is shown.
pub const BOS_TEXT: &str = "<|endoftext|>";

/// The types that GPT-2 takes, and not the wrappers of all that exist: those would
/// be a third of the page's WebAssembly. GPT-2 has no normalizer, but a type it must
/// have.
type Inner = TokenizerImpl<BPE, NoNormalizer, ByteLevel, ByteLevel, ByteLevel>;

/// Turns text into GPT-2's token ids and back.
pub struct Tokens {
    inner: Inner,
}

/// Why a tokenizer cannot be built or a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// The merges are not a list of pairs.
    #[error("line {line} of the tokenizer's merges is not a pair")]
    BadMerge {
        /// The line, counted from 1.
        line: usize,
    },
    /// The `tokenizers` crate refused.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
}

/// A word and the tokens it became; more than one, and the word splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The word.
    pub word: String,
    /// Its tokens as text, leading space included.
    pub tokens: Vec<String>,
}

/// A sequence of words as the model is fed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokenized {
    /// Token ids, beginning-of-text first.
    pub ids: Vec<u32>,
    /// The tokens as text, leading spaces kept.
    pub texts: Vec<String>,
    /// For each token the word that it belongs to; beginning-of-text has none.
    pub word_of: Vec<Option<usize>>,
    /// The words that became several tokens.
    pub splits: Vec<Split>,
}

impl Tokenized {
    /// Why a sequence of `length` words is dropped for scoring: `None` if it is
    /// kept, which takes one token a word.
    #[must_use]
    pub fn dropped_because(&self, length: usize) -> Option<String> {
        if self.ids.len() == length + 1 {
            return None;
        }
        let mut named: Vec<&str> = Vec::new();
        let mut reasons = Vec::new();
        for split in &self.splits {
            if !named.contains(&split.word.as_str()) {
                named.push(&split.word);
                reasons.push(format!("{} splits into {} tokens", split.word, split.tokens.len()));
            }
        }
        Some(reasons.join(", "))
    }
}

impl Tokens {
    /// Builds the tokenizer from GPT-2's `vocab.bpe`. The merges are all it
    /// takes: GPT-2 numbers the 256 bytes first, then the merges in order, then
    /// `<|endoftext|>`, so the megabyte of `encoder.json` need not be fetched.
    ///
    /// # Errors
    ///
    /// [`TokensError`] if the text is not such a file.
    pub fn from_merges(text: &str) -> Result<Self, TokensError> {
        let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty());
        let pair = |(i, line): (usize, &str)| {
            let (left, right) = line.split_once(' ').ok_or(TokensError::BadMerge { line: i + 1 })?;
            Ok((left.to_owned(), right.to_owned()))
        };
        Self::from_pairs(lines.map(pair).collect::<Result<_, _>>()?)
    }

    /// Builds the tokenizer from the same merges as the page fetches them, a third
    /// as long: each is a pair of ids of two bytes, of which all first ids' low
    /// bytes come first, then their high bytes, then the same of the second ids
    /// (tools/pack-merges.mjs).
    ///
    /// # Errors
    ///
    /// [`TokensError`] if the bytes are not such merges.
    pub fn from_packed(bytes: &[u8]) -> Result<Self, TokensError> {
        let n = bytes.len() / 4;
        let mut symbols: Vec<String> = byte_symbols().into_iter().map(String::from).collect();
        let mut merges = Merges::with_capacity(n);
        for i in 0..n {
            let id =
                |low: usize| usize::from(u16::from_le_bytes([bytes[low * n + i], bytes[(low + 1) * n + i]]));
            let symbol = |id: usize| symbols.get(id).cloned().ok_or(TokensError::BadMerge { line: i + 2 });
            let (left, right) = (symbol(id(0))?, symbol(id(2))?);
            symbols.push(format!("{left}{right}"));
            merges.push((left, right));
        }
        Self::from_pairs(merges)
    }

    fn from_pairs(merges: Merges) -> Result<Self, TokensError> {
        let bytes = byte_symbols().into_iter().map(String::from);
        let merged = merges.iter().map(|(left, right)| format!("{left}{right}"));
        let mut vocab = Vocab::default();
        for symbol in bytes.chain(merged) {
            vocab.insert(symbol, vocab.len() as u32);
        }
        vocab.insert(BOS_TEXT.to_owned(), vocab.len() as u32);
        let bpe = BPE::builder().vocab_and_merges(vocab, merges).build().map_err(failed)?;
        let bytes = ByteLevel::new(false, true, true);
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(bytes));
        inner.with_decoder(Some(bytes));
        Ok(Self { inner })
    }

    /// Ids of a text, beginning-of-text first. Special tokens in the text have
    /// no power: `<|endoftext|>` is read letter by letter.
    ///
    /// # Errors
    ///
    /// [`TokensError::Tokenizer`] if the crate refuses.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokensError> {
        let encoding = self.inner.encode_fast(text, false).map_err(failed)?;
        Ok(std::iter::once(BOS).chain(encoding.get_ids().iter().copied()).collect())
    }

    /// A token as text. Bytes that are no whole character show as `�`.
    #[must_use]
    pub fn text_of(&self, id: u32) -> String {
        if id == BOS {
            return BOS_TEXT.to_owned();
        }
        self.inner.decode(&[id], false).unwrap_or_else(|_| format!("[{id}]"))
    }

    /// Tokens as one text, in which characters of several tokens are whole.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> String {
        self.inner.decode(ids, false).unwrap_or_default()
    }

    /// Tokens of a free text, in which every token counts as a word.
    ///
    /// # Errors
    ///
    /// [`TokensError::Tokenizer`] if the crate refuses.
    pub fn tokenize_text(&self, text: &str) -> Result<Tokenized, TokensError> {
        let ids = self.encode(text)?;
        let texts = ids.iter().map(|&id| self.text_of(id)).collect();
        let word_of = (0..ids.len()).map(|i| i.checked_sub(1)).collect();
        Ok(Tokenized { ids, texts, word_of, splits: Vec::new() })
    }

    /// Tokens of a sequence of words and which words split.
    ///
    /// # Errors
    ///
    /// [`TokensError::Tokenizer`] if the crate refuses.
    pub fn tokenize(&self, sequence: &WordSequence) -> Result<Tokenized, TokensError> {
        let text = sequence.text();
        let encoding = self.inner.encode(text.as_str(), false).map_err(failed)?;
        let ids: Vec<u32> = std::iter::once(BOS).chain(encoding.get_ids().iter().copied()).collect();
        let texts: Vec<String> = ids.iter().map(|&id| self.text_of(id)).collect();
        // A token belongs to the word in which its last byte lies.
        let mut ends = sequence.words.iter().scan(0, |end, word| {
            *end += word.len() + 1;
            Some(*end)
        });
        let (mut word, mut end) = (0, ends.next().unwrap_or(0));
        let mut word_of = vec![None];
        for &(_, to) in encoding.get_offsets() {
            while to >= end && word + 1 < sequence.words.len() {
                word += 1;
                end = ends.next().unwrap_or(end);
            }
            word_of.push(Some(word));
        }
        let mut splits = Vec::new();
        for (i, word) in sequence.words.iter().enumerate() {
            let own = texts.iter().zip(&word_of).filter(|(_, word)| **word == Some(i));
            let own: Vec<String> = own.map(|(text, _)| text.clone()).collect();
            if own.len() > 1 {
                splits.push(Split { word: word.clone(), tokens: own });
            }
        }
        Ok(Tokenized { ids, texts, word_of, splits })
    }
}

fn failed(error: tokenizers::Error) -> TokensError {
    TokensError::Tokenizer(error.to_string())
}

/// The characters that stand for bytes in GPT-2's vocabulary, in the order of
/// their ids: printable bytes stand for themselves, the others follow from
/// U+0100 on (`bytes_to_unicode` in OpenAI's encoder.py).
fn byte_symbols() -> Vec<char> {
    let printable = |b: &u32| matches!(b, 33..=126 | 161..=172 | 174..=255);
    let hidden = (0..256).filter(|b| !printable(b)).count() as u32;
    ((0..256).filter(printable)).chain(256..256 + hidden).filter_map(char::from_u32).collect()
}
