//! Which values of a pattern are drawn, and what full colour stands for.

use super::{Palette, Rgb, Scale};
use serde::Deserialize;

/// What the strongest colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Max {
    /// Attention of 1.
    One,
    /// The largest value of the row.
    Row,
    /// The largest value of the matrix.
    #[default]
    Matrix,
}

/// What becomes of the column of beginning-of-text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bos {
    /// Drawn like every other.
    #[default]
    Shown,
    /// Left empty, and left out when the maximum is taken.
    Hidden,
    /// Left empty, and the rest of each row drawn as its share of what is left.
    Renormalised,
}

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Look {
    /// How they spread over the colours.
    pub scale: Scale,
    /// What the strongest colour stands for.
    pub max: Max,
    /// The colours.
    #[serde(rename = "colors")]
    pub palette: Palette,
    /// What becomes of the column of beginning-of-text.
    pub bos: Bos,
}

/// A pattern as it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    pattern: &'a [f32],
    n: usize,
    look: Look,
    /// Of the whole matrix.
    max: f64,
}

impl<'a> Values<'a> {
    /// Of `n` tokens, (destination, source) row-major.
    #[must_use]
    pub fn new(pattern: &'a [f32], n: usize, look: Look) -> Self {
        let mut values = Self { pattern, n, look, max: 1.0 };
        if look.max == Max::Matrix {
            values.max = (0..n).map(|q| values.largest(q)).fold(0.0, f64::max);
        }
        values
    }

    /// The value of a cell; none where nothing is drawn.
    #[must_use]
    pub fn get(&self, q: usize, k: usize) -> Option<f64> {
        if k > q || (k == 0 && self.look.bos != Bos::Shown) {
            return None;
        }
        let value = f64::from(self.pattern[q * self.n + k]);
        if self.look.bos != Bos::Renormalised {
            return Some(value);
        }
        let row = &self.pattern[q * self.n..][1..=q];
        let left: f64 = row.iter().copied().map(f64::from).sum();
        // Where all attention is on beginning-of-text, what is left is rounding.
        Some(if left > 1e-6 { value / left } else { 0.0 })
    }

    /// The colour of a cell; none where nothing is drawn.
    #[must_use]
    pub fn color(&self, q: usize, k: usize) -> Option<Rgb> {
        let value = self.get(q, k)?;
        Some(self.look.palette.color(self.look.scale.place(value, self.max_of_row(q))))
    }

    /// What full colour stands for in a row.
    #[must_use]
    pub fn max_of_row(&self, q: usize) -> f64 {
        if self.look.max == Max::Row { self.largest(q) } else { self.max }
    }

    /// Mean attention to beginning-of-text over the rows after it, which nothing
    /// that is hidden changes.
    #[must_use]
    pub fn bos_share(&self) -> f64 {
        let rows = 1..self.n;
        let sum: f64 = rows.clone().map(|q| f64::from(self.pattern[q * self.n])).sum();
        sum / rows.len().max(1) as f64
    }

    fn largest(&self, q: usize) -> f64 {
        (0..=q).filter_map(|k| self.get(q, k)).fold(0.0, f64::max)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Bos, Look, Max, Values};

    const PATTERN: [f32; 9] = [1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.5, 0.375, 0.125];

    fn values(bos: Bos, max: Max) -> Values<'static> {
        Values::new(&PATTERN, 3, Look { bos, max, ..Look::default() })
    }

    #[test]
    fn hiding_beginning_of_text_changes_the_maximum_and_not_the_values() {
        let hidden = values(Bos::Hidden, Max::Matrix);
        assert_eq!(hidden.get(1, 0), None);
        assert_eq!(hidden.get(2, 1), Some(0.375));
        assert_eq!(hidden.max_of_row(2), 0.375);
        assert_eq!(values(Bos::Shown, Max::Matrix).max_of_row(2), 1.0);
    }

    #[test]
    fn renormalised_rows_sum_to_one_without_beginning_of_text() {
        let renormalised = values(Bos::Renormalised, Max::Row);
        assert_eq!(renormalised.get(2, 1), Some(0.75));
        assert_eq!(renormalised.get(2, 2), Some(0.25));
        assert_eq!(renormalised.get(1, 1), Some(1.0));
        assert_eq!(renormalised.get(0, 0), None);
        assert_eq!(renormalised.max_of_row(2), 0.75);
    }

    #[test]
    fn the_share_of_beginning_of_text_is_the_same_however_it_is_shown() {
        for bos in [Bos::Shown, Bos::Hidden, Bos::Renormalised] {
            assert!((values(bos, Max::One).bos_share() - 0.625).abs() < 1e-12);
        }
    }

    #[test]
    fn what_comes_later_has_no_value_even_where_the_rest_is_zero() {
        let zeros = [1.0, 0.0, 1.0, 0.0];
        let values = Values::new(&zeros, 2, Look { bos: Bos::Renormalised, ..Look::default() });
        assert_eq!(values.get(0, 1), None);
        assert_eq!(values.get(1, 1), Some(0.0));
        assert!(values.color(0, 1).is_none() && values.color(1, 1).is_some());
    }
}
