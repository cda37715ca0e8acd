//! Attention of every head, over what a destination may see alone: no number is
//! computed for a source that comes after it.
//!
//! Queries, keys, values and z are (B, T, H, e), patterns are (B, H, T, T).

use super::functions::exp;
use super::lanes::{F32x4, LANES};

/// Sizes of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Prompts, B.
    pub batch: usize,
    /// Tokens, T.
    pub tokens: usize,
    /// Heads, H.
    pub n_head: usize,
    /// Width of a head, e.
    pub d_head: usize,
}

impl Sizes {
    fn row(&self) -> usize {
        self.n_head * self.d_head
    }

    /// Every prompt and head, and the pattern's place.
    fn heads(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let n_head = self.n_head;
        (0..self.batch).flat_map(move |b| (0..n_head).map(move |h| (b, h)))
    }
}

/// softmax(q kᵀ / √e) over the sources up to each destination, and 0 after it.
pub fn pattern(q: &[f32], k: &[f32], sizes: Sizes, pattern: &mut [f32]) {
    let Sizes { tokens, d_head, .. } = sizes;
    let scale = 1.0 / (d_head as f32).sqrt();
    let mut keys = vec![0.0; tokens.next_multiple_of(LANES) * d_head];
    for ((b, h), cells) in sizes.heads().zip(pattern.chunks_exact_mut(tokens * tokens)) {
        let place = |t: usize| (b * tokens + t) * sizes.row() + h * d_head;
        // Four keys side by side, so that a vector holds four sources' scores.
        for t in 0..tokens {
            let key = &k[place(t)..place(t) + d_head];
            let group = &mut keys[t / LANES * LANES * d_head..][..LANES * d_head];
            for (lanes, &x) in group.as_chunks_mut::<LANES>().0.iter_mut().zip(key) {
                lanes[t % LANES] = x;
            }
        }
        for (t, row) in cells.chunks_exact_mut(tokens).enumerate() {
            let query = &q[place(t)..place(t) + d_head];
            let (seen, unseen) = row.split_at_mut(t + 1);
            for (scores, keys) in seen.chunks_mut(LANES).zip(keys.chunks_exact(LANES * d_head)) {
                let dots = dots(query, keys.as_chunks::<LANES>().0) * F32x4::splat(scale);
                scores.copy_from_slice(&dots.to_array()[..scores.len()]);
            }
            softmax(seen);
            unseen.fill(0.0);
        }
    }
}

/// Each head's mix of values, z: the pattern times v.
pub fn mix(pattern: &[f32], v: &[f32], sizes: Sizes, z: &mut [f32]) {
    let Sizes { tokens, d_head, .. } = sizes;
    for ((b, h), cells) in sizes.heads().zip(pattern.chunks_exact(tokens * tokens)) {
        let place = |t: usize| (b * tokens + t) * sizes.row() + h * d_head;
        for (t, row) in cells.chunks_exact(tokens).enumerate() {
            let z = &mut z[place(t)..place(t) + d_head];
            z.fill(0.0);
            for (s, &attention) in row.iter().enumerate().take(t + 1) {
                add_scaled(attention, &v[place(s)..place(s) + d_head], z);
            }
        }
    }
}

/// Softmax of a row, in place.
fn softmax(row: &mut [f32]) {
    let (chunks, rest) = row.as_chunks_mut::<LANES>();
    let lowest = F32x4::splat(f32::NEG_INFINITY);
    let largest = chunks.iter().fold(lowest, |most, chunk| most.max(F32x4::load(chunk))).largest();
    let largest = rest.iter().copied().fold(largest, f32::max);
    let shift = F32x4::splat(largest);
    let mut sums = F32x4::splat(0.0);
    for chunk in &mut *chunks {
        let e = exp(F32x4::load(chunk) - shift);
        sums = sums + e;
        *chunk = e.to_array();
    }
    let mut sum = sums.sum();
    for x in &mut *rest {
        [*x, ..] = exp(F32x4::splat(*x - largest)).to_array();
        sum += *x;
    }
    for x in row {
        *x /= sum;
    }
}

/// Dot products of a query with four keys, which lie side by side.
#[inline]
fn dots(query: &[f32], keys: &[[f32; LANES]]) -> F32x4 {
    // Four sums, because one would wait for itself.
    let mut sums = [F32x4::splat(0.0); LANES];
    let (queries, rest) = query.as_chunks::<LANES>();
    let (key_groups, rest_keys) = keys.as_chunks::<LANES>();
    for (query, keys) in queries.iter().zip(key_groups) {
        for ((sum, &x), key) in sums.iter_mut().zip(query).zip(keys) {
            *sum = F32x4::splat(x).mul_add(F32x4::load(key), *sum);
        }
    }
    for (&x, key) in rest.iter().zip(rest_keys) {
        sums[0] = F32x4::splat(x).mul_add(F32x4::load(key), sums[0]);
    }
    let [a, b, c, d] = sums;
    (a + b) + (c + d)
}

/// y += a x
#[inline]
fn add_scaled(a: f32, x: &[f32], y: &mut [f32]) {
    let scale = F32x4::splat(a);
    let (x_lanes, x_rest) = x.as_chunks::<LANES>();
    let (y_lanes, y_rest) = y.as_chunks_mut::<LANES>();
    for (y, x) in y_lanes.iter_mut().zip(x_lanes) {
        *y = scale.mul_add(F32x4::load(x), F32x4::load(y)).to_array();
    }
    for (y, x) in y_rest.iter_mut().zip(x_rest) {
        *y += a * x;
    }
}
