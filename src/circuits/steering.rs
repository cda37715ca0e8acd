//! Steering: the negative eigenvalues of a head's S scaled by α, M(α) = S₊ + α S₋ + K,
//! on prompts. α = 1 is the model.

use super::stream::normalised_before;
use super::{CircuitError, FoldedHead, Spectrum};
use crate::model::Gpt2;
use crate::study::{AttentionBreakdown, Measure, TokenizedPrompt, YieldPoint};
use nalgebra::DMatrix;
use std::str::FromStr;

/// What the negative eigenvalues are multiplied by: a number from −2 to 2, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alpha(i16);

impl Alpha {
    /// The model as it is.
    pub const MODEL: Self = Self(100);

    /// The number.
    #[must_use]
    pub fn factor(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// Whether the head is not the model's.
    #[must_use]
    pub fn is_steered(self) -> bool {
        self != Self::MODEL
    }
}

impl FromStr for Alpha {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (_, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = text.parse().map_err(|_| ())?;
        let fits = is_plain && decimals.len() <= 2 && (-2.0..=2.0).contains(&number);
        if fits { Ok(Self((number * 100.0).round() as i16)) } else { Err(()) }
    }
}

/// A head on prompts, ready to be steered: a step costs no more than the patterns.
#[derive(Debug, Clone)]
pub struct Steering {
    prompts: Vec<Scores>,
}

/// Attention scores of one prompt, (T, T).
#[derive(Debug, Clone)]
struct Scores {
    /// The model's.
    model: DMatrix<f64>,
    /// S₋'s part of them.
    negative: DMatrix<f64>,
}

/// One prompt under steering.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steered {
    /// The prompt's number, as drawn.
    pub sequence: usize,
    /// Its score; `None` where it has no cell of the target.
    pub score: Option<f64>,
    /// Where the head's attention goes.
    pub shares: AttentionBreakdown,
}

impl Steering {
    /// Runs the prompts up to the head's layer, which takes what its pattern takes.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Study`]: the model's error, or that the visitor cancelled.
    pub async fn of(
        model: &Gpt2,
        prompts: &[Vec<u32>],
        head: &FoldedHead,
        spectrum: &Spectrum,
        pace: &impl YieldPoint,
    ) -> Result<Self, CircuitError> {
        let negative = spectrum.negative();
        let scores = |x: &DMatrix<f64>| {
            let project = |w: &DMatrix<f64>, bias: &nalgebra::DVector<f64>| {
                let mut y = x * w;
                y.row_iter_mut().for_each(|mut row| row += bias.transpose());
                y
            };
            let (q, k) = (project(&head.w_q, &head.b_q), project(&head.w_k, &head.b_k));
            Scores { model: q * k.transpose() * head.scale, negative: negative.between(x) * head.scale }
        };
        let before = normalised_before(model, prompts, head.head.layer, pace).await?;
        Ok(Self { prompts: before.iter().map(scores).collect() })
    }

    /// The pattern of a prompt, by its place among those given: (destination, source)
    /// row-major, zero where the source comes later. `None` if there is no such prompt.
    #[must_use]
    pub fn pattern(&self, prompt: usize, alpha: f64) -> Option<Vec<f32>> {
        let Scores { model, negative } = self.prompts.get(prompt)?;
        let tokens = model.nrows();
        let mut pattern = vec![0.0; tokens * tokens];
        for (q, row) in pattern.chunks_exact_mut(tokens).enumerate() {
            let score = |k: usize| model[(q, k)] + (alpha - 1.0) * negative[(q, k)];
            let largest = (0..=q).map(score).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..=q).map(|k| (score(k) - largest).exp()).sum();
            for (k, cell) in row.iter_mut().enumerate().take(q + 1) {
                *cell = ((score(k) - largest).exp() / sum) as f32;
            }
        }
        Some(pattern)
    }

    /// Scores of the prompts, which are those given, in their order.
    #[must_use]
    pub fn scores(&self, cases: &[TokenizedPrompt], measure: &Measure, alpha: f64) -> Vec<Steered> {
        let steered = |(i, case): (usize, &TokenizedPrompt)| {
            let pattern = self.pattern(i, alpha)?;
            Some(Steered {
                sequence: case.sequence,
                score: measure.score(&pattern, &case.relations),
                shares: AttentionBreakdown::of(&pattern, &case.relations),
            })
        };
        cases.iter().enumerate().filter_map(steered).collect()
    }
}
