//! What a row of logits says of the next token. Exponentials are those of four numbers at a
//! time, to a relative 3e-7; they are added up in double precision.

use super::functions::{SMALLEST_EXPONENT, exp};
use super::lanes::{F32x4, LANES};

/// Numbers whose sum stays in single precision.
const BLOCK: usize = 16 * LANES;

/// The distribution of the next token by some logits, or by some of them: two of these make
/// one of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distribution {
    /// The largest logit.
    pub largest: f32,
    /// Σ e^(x - largest); no number if a logit is none, so that nothing is said of them.
    pub sum: f64,
    /// Σ e^(x - largest) (x - largest).
    pub weighted: f64,
}

impl Distribution {
    /// By some logits.
    #[must_use]
    pub fn of(logits: &[f32]) -> Self {
        let largest = largest(logits);
        let lowest = F32x4::splat(SMALLEST_EXPONENT);
        // Below that its share is nothing.
        let (sum, weighted) = sums(logits, largest, |x, _| x.max(lowest));
        Self { largest, sum, weighted }
    }

    /// By these logits and others.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let largest = if self.largest < other.largest { other.largest } else { self.largest };
        let [a, b] = [self, other].map(|part| {
            // Logits of -∞ alone have no share.
            if part.sum == 0.0 {
                return (0.0, 0.0);
            }
            let shift = f64::from(part.largest) - f64::from(largest);
            (part.sum * shift.exp(), (part.weighted + part.sum * shift) * shift.exp())
        });
        Self { largest, sum: a.0 + b.0, weighted: a.1 + b.1 }
    }

    /// ln Σ e^x, which turns logits into log-probabilities.
    #[must_use]
    pub fn log_sum_exp(self) -> f64 {
        f64::from(self.largest) + self.sum.ln()
    }

    /// The entropy, in nats.
    #[must_use]
    pub fn entropy(self) -> f64 {
        self.sum.ln() - self.weighted / self.sum
    }
}

/// KL(p ‖ q) of two rows of logits, in nats.
#[must_use]
pub fn divergence(p: &[f32], q: &[f32]) -> f64 {
    let largest = largest(p);
    let (sum, weighted) = sums(p, largest, |_, i| four(p, i) - four(q, i));
    let of_p = f64::from(largest) + sum.ln();
    // Rounding takes a distance of nothing below 0.
    (weighted / sum - of_p + Distribution::of(q).log_sum_exp()).max(0.0)
}

/// Adds logits to the `most` largest that were seen, largest first, each with its id: that
/// of the first of them is `first`.
pub fn add_likeliest(likeliest: &mut Vec<(u32, f32)>, most: usize, first: usize, logits: &[f32]) {
    if most == 0 {
        return;
    }
    let floor_of = |likeliest: &[(u32, f32)]| match likeliest.get(most - 1) {
        Some(&(_, last)) => last,
        None => f32::NEG_INFINITY,
    };
    let mut floor = floor_of(likeliest);
    for (b, block) in logits.chunks(BLOCK).enumerate() {
        // Nearly all are below the last of the best: they are passed over by their largest.
        if likeliest.len() >= most && largest(block) <= floor {
            continue;
        }
        for (i, &logit) in block.iter().enumerate() {
            if likeliest.len() < most || logit > floor {
                let place = likeliest.partition_point(|&(_, better)| better >= logit);
                likeliest.insert(place, ((first + b * BLOCK + i) as u32, logit));
                likeliest.truncate(most);
                floor = floor_of(likeliest);
            }
        }
    }
}

/// The largest of them that are numbers.
fn largest(logits: &[f32]) -> f32 {
    // Of four at a time, since each waits for the one before.
    let (blocks, rest) = logits.as_chunks::<{ 4 * LANES }>();
    let mut most = [F32x4::splat(f32::NEG_INFINITY); 4];
    for block in blocks {
        let (fours, _) = block.as_chunks::<LANES>();
        most = std::array::from_fn(|i| most[i].max(F32x4::load(&fours[i])));
    }
    let [a, b, c, d] = most;
    rest.iter().copied().fold(a.max(b).max(c.max(d)).largest(), f32::max)
}

/// Four numbers from a place on, with zeros behind the last.
#[inline(always)]
fn four(numbers: &[f32], from: usize) -> F32x4 {
    match numbers[from..].first_chunk::<LANES>() {
        Some(four) => F32x4::load(four),
        None => {
            let mut four = [0.0; LANES];
            four[..numbers.len() - from].copy_from_slice(&numbers[from..]);
            F32x4::load(&four)
        }
    }
}

/// Σ e^(x - largest), and the sum of the same times what `of` says of x - largest and its
/// place. No number if one of the logits is none.
#[inline(always)]
fn sums(logits: &[f32], largest: f32, of: impl Fn(F32x4, usize) -> F32x4) -> (f64, f64) {
    if !largest.is_finite() {
        let nothing = logits.iter().all(|&x| x == f32::NEG_INFINITY);
        let sum = if nothing { 0.0 } else { f64::NAN };
        return (sum, sum);
    }
    let shift = F32x4::splat(largest);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (b, block) in logits.chunks(BLOCK).enumerate() {
        let (mut in_block, mut weighted_in_block) = (F32x4::splat(0.0), F32x4::splat(0.0));
        let (fours, rest) = block.as_chunks::<LANES>();
        for (i, four) in fours.iter().enumerate() {
            let x = F32x4::load(four) - shift;
            let e = exp(x);
            in_block = in_block + e;
            weighted_in_block = e.mul_add(of(x, b * BLOCK + i * LANES), weighted_in_block);
        }
        sum += f64::from(in_block.sum());
        weighted += f64::from(weighted_in_block.sum());
        let from = b * BLOCK + fours.len() * LANES;
        if !rest.is_empty() {
            let x = four(logits, from) - shift;
            let (e, of) = (exp(x).to_array(), of(x, from).to_array());
            for (e, of) in e.into_iter().zip(of).take(rest.len()) {
                sum += f64::from(e);
                weighted += f64::from(e * of);
            }
        }
    }
    (sum, weighted)
}
