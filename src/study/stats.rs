//! Means, spreads and how sure they are.

use crate::prompts::draw::RandomState;

/// Resamples of a bootstrap.
const RESAMPLES: usize = 2000;
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

/// Quantile by linear interpolation, as numpy's default.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}
