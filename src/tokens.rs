//! Byte-level BPE, GPT-2's and a model's own, through the `tokenizers` crate. How
//! tokens are shown stands in `shown`, the files of a tokenizer are read in `files`.

mod files;
mod shown;

use crate::prompts::WordSequence;
use std::collections::HashMap;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::ByteLevel as NoNormalizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, TokenizerImpl};

pub use files::Hints;
pub use shown::{byte_symbols, shown};

/// Id of `<|endoftext|>`, which GPT-2 reads as beginning-of-text.
pub const BOS: u32 = 50_256;
/// Merges for the words of the built-in table: ids of the merged token, of its left and of
/// its right part, two bytes each (tools/pack-merges.mjs).
const OF_NOTEBOOK_WORDS: &[u8] = include_bytes!("../data/tokenizer/words.bin");
/// Longest token that packed merges may make, in bytes of its symbols; GPT-2's has 256.
const LONGEST_SYMBOL: usize = 1000;
/// How `<|endoftext|>` is shown.
pub const BOS_TEXT: &str = "<|endoftext|>";

/// The crate's types for what GPT-2 needs, and not its wrappers of all that exist:
/// those would be a third of the page's WebAssembly. GPT-2 has no normalizer, but the
/// crate wants a type for one.
type Inner = TokenizerImpl<BPE, NoNormalizer, ByteLevel, ByteLevel, ByteLevel>;

/// Turns text into token ids and back.
pub struct Tokens {
    inner: Inner,
    bos: u32,
    /// Tokens that end a text.
    ends: Vec<u32>,
    /// Ids from here on have no row in the model's embedding.
    rows: u32,
    /// SHA-256 of the files, if it is a model's own and not GPT-2's.
    sha256: Option<String>,
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
    /// A file of the tokenizer is not what it should be.
    #[error("{file} cannot be read: {why}")]
    File {
        /// Its name.
        file: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The tokenizer is of another kind.
    #[error("tokenizer.json has {what}, and only a byte-level BPE as GPT-2's can be run")]
    Unsupported {
        /// What it has, by the file's own names.
        what: String,
    },
    /// No token stands for the beginning of a text.
    #[error("the tokenizer has no beginning-of-text: neither config.json's bos_token_id nor <|endoftext|>")]
    NoBos,
    /// The tokenizer has more tokens than the model.
    #[error("the model has {rows} rows of words, and the tokenizer reads \"{token}\" as number {id}")]
    NoRow {
        /// The token, as it is shown.
        token: String,
        /// Its id.
        id: u32,
        /// The model's rows.
        rows: u32,
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
    /// The tokens as they are shown, leading spaces kept.
    pub texts: Vec<String>,
    /// For each token the word that it belongs to; beginning-of-text has none.
    pub word_of: Vec<Option<usize>>,
    /// The words that became several tokens.
    pub splits: Vec<Split>,
}

impl Tokenized {
    /// The tokens of a sequence of words, of which each belongs to one.
    #[must_use]
    pub fn of_words(
        sequence: &WordSequence,
        ids: Vec<u32>,
        texts: Vec<String>,
        word_of: Vec<Option<usize>>,
    ) -> Self {
        let mut splits = Vec::new();
        for (i, word) in sequence.words.iter().enumerate() {
            let own = texts.iter().zip(&word_of).filter(|(_, word)| **word == Some(i));
            let own: Vec<String> = own.map(|(text, _)| text.clone()).collect();
            if own.len() > 1 {
                splits.push(Split { word: word.clone(), tokens: own });
            }
        }
        Self { ids, texts, word_of, splits }
    }

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
        Self::from_pairs(files::merges(text)?)
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
            // Each can be twice as long as the one before.
            if left.len() + right.len() > LONGEST_SYMBOL {
                return Err(TokensError::BadMerge { line: i + 2 });
            }
            symbols.push(format!("{left}{right}"));
            merges.push((left, right));
        }
        Self::from_pairs(merges)
    }

    /// GPT-2's tokenizer as far as the built-in word table needs it: with those merges that
    /// can apply to one of its words, at the start of a text or after a space. Of such words
    /// it makes what the whole of it makes; nothing else may be read by it.
    ///
    /// # Errors
    ///
    /// [`TokensError`] if the crate refuses.
    pub fn of_notebook_words() -> Result<Self, TokensError> {
        let bytes = byte_symbols().into_iter().map(String::from);
        let mut symbols: HashMap<u16, String> = (0..).zip(bytes).collect();
        let mut merges = Merges::new();
        for merge in OF_NOTEBOOK_WORDS.chunks_exact(6) {
            let id = |at: usize| u16::from_le_bytes([merge[at], merge[at + 1]]);
            let symbol = |id: u16| symbols.get(&id).cloned().ok_or(TokensError::BadMerge { line: id.into() });
            let (left, right) = (symbol(id(2))?, symbol(id(4))?);
            symbols.insert(id(0), format!("{left}{right}"));
            merges.push((left, right));
        }
        let vocab = symbols.into_iter().map(|(id, symbol)| (symbol, id.into())).collect();
        Self::of_gpt2(vocab, merges)
    }

