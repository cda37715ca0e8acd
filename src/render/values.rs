//! Which values of a pattern are drawn, and what full colour stands for.

use super::{Palette, Rgb, Scale, Theme};
use serde::Deserialize;

/// What the strongest colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Max {
    /// Attention of 1.
    One,
    /// The largest value of the row beside beginning-of-text.
    Row,
    /// The largest value of the matrix beside beginning-of-text, which attends to
    /// itself with 1 whatever the head does.
    #[default]
    Matrix,
}

/// What becomes of the column of beginning-of-text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bos {
    /// Drawn in grey, from 0 to 1: it is no part of the maximum that full colour stands for.
    #[default]
    Shown,
    /// Left empty.
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

/// A pattern as it is drawn. What a row says as a whole is worked out once, not for
/// each of its cells.
#[derive(Debug, Clone)]
pub struct Values {
    pattern: Vec<f32>,
    n: usize,
    look: Look,
    /// What each row's attention is divided by.
    divisors: Vec<f64>,
    /// The largest value of each row beside beginning-of-text.
    largest: Vec<f64>,
    /// The largest of them.
    max: f64,
}

impl Values {
    /// Of `n` tokens, (destination, source) row-major.
    #[must_use]
    pub fn new(pattern: Vec<f32>, n: usize, look: Look) -> Self {
        let mut values = Self { pattern, n, look, divisors: vec![1.0; n], largest: Vec::new(), max: 0.0 };
        if look.bos == Bos::Renormalised {
            values.divisors = (0..n).map(|q| values.besides_bos(q)).collect();
        }
        values.largest =
            (0..n).map(|q| (1..=q).filter_map(|k| values.get(q, k)).fold(0.0, f64::max)).collect();
        values.max = values.largest.iter().copied().fold(0.0, f64::max);
        values
    }

    /// Number of tokens.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// How values become colours.
    #[must_use]
    pub fn look(&self) -> Look {
        self.look
    }

    /// The value of a cell; none where nothing is drawn.
    #[must_use]
    pub fn get(&self, q: usize, k: usize) -> Option<f64> {
        let drawn = k <= q && (k > 0 || self.look.bos == Bos::Shown);
        drawn.then(|| f64::from(self.pattern[q * self.n + k]) / self.divisors[q])
    }

    /// The colour of a cell; none where nothing is drawn.
    #[must_use]
    pub fn color(&self, q: usize, k: usize, theme: &Theme) -> Option<Rgb> {
        let value = self.get(q, k)?;
        if k == 0 {
            return Some(theme.grey(value));
        }
        Some(self.look.palette.color(self.look.scale.place(value, self.max_of_row(q))))
    }

    /// What full colour stands for in a row.
    #[must_use]
    pub fn max_of_row(&self, q: usize) -> f64 {
        match self.look.max {
            Max::One => 1.0,
            Max::Row => self.largest[q],
            Max::Matrix => self.max,
        }
    }

    /// Mean attention to beginning-of-text over the rows after it, which nothing
    /// that is hidden changes.
    #[must_use]
    pub fn bos_share(&self) -> f64 {
        let rows = 1..self.n;
        let sum: f64 = rows.clone().map(|q| f64::from(self.pattern[q * self.n])).sum();
        sum / rows.len().max(1) as f64
    }

    /// A row's attention on all but beginning-of-text. Where all of it is there, what
    /// is left is rounding, and every share of it is nothing.
    fn besides_bos(&self, q: usize) -> f64 {
        let row = &self.pattern[q * self.n..][1..=q];
        let left: f64 = row.iter().copied().map(f64::from).sum();
        if left > 1e-6 { left } else { f64::INFINITY }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Bos, Look, Max, Theme, Values};

    const PATTERN: [f32; 9] = [1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.5, 0.375, 0.125];

    fn values(bos: Bos, max: Max) -> Values {
        Values::new(PATTERN.to_vec(), 3, Look { bos, max, ..Look::default() })
    }

    #[test]
    fn beginning_of_text_is_no_part_of_the_maximum_shown_or_hidden() {
        let hidden = values(Bos::Hidden, Max::Matrix);
        assert_eq!(hidden.get(1, 0), None);
        assert_eq!(hidden.get(2, 1), Some(0.375));
        assert_eq!(hidden.max_of_row(2), 0.375);
        assert_eq!(values(Bos::Shown, Max::Matrix).max_of_row(2), 0.375);
        assert_eq!(values(Bos::Shown, Max::Row).max_of_row(1), 0.25);
    }

    #[test]
    fn beginning_of_text_is_grey_and_the_rest_has_the_whole_of_the_colours() {
        let (shown, theme) = (values(Bos::Shown, Max::Matrix), Theme::of(false));
        assert_eq!(shown.color(0, 0, &theme), Some(theme.grey(1.0)));
        assert_eq!(shown.color(2, 1, &theme), Some(Look::default().palette.color(1.0)));
        assert_eq!(shown.color(1, 1, &theme), Some(Look::default().palette.color(0.25 / 0.375)));
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
        let zeros = vec![1.0, 0.0, 1.0, 0.0];
        let values = Values::new(zeros, 2, Look { bos: Bos::Renormalised, ..Look::default() });
        assert_eq!(values.get(0, 1), None);
        assert_eq!(values.get(1, 1), Some(0.0));
        let theme = Theme::of(false);
        assert!(values.color(0, 1, &theme).is_none() && values.color(1, 1, &theme).is_some());
    }
}
