//! The attention patterns of every head on one prompt.

use super::{StudyError, TokenizedPrompt, YieldPoint};
use crate::model::{ActivationCache, Gpt2, HookPoint, NoHooks};

/// Runs one prompt through the layers up to `last`, and hands out each layer's
/// patterns, (head, destination, source) row-major.
///
/// # Errors
///
/// The model's, or [`StudyError::Cancelled`].
pub async fn each_layer(
    model: &Gpt2,
    case: &TokenizedPrompt,
    last: usize,
    pace: &impl YieldPoint,
    take: &mut dyn FnMut(usize, Vec<f32>),
) -> Result<(), StudyError> {
    let mut resid = model.embed(std::slice::from_ref(&case.ids), &NoHooks).await?;
    for l in 0..last {
        pace.step(l, last + 1).await?;
        let recorder = ActivationCache::of(&[HookPoint::Pattern(l)]);
        resid = model.block(l, &resid, &recorder).await?;
        for pattern in recorder.into_activations().values() {
            take(l, pattern.flatten_all()?.to_vec1()?);
        }
    }
    pace.step(last, last + 1).await?;
    take(last, model.pattern(last, &resid, &NoHooks).await?.flatten_all()?.to_vec1()?);
    pace.step(last + 1, last + 1).await
}

/// A pattern of `n` tokens made `side` rows and columns small: each cell holds the
/// largest of those it stands for, so that nothing bright is lost. Beginning-of-text
/// keeps a row and a column of its own.
#[must_use]
pub fn shrink(pattern: &[f32], n: usize, side: usize) -> Vec<f32> {
    if n <= side {
        return pattern.to_vec();
    }
    let place = |i: usize| if i == 0 { 0 } else { 1 + (i - 1) * (side - 1) / (n - 1) };
    let mut small = vec![0.0_f32; side * side];
    for (i, &value) in pattern.iter().enumerate() {
        let cell = &mut small[place(i / n) * side + place(i % n)];
        *cell = cell.max(value);
    }
    small
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn a_shrunk_pattern_keeps_its_peaks_and_beginning_of_text() {
        let n = 7;
        let mut pattern = vec![0.0; n * n];
        pattern[0] = 1.0;
        pattern[3 * n] = 0.5;
        pattern[5 * n + 2] = 0.75;
        let small = shrink(&pattern, n, 4);
        let mut wanted = vec![0.0; 16];
        wanted[0] = 1.0;
        wanted[2 * 4] = 0.5;
        wanted[3 * 4 + 1] = 0.75;
        assert_eq!(small, wanted);
        assert_eq!(shrink(&pattern, n, 7), pattern);
    }
}
