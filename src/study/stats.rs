//! Means, spreads and how sure they are.

use crate::prompts::draw::RandomState;

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;
/// Random signs beside those that were found, in a sign-flip test.
const FLIPS: usize = 9999;
/// Fixed, so that a link shows the same interval everywhere.
const SEED: u32 = 20_250_701;

/// Mean; NaN for nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation of a sample (n - 1); `None` for fewer than two values, which
/// say nothing about spread.
#[must_use]
pub fn sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Percentile bootstrap: the 95 % interval of the mean, with a fixed seed.
/// `None` for fewer than two values, as for [`sd`].
#[must_use]
pub fn bootstrap(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mut stream = RandomState::new(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| (0..n).map(|_| values[stream.interval(n as u32 - 1) as usize]).sum::<f64>() / n as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    Some((quantile(&means, 0.025), quantile(&means, 0.975)))
}

/// Two-sided p-value of the mean of paired differences, by a sign-flip test with a fixed
/// seed: were there no effect, each difference could as well have had the other sign.
#[must_use]
pub fn sign_flip(differences: &[f64]) -> f64 {
    let found = differences.iter().sum::<f64>().abs();
    // Sums of the same numbers in another order differ in rounding.
    let reached = found - 1e-9 * differences.iter().map(|x| x.abs()).sum::<f64>();
    let mut stream = RandomState::new(SEED);
    let mut flipped = || {
        let signs = differences.chunks(32).map(|some| {
            let bits = stream.interval(u32::MAX);
            some.iter().enumerate().map(|(i, x)| if bits >> i & 1 == 0 { *x } else { -x }).sum::<f64>()
        });
        signs.sum::<f64>().abs()
    };
    let as_far = (0..FLIPS).filter(|_| flipped() >= reached).count();
    (as_far + 1) as f64 / (FLIPS + 1) as f64
}

/// p-values after Holm's correction for all of them: each is below a level where its test
/// is rejected at that level, and no true hypothesis is but with that chance.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0_f64;
    for (place, &i) in order.iter().enumerate() {
        largest = largest.max(p_values[i] * (p_values.len() - place) as f64).min(1.0);
        adjusted[i] = largest;
    }
    adjusted
}

/// Quantile by linear interpolation, as numpy's default.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}
