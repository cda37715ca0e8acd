//! The prompts that the settings describe, as the model is fed them.

use super::Settings;
use crate::prompts::{DrawError, Relations, WordSequence, draw};
use crate::study::TokenizedPrompt;
use crate::tokens::{Tokenized, Tokens, TokensError};

/// Most tokens of one prompt: the longest context that a config may have.
pub(in crate::web) const LONGEST: usize = 4096;
/// Most cells of one head's attention over all prompts.
const MOST_CELLS: usize = LONGEST * LONGEST;

/// One sequence, kept or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its words and their categories.
    pub words: WordSequence,
    /// Its tokens.
    pub tokenized: Tokenized,
    /// Relations of its tokens.
    pub relations: Relations,
    /// Why it is dropped for scoring; `None` if it is kept.
    pub dropped: Option<String>,
}

/// All sequences of some settings, in the order of the draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptSet {
    /// The sequences.
    pub prompts: Vec<Prompt>,
    /// A label for each category: its name, or its first word and an ellipsis.
    pub categories: Vec<String>,
}

/// What tokens are made of.
#[derive(Debug, Clone, Copy)]
pub enum Fed<'a> {
    /// A text of the visitor's own.
    Text(&'a str),
    /// A sequence that was drawn.
    Words(&'a WordSequence),
}

/// Why there are no prompts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptSetError {
    /// The draw is impossible.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A prompt has more tokens than any model takes.
    #[error("a prompt of {tokens} tokens is longer than any model's context ({LONGEST})")]
    TooLong {
        /// Its tokens.
        tokens: usize,
    },
    /// All prompts together have too many cells of attention.
    #[error("these prompts split into so many tokens that their attention is too much to hold")]
    TooMany,
    /// The tokens of a file cannot be those of its settings.
    #[error("the tokens of prompt {0} do not fit its words")]
    OtherTokens(usize),
    /// The tokenizer failed.
    #[error(transparent)]
    Tokens(#[from] TokensError),
}

impl PromptSet {
    /// Draws and tokenizes.
    ///
    /// # Errors
    ///
    /// [`PromptSetError`] if the draw is impossible.
    pub fn of(settings: &Settings, tokens: &Tokens) -> Result<Self, PromptSetError> {
        Self::read_by(settings, &settings.texts(), |_, fed| {
            Ok(match fed {
                Fed::Text(text) => tokens.tokenize_text(text)?,
                Fed::Words(words) => tokens.tokenize(words)?,
            })
        })
    }

    /// Draws, unless there are `texts`, and has `read` make tokens of each sequence by its
    /// number.
    ///
    /// # Errors
    ///
    /// [`PromptSetError`] if the draw is impossible; what `read` gives.
    pub fn read_by(
        settings: &Settings,
        texts: &[&str],
        read: impl Fn(usize, Fed<'_>) -> Result<Tokenized, PromptSetError>,
    ) -> Result<Self, PromptSetError> {
        let table = settings.table();
        let categories = table.labels();
        let mut prompts = Vec::new();
        let mut cells = 0;
        for (sequence, text) in texts.iter().enumerate() {
            // A text is split into tokens, and each token is looked up in the table.
            let tokenized = read(sequence, Fed::Text(text))?;
            cells = check_size(&tokenized, cells)?;
            let words: Vec<String> = tokenized.texts.iter().skip(1).map(|text| word_of(text)).collect();
            let categories = words.iter().map(|word| table.category_of(word)).collect();
            let words = WordSequence { words, categories };
            let relations = Relations::of(&words);
            prompts.push(Prompt { words, tokenized, relations, dropped: None });
        }
        let drawn = if texts.is_empty() { draw(&table, &settings.draw_settings())? } else { Vec::new() };
        for drawn in drawn {
            let words = drawn.repeated(settings.repeat as usize);
            let tokenized = read(prompts.len(), Fed::Words(&words))?;
            cells = check_size(&tokenized, cells)?;
            let dropped = tokenized.dropped_because(words.words.len());
            let relations = Relations::of(&by_token(&words, &tokenized));
            prompts.push(Prompt { words, tokenized, relations, dropped });
        }
        let mut set = Self { prompts, categories };
        set.show(settings.shown_prompt());
        Ok(set)
    }

    /// Makes another prompt the shown one.
    pub fn show(&mut self, sequence: usize) {
        for (i, prompt) in self.prompts.iter_mut().enumerate() {
            prompt.relations.set_shown(i == sequence);
        }
    }

    /// The kept sequences, ready for the model.
    #[must_use]
    pub fn cases(&self) -> Vec<TokenizedPrompt> {
        let kept = self.prompts.iter().enumerate().filter(|(_, prompt)| prompt.dropped.is_none());
        kept.map(|(sequence, prompt)| prompt.case(sequence)).collect()
    }
}

impl Prompt {
    /// The prompt, ready for the model, under its number.
    #[must_use]
    pub fn case(&self, sequence: usize) -> TokenizedPrompt {
        TokenizedPrompt { sequence, ids: self.tokenized.ids.clone(), relations: self.relations.clone() }
    }
}

/// A token as a word: without the space before it, unless it holds nothing else.
fn word_of(token: &str) -> String {
    let word = token.strip_prefix(' ').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
    word.unwrap_or(token).to_owned()
}

/// Counts a prompt's cells to those of the prompts before it, and refuses what a
/// strange link could fill the memory with.
fn check_size(tokenized: &Tokenized, cells: usize) -> Result<usize, PromptSetError> {
    let tokens = tokenized.ids.len();
    if tokens > LONGEST {
        return Err(PromptSetError::TooLong { tokens });
    }
    let cells = cells + tokens * tokens;
    if cells > MOST_CELLS { Err(PromptSetError::TooMany) } else { Ok(cells) }
}

/// One word a token: the sequence itself where it is kept. The pieces of a word
/// that splits belong to no category.
fn by_token(sequence: &WordSequence, tokenized: &Tokenized) -> WordSequence {
    if tokenized.ids.len() == sequence.words.len() + 1 {
        return sequence.clone();
    }
    let split = |word: usize| tokenized.word_of.iter().filter(|of| **of == Some(word)).count() > 1;
    let pairs = tokenized.word_of.iter().zip(&tokenized.texts).skip(1).map(|(word, text)| match *word {
        Some(i) if !split(i) => (sequence.words[i].clone(), sequence.categories[i]),
        _ => (word_of(text), None),
    });
    let (words, categories) = pairs.unzip();
    WordSequence { words, categories }
}
