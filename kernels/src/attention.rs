//! Attention of every head over the sources that a destination may see: nothing is
//! computed for those that come after it.
//!
//! Queries, keys and values are (row, H, e), where every token has one of the rows and
//! tokens that are alike may share it. z is (B, T, H, e), patterns are (B, H, T, T).

use super::functions::exp;
use super::lanes::{F32x4, LANES};

/// Numbers of a value that are summed in registers at once.
const WIDE: usize = 4 * LANES;

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

/// softmax(q kᵀ · scale) over the sources up to each destination, and 0 after it. The
/// scale is 1/√e but for rare models. `rows` says which row is whose, (B, T).
pub fn pattern(q: &[f32], k: &[f32], rows: &[usize], sizes: Sizes, scale: f32, pattern: &mut [f32]) {
    let Sizes { tokens, d_head, .. } = sizes;
    let mut keys = vec![0.0; tokens.next_multiple_of(LANES) * d_head];
    for ((b, h), cells) in sizes.heads().zip(pattern.chunks_exact_mut(tokens * tokens)) {
        let place = |t: usize| rows[b * tokens + t] * sizes.row() + h * d_head;
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

/// Each head's mix of values, z: the pattern times v. `rows` says which row of v is
/// whose, (B, T).
#[must_use]
pub fn mix(pattern: &[f32], v: &[f32], rows: &[usize], sizes: Sizes) -> Vec<f32> {
    let Sizes { batch, tokens, n_head, d_head } = sizes;
    let mut z = Vec::with_capacity(batch * tokens * sizes.row());
    for (prompt, t) in
        rows.chunks_exact(tokens.max(1)).flat_map(|prompt| (0..tokens).map(move |t| (prompt, t)))
    {
        let b = z.len() / (tokens * sizes.row());
        for h in 0..n_head {
            let attention = &pattern[((b * n_head + h) * tokens + t) * tokens..][..t + 1];
            let value = |s: usize| &v[prompt[s] * sizes.row() + h * d_head..][..d_head];
            let wide = d_head / WIDE * WIDE;
            for e in (0..wide).step_by(WIDE) {
                let mut sums = [F32x4::splat(0.0); WIDE / LANES];
                for (s, &a) in attention.iter().enumerate() {
                    let a = F32x4::splat(a);
                    let v = value(s)[e..e + WIDE].as_chunks::<LANES>().0;
                    sums.iter_mut().zip(v).for_each(|(sum, v)| *sum = a.mul_add(F32x4::load(v), *sum));
                }
                sums.iter().for_each(|sum| z.extend(sum.to_array()));
            }
            z.extend(
                (wide..d_head)
                    .map(|e| -> f32 { attention.iter().enumerate().map(|(s, a)| a * value(s)[e]).sum() }),
            );
        }
    }
    z
}

/// Each head's mix of values at the last token, z (H, e), whose query is q (H, e) and whose
/// keys and values are those of all tokens, its own last, (T, H, e). The products of
/// queries and keys are scaled.
#[must_use]
pub fn attend_last(q: &[f32], k: &[f32], v: &[f32], n_head: usize, scale: f32) -> Vec<f32> {
    let (row, d_head) = (q.len(), q.len() / n_head.max(1));
    let mut z = vec![0.0; row];
    let mut scores = vec![0.0; k.len() / row.max(1)];
    for (h, z) in z.chunks_exact_mut(d_head.max(1)).enumerate() {
        let query = &q[h * d_head..][..d_head];
        for (t, score) in scores.iter_mut().enumerate() {
            let key = &k[t * row + h * d_head..][..d_head];
            *score = dot(query, key) * scale;
        }
        softmax(&mut scores);
        for (t, &a) in scores.iter().enumerate() {
            let value = &v[t * row + h * d_head..][..d_head];
            z.iter_mut().zip(value).for_each(|(z, v)| *z += a * v);
        }
    }
    z
}

/// The dot product of two rows.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Two sums, because one would wait for itself.
    const PAIR: usize = 2 * LANES;
    let ((a_pairs, a_rest), (b_pairs, b_rest)) = (a.as_chunks::<PAIR>(), b.as_chunks::<PAIR>());
    let mut sums = [F32x4::splat(0.0); 2];
    for (a, b) in a_pairs.iter().zip(b_pairs) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let of = |x: &[f32; PAIR]| F32x4::load(&std::array::from_fn(|l| x[i * LANES + l]));
            *sum = of(a).mul_add(of(b), *sum);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]).sum() + rest
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
