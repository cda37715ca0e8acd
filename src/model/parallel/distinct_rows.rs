//! Rows of an activation that are equal are computed once.

use std::borrow::Cow;
use std::collections::HashMap;

/// The rows of an activation, equal ones once. Every prompt begins with the same
/// token, and a mean over prompts makes whole prompts equal.
pub(in crate::model) struct DistinctRows<'a> {
    /// (row, n)
    pub(in crate::model) distinct: Cow<'a, [f32]>,
    /// For every row of the activation, which of these it is.
    pub(in crate::model) places: Vec<usize>,
}

impl<'a> DistinctRows<'a> {
    /// Of rows of `n` numbers.
    pub(in crate::model) fn of(x: &'a [f32], n: usize) -> Self {
        let row = |i: usize| &x[i * n..(i + 1) * n];
        let rows = x.len() / n.max(1);
        let mut firsts = Vec::with_capacity(rows);
        let mut places = Vec::with_capacity(rows);
        // By their first two numbers. Rows that begin alike and go on otherwise are rare;
        // the later ones are then computed more than once, which does no harm.
        let mut first_with = HashMap::new();
        for i in 0..rows {
            let start = bits(row(i)).take(2).fold(0, |start, bits| start << 32 | u64::from(bits));
            let place = *first_with.entry(start).or_insert(firsts.len());
            let known = firsts.get(place).is_some_and(|&first| same(row(first), row(i)));
            places.push(if known { place } else { firsts.len() });
            if !known {
                firsts.push(i);
            }
        }
        let distinct = if firsts.len() == rows {
            Cow::Borrowed(x)
        } else {
            let mut distinct = Vec::with_capacity(firsts.len() * n);
            firsts.iter().for_each(|&first| distinct.extend_from_slice(row(first)));
            Cow::Owned(distinct)
        };
        Self { distinct, places }
    }

    /// Appends what was computed of the distinct rows, `width` numbers each, for
    /// every row of the activation.
    pub(in crate::model) fn spread(&self, y: &[f32], width: usize, results: &mut Vec<f32>) {
        results.reserve(self.places.len() * width);
        self.places.iter().for_each(|place| results.extend_from_slice(&y[place * width..][..width]));
    }
}

/// Whether rows are equal, bit for bit.
fn same(a: &[f32], b: &[f32]) -> bool {
    bits(a).eq(bits(b))
}

fn bits(row: &[f32]) -> impl Iterator<Item = u32> {
    row.iter().map(|x| x.to_bits())
}

#[cfg(test)]
mod tests {
    use super::DistinctRows;

    #[test]
    fn rows_that_are_alike_are_taken_once_and_no_others() {
        let bos = [1.0_f32, 2.0, 3.0, 4.0, 5.0];
        // It begins as the first does, and ends otherwise.
        let near = [1.0, 2.0, 3.0, 4.0, 6.0];
        let zero = [0.0, 2.0, 3.0, 4.0, 5.0];
        // Equal numbers, and other bits.
        let minus_zero = [-0.0, 2.0, 3.0, 4.0, 5.0];
        let x = [bos, zero, near, bos, minus_zero, zero].concat();
        let rows = DistinctRows::of(&x, 5);
        assert_eq!(rows.places, [0, 1, 2, 0, 3, 1]);
        assert_eq!(*rows.distinct, [bos, zero, near, minus_zero].concat());
        let mut results = vec![7.0];
        rows.spread(&[10.0, 11.0, 12.0, 13.0], 1, &mut results);
        assert_eq!(results, [7.0, 10.0, 11.0, 12.0, 10.0, 13.0, 11.0]);
    }
}
