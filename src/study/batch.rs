//! Prompts of different lengths in one run. Shorter ones are filled up behind their end:
//! attention looks back only, so nothing of a prompt sees what was filled in. What is
//! computed there is left out of means, and cut off patterns.

use super::TokenizedPrompt;
use std::borrow::Cow;

/// Token ids of prompts, all as long as the longest.
pub(super) fn filled(cases: &[impl AsRef<TokenizedPrompt>]) -> Vec<Vec<u32>> {
    let longest = lengths(cases).into_iter().max().unwrap_or(0);
    let fill = |case: &TokenizedPrompt| {
        let mut ids = case.ids.clone();
        // Any token will do whose row is loaded.
        ids.resize(longest, case.ids.first().copied().unwrap_or(0));
        ids
    };
    cases.iter().map(|case| fill(case.as_ref())).collect()
}

/// Tokens of each prompt.
pub(super) fn lengths(cases: &[impl AsRef<TokenizedPrompt>]) -> Vec<usize> {
    cases.iter().map(|case| case.as_ref().ids.len()).collect()
}

/// A prompt's own part of a pattern of `n` tokens, (destination, source) row-major.
pub(super) fn cut(pattern: &[f32], n: usize, tokens: usize) -> Cow<'_, [f32]> {
    if tokens == n {
        return Cow::Borrowed(pattern);
    }
    Cow::Owned(pattern.chunks_exact(n.max(1)).take(tokens).flat_map(|row| &row[..tokens]).copied().collect())
}

impl AsRef<Self> for TokenizedPrompt {
    fn as_ref(&self) -> &Self {
        self
    }
}
