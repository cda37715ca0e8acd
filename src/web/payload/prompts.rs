//! Prompts, token by token.

use crate::study::Target;
use crate::web::{SettingProblem, Settings, prompt_set};
use serde::Serialize;

/// All prompts, token by token.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PromptSet {
    /// In the order of the draw.
    pub prompts: Vec<Prompt>,
    /// A label for each row of the word table.
    pub categories: Vec<String>,
    /// Numbers of those that are scored.
    pub kept: Vec<usize>,
    /// What is left of painted cells some of which lie beyond the shown prompt.
    pub target: Option<LeftOfTarget>,
}

/// A target in place of one that the shown prompt is too short for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LeftOfTarget {
    /// Its cells within the prompt; the study's if there are none.
    pub target: Target,
    /// What is to be said of the others.
    pub problem: SettingProblem,
}

/// One prompt.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Prompt {
    /// Its number, from 0, as drawn.
    pub sequence: usize,
    /// Its words.
    pub words: Vec<String>,
    /// Their rows of the word table; -1 for none.
    pub categories: Vec<i32>,
    /// Its tokens as they are shown.
    pub tokens: Vec<String>,
    /// For each token the word it belongs to; beginning-of-text has none.
    pub word_of: Vec<Option<usize>>,
    /// Beginning-of-text first.
    pub token_ids: Vec<u32>,
    /// The words that became several tokens.
    pub splits: Vec<Split>,
    /// Whether it is scored.
    pub kept: bool,
    /// Why it is not.
    pub reason: Option<String>,
    /// How many pairs of its words are of the same category.
    pub targets: usize,
}

/// A word that became several tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Split {
    /// The word.
    pub word: String,
    /// Its tokens.
    pub tokens: Vec<String>,
}

impl PromptSet {
    /// As the page is given it.
    #[must_use]
    pub fn of(set: &prompt_set::PromptSet, settings: &Settings) -> Self {
        Self {
            prompts: set.prompts.iter().enumerate().map(Prompt::of).collect(),
            categories: set.categories.clone(),
            kept: set.cases().iter().map(|case| case.sequence).collect(),
            target: LeftOfTarget::of(set, settings),
        }
    }
}

impl LeftOfTarget {
    fn of(set: &prompt_set::PromptSet, settings: &Settings) -> Option<Self> {
        let shown = set.prompts.get(settings.shown_prompt())?;
        let (target, problem) = settings.target_within(shown.relations.n())?;
        Some(Self { target, problem })
    }
}

impl Prompt {
    fn of((sequence, prompt): (usize, &prompt_set::Prompt)) -> Self {
        let (words, tokenized) = (&prompt.words, &prompt.tokenized);
        let split =
            |split: &crate::tokens::Split| Split { word: split.word.clone(), tokens: split.tokens.clone() };
        Self {
            sequence,
            words: words.words.clone(),
            categories: words.categories.iter().map(|row| row.map_or(-1, |row| row as i32)).collect(),
            tokens: tokenized.texts.clone(),
            word_of: tokenized.word_of.clone(),
            token_ids: tokenized.ids.clone(),
            splits: tokenized.splits.iter().map(split).collect(),
            kept: prompt.dropped.is_none(),
            reason: prompt.dropped.clone(),
            targets: prompt.relations.targets().count(),
        }
    }
}
