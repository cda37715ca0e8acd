//! What the model expects after a token.

use crate::model::kernels::distribution::Distribution;

/// What a position's logits say of the next token.
#[derive(Debug, Clone, PartialEq)]
pub struct NextToken {
    /// The distribution.
    pub distribution: Distribution,
    /// The largest logits with their tokens, largest first.
    pub likeliest: Vec<(u32, f32)>,
    /// The logit of the token that was asked for; no number if none was.
    pub logit: f32,
}

impl NextToken {
    /// The log-probability of a logit, in nats.
    #[must_use]
    pub fn log_probability(&self, logit: f32) -> f64 {
        f64::from(logit) - self.distribution.log_sum_exp()
    }

    /// The likeliest tokens with their probabilities, likeliest first.
    #[must_use]
    pub fn probabilities(&self) -> Vec<(u32, f64)> {
        self.likeliest.iter().map(|&(id, logit)| (id, self.log_probability(logit).exp())).collect()
    }

    /// By these logits and others, of which the `most` likeliest are kept.
    pub(super) fn and(mut self, other: Self, most: usize) -> Self {
        self.likeliest.extend(other.likeliest);
        // Stable: of equals the one with the lower id stays first.
        self.likeliest.sort_by(|a, b| b.1.total_cmp(&a.1));
        self.likeliest.truncate(most);
        let distribution = self.distribution.and(other.distribution);
        let logit = if self.logit.is_nan() { other.logit } else { self.logit };
        Self { distribution, logit, ..self }
    }

    /// How many numbers say it.
    pub(super) fn numbers(most: usize) -> usize {
        6 + 2 * most
    }

    /// The numbers that say it between threads; a sum of double precision is two of them.
    pub(super) fn to_numbers(&self, most: usize, to: &mut Vec<f32>) {
        let two = |x: f64| [x as f32, (x - f64::from(x as f32)) as f32];
        let Distribution { largest, sum, weighted } = self.distribution;
        to.push(largest);
        to.extend(two(sum));
        to.extend(two(weighted));
        to.push(self.logit);
        let none = std::iter::repeat((f32::NAN, f32::NAN));
        let pairs = self.likeliest.iter().map(|&(id, logit)| (id as f32, logit)).chain(none);
        to.extend(pairs.take(most).flat_map(|(id, logit)| [id, logit]));
    }

    /// What they say, of rows from `first` on.
    pub(super) fn of_numbers(numbers: &[f32], first: usize) -> Self {
        let two = |i: usize| f64::from(numbers[i]) + f64::from(numbers[i + 1]);
        let distribution = Distribution { largest: numbers[0], sum: two(1), weighted: two(3) };
        let pairs = numbers[6..].as_chunks::<2>().0.iter().filter(|[id, _]| !id.is_nan());
        let likeliest = pairs.map(|&[id, logit]| (first as u32 + id as u32, logit)).collect();
        Self { distribution, likeliest, logit: numbers[5] }
    }
}