    fn from_pairs(merges: Merges) -> Result<Self, TokensError> {
        let bytes = byte_symbols().into_iter().map(String::from);
        let merged = merges.iter().map(|(left, right)| format!("{left}{right}"));
        let before = bytes.len();
        let mut vocab = Vocab::default();
        for (id, symbol) in bytes.chain(merged).enumerate() {
            // Of two ids of one token text could not be told from its tokens.
            if vocab.insert(symbol, id as u32).is_some() {
                return Err(TokensError::BadMerge { line: id - before + 2 });
            }
        }
        Self::of_gpt2(vocab, merges)
    }

    fn of_gpt2(mut vocab: Vocab, merges: Merges) -> Result<Self, TokensError> {
        vocab.insert(BOS_TEXT.to_owned(), BOS);
        let bpe = BPE::builder().vocab_and_merges(vocab, merges).build().map_err(failed)?;
        let inner = Self::inner(bpe, ByteLevel::new(false, true, true), [AddedToken::from(BOS_TEXT, true)])?;
        // The published model has a row for each of them.
        Ok(Self { inner, bos: BOS, ends: vec![BOS], rows: BOS + 1, sha256: None })
    }

    fn inner(
        bpe: BPE,
        bytes: ByteLevel,
        added: impl IntoIterator<Item = AddedToken>,
    ) -> Result<Inner, TokensError> {
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(bytes));
        inner.with_decoder(Some(bytes));
        inner.add_tokens(added).map_err(failed)?;
        Ok(inner)
    }

    /// SHA-256 of the tokenizer's files; `None` for GPT-2's own and for a copy of it.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The id of beginning-of-text.
    #[must_use]
    pub fn bos(&self) -> u32 {
        self.bos
    }

    /// Whether a token ends a text.
    #[must_use]
    pub fn ends(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// Whether there is such a token.
    #[must_use]
    pub fn has(&self, id: u32) -> bool {
        id < self.rows && self.inner.id_to_token(id).is_some()
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Whether there are none, which no tokenizer of a model has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ids of a text, beginning-of-text first. A special token in the text, such as
    /// `<|endoftext|>`, is read as the one token, and beginning-of-text stands before
    /// it all the same: so Hugging Face's tokenizers and TransformerLens' `to_tokens`
    /// have it.
    ///
    /// # Errors
    ///
    /// [`TokensError::NoRow`] if the model lacks a token, [`TokensError::Tokenizer`] if
    /// the crate refuses.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokensError> {
        let encoding = self.inner.encode_fast(text, false).map_err(failed)?;
        self.after_bos(encoding.get_ids())
    }

    fn after_bos(&self, ids: &[u32]) -> Result<Vec<u32>, TokensError> {
        if let Some(&id) = ids.iter().find(|&&id| id >= self.rows) {
            return Err(TokensError::NoRow { token: self.text_of(id), id, rows: self.rows });
        }
        Ok(std::iter::once(self.bos).chain(ids.iter().copied()).collect())
    }

    /// A token as [`fn@shown`] shows it, its leading space kept. An id without a
    /// token, and a token without a text, shows as its number in brackets.
    #[must_use]
    pub fn text_of(&self, id: u32) -> String {
        let token = self.inner.id_to_token(id).unwrap_or_default();
        if token.is_empty() {
            return format!("[{id}]");
        }
        if self.inner.get_added_vocabulary().get_vocab().contains_key(&token) {
            return shown(token.as_bytes());
        }
        shown(&shown::bytes_of(&token).unwrap_or_else(|| token.into_bytes()))
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
        Ok(self.text_of_ids(self.encode(text)?))
    }

    /// A free text by its tokens, beginning-of-text first.
    #[must_use]
    pub fn text_of_ids(&self, ids: Vec<u32>) -> Tokenized {
        let texts = ids.iter().map(|&id| self.text_of(id)).collect();
        let word_of = (0..ids.len()).map(|i| i.checked_sub(1)).collect();
        Tokenized { ids, texts, word_of, splits: Vec::new() }
    }

    /// Tokens of a sequence of words and which words split.
    ///
    /// # Errors
    ///
    /// [`TokensError::Tokenizer`] if the crate refuses.
    pub fn tokenize(&self, sequence: &WordSequence) -> Result<Tokenized, TokensError> {
        let text = sequence.text();
        let encoding = self.inner.encode(text.as_str(), false).map_err(failed)?;
        let ids = self.after_bos(encoding.get_ids())?;
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
        Ok(Tokenized::of_words(sequence, ids, texts, word_of))
    }
}

fn failed(error: tokenizers::Error) -> TokensError {
    TokensError::Tokenizer(error.to_string())
}
