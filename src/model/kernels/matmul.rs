//! Matrix products with a matrix that is packed once, at load.
//!
//! candle's own product packs the matrix at every call. Here it is laid out in
//! panels of eight columns, and a tile of four rows by eight columns stays in
//! registers over the whole inner loop.

use super::lanes::{F32x4, LANES};
use std::ops::Range;

/// Columns of a panel: two vectors.
pub const COLUMNS: usize = 8;
/// Rows of a tile. Four by eight sums take 8 of the 16 registers that browsers
/// have for vectors; more rows spill.
const ROWS: usize = 4;
/// Panels that are used together.
const QUAD: usize = 4;
/// Rows of x that do not outweigh the matrix: one prompt of the study.
const FEW: usize = 16;
/// Rows of a panel that are used at once where x has few rows.
const SHALLOW: usize = 64;
/// The same where it has many: they stay in the first cache level beside the
/// numbers that they are multiplied by.
const DEEP: usize = 384;

/// A matrix of shape (n_in, n_out), packed.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    n_in: usize,
    n_out: usize,
    /// (panel, n_in, COLUMNS); the last panel is filled up with zeros.
    panels: Vec<f32>,
}

impl Packed {
    /// Packs some columns of a row-major matrix with `width` columns.
    #[must_use]
    pub fn of(matrix: &[f32], width: usize, columns: Range<usize>) -> Self {
        let (n_in, n_out) = (matrix.len() / width.max(1), columns.len());
        let mut panels = vec![0.0; n_out.div_ceil(COLUMNS) * n_in * COLUMNS];
        for (p, panel) in panels.chunks_exact_mut((n_in * COLUMNS).max(1)).enumerate() {
            let from = columns.start + p * COLUMNS;
            let to = columns.end.min(from + COLUMNS);
            for (row, packed) in matrix.chunks_exact(width).zip(panel.chunks_exact_mut(COLUMNS)) {
                packed[..to - from].copy_from_slice(&row[from..to]);
            }
        }
        Self { n_in, n_out, panels }
    }

    /// One that was packed elsewhere; `None` if its length does not fit its shape.
    #[must_use]
    pub fn from_panels(n_in: usize, n_out: usize, panels: Vec<f32>) -> Option<Self> {
        let length = n_out.div_ceil(COLUMNS).checked_mul(n_in)?.checked_mul(COLUMNS)?;
        (panels.len() == length).then_some(Self { n_in, n_out, panels })
    }

    /// The panels, (panel, n_in, 8).
    #[must_use]
    pub fn panels(&self) -> &[f32] {
        &self.panels
    }

    /// Rows of the matrix.
    #[must_use]
    pub fn n_in(&self) -> usize {
        self.n_in
    }

    /// Columns of the matrix.
    #[must_use]
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// y += x W, for rows of `n_in` numbers in x and of `n_out` in y.
    pub fn add_product(&self, x: &[f32], y: &mut [f32]) {
        let Self { n_in, n_out, .. } = *self;
        if n_in == 0 || n_out == 0 {
            return;
        }
        let rows = y.len() / n_out;
        let groups = interleave(&x[..rows / ROWS * ROWS * n_in], n_in);
        let panels = n_out.div_ceil(COLUMNS);
        let steps = |n: usize, step: usize| (0..n).step_by(step).map(move |from| from..n.min(from + step));
        if rows <= FEW {
            // The matrix is read in the order it lies in memory, a little at a time,
            // so that the machine fetches what comes next meanwhile.
            for quad in steps(panels, QUAD) {
                for depth in steps(n_in, SHALLOW) {
                    self.add_block(quad.clone(), depth, x, &groups, y);
                }
            }
        } else {
            // What is shared is x, so as much of it as the caches hold is used up.
            for depth in steps(n_in, DEEP) {
                for quad in steps(panels, QUAD) {
                    self.add_block(quad, depth.clone(), x, &groups, y);
                }
            }
        }
    }

    /// Adds the products with up to four panels, from rows `depth` of the matrix.
    fn add_block(
        &self,
        panels: Range<usize>,
        depth: Range<usize>,
        x: &[f32],
        groups: &[[f32; ROWS]],
        y: &mut [f32],
    ) {
        let Self { n_in, n_out, .. } = *self;
        let panel = |p: usize| {
            let panel = &self.panels[p * n_in * COLUMNS..(p + 1) * n_in * COLUMNS];
            panel[depth.start * COLUMNS..depth.end * COLUMNS].as_chunks().0
        };
        for p in panels.clone() {
            let groups = groups.chunks_exact(n_in).zip(y.chunks_exact_mut(ROWS * n_out));
            for (x, y) in groups {
                add(&tile(&x[depth.clone()], panel(p)), y, n_out, p);
            }
        }
        // What is left of four rows: two over two panels, one over four, which
        // fills the same eight registers.
        let row = |r: usize| &x[r * n_in..][depth.clone()];
        let (mut r, rows) = (y.len() / n_out / ROWS * ROWS, y.len() / n_out);
        if r + 2 <= rows {
            let y = &mut y[r * n_out..];
            for p in panels.clone().step_by(2) {
                if p + 1 < panels.end {
                    add_wide(&wide_tile([row(r), row(r + 1)], [panel(p), panel(p + 1)]), y, n_out, p);
                } else {
                    add_wide(&wide_tile([row(r), row(r + 1)], [panel(p)]), y, n_out, p);
                }
            }
            r += 2;
        }
        if r < rows {
            let y = &mut y[r * n_out..];
            let p = panels.start;
            if panels.len() == QUAD {
                let quad: [_; QUAD] = std::array::from_fn(|i| panel(p + i));
                add_wide(&wide_tile([row(r)], quad), y, n_out, p);
            } else {
                panels.for_each(|p| add_wide(&wide_tile([row(r)], [panel(p)]), y, n_out, p));
            }
        }
    }
}

/// Dot products of every row of x with every row of `table`, rows of `n`
/// numbers: x tableᵀ, (rows of x, rows of table).
pub fn dot_products(x: &[f32], table: &[f32], n: usize, y: &mut [f32]) {
    let width = table.len() / n;
    for (x, y) in x.chunks(ROWS * n).zip(y.chunks_mut(ROWS * width)) {
        let rows = x.len() / n;
        for (j, pair) in table.chunks(2 * n).enumerate() {
            // A row that is not there stands for the first, and is not kept.
            let x: [&[f32]; ROWS] = std::array::from_fn(|r| &x[if r < rows { r * n } else { 0 }..][..n]);
            let pair_len = pair.len() / n;
            let sums = dots(x, [&pair[..n], &pair[(pair_len - 1) * n..]]);
            for (r, sums) in sums.iter().enumerate().take(rows) {
                y[r * width + 2 * j..][..pair_len].copy_from_slice(&sums[..pair_len]);
            }
        }
    }
}

/// Four rows of `n_in` numbers at a time, laid side by side: (group, n_in, 4).
fn interleave(x: &[f32], n_in: usize) -> Vec<[f32; ROWS]> {
    let mut groups = Vec::with_capacity(x.len() / ROWS);
    for group in x.chunks_exact(ROWS * n_in) {
        let [a, b, c, d] = std::array::from_fn(|r| &group[r * n_in..(r + 1) * n_in]);
        let columns = a.iter().zip(b).zip(c).zip(d);
        groups.extend(columns.map(|(((&a, &b), &c), &d)| [a, b, c, d]));
    }
    groups
}

/// Adds a tile's sums to its place in y.
#[inline]
fn add<const R: usize>(sums: &[[f32; COLUMNS]; R], y: &mut [f32], n_out: usize, panel: usize) {
    let columns = panel * COLUMNS..n_out.min((panel + 1) * COLUMNS);
    for (y, sums) in y.chunks_exact_mut(n_out).zip(sums) {
        for (y, sum) in y[columns.clone()].iter_mut().zip(sums) {
            *y += sum;
        }
    }
}

/// Adds the sums of several panels from `panel` on.
#[inline]
fn add_wide<const R: usize, const P: usize>(
    sums: &[[[f32; COLUMNS]; R]; P],
    y: &mut [f32],
    n_out: usize,
    panel: usize,
) {
    for (i, sums) in sums.iter().enumerate() {
        add(sums, y, n_out, panel + i);
    }
}

/// Four rows, interleaved, times a panel.
#[inline]
fn tile(x: &[[f32; ROWS]], panel: &[[f32; COLUMNS]]) -> [[f32; COLUMNS]; ROWS] {
    let mut sums = [[F32x4::splat(0.0); 2]; ROWS];
    for (x, w) in x.iter().zip(panel) {
        let w = halves(w);
        for (sums, &x) in sums.iter_mut().zip(x) {
            let x = F32x4::splat(x);
            *sums = [x.mul_add(w[0], sums[0]), x.mul_add(w[1], sums[1])];
        }
    }
    sums.map(whole)
}

/// `R` rows times `P` panels.
#[inline]
fn wide_tile<const R: usize, const P: usize>(
    x: [&[f32]; R],
    panels: [&[[f32; COLUMNS]]; P],
) -> [[[f32; COLUMNS]; R]; P] {
    let n = panels[0].len();
    // The same length everywhere spares the loop its bounds checks.
    let (x, panels) = (x.map(|x| &x[..n]), panels.map(|panel| &panel[..n]));
    let mut sums = [[[F32x4::splat(0.0); 2]; R]; P];
    for k in 0..n {
        let x = x.map(|x| F32x4::splat(x[k]));
        for (sums, panel) in sums.iter_mut().zip(panels) {
            let w = halves(&panel[k]);
            for (sums, x) in sums.iter_mut().zip(x) {
                *sums = [x.mul_add(w[0], sums[0]), x.mul_add(w[1], sums[1])];
            }
        }
    }
    sums.map(|sums| sums.map(whole))
}

/// Dot products of four rows with two.
#[inline]
fn dots(x: [&[f32]; ROWS], w: [&[f32]; 2]) -> [[f32; 2]; ROWS] {
    let n = w[0].len() / LANES;
    let x_lanes = x.map(|x| &x.as_chunks::<LANES>().0[..n]);
    let w_lanes = w.map(|w| &w.as_chunks::<LANES>().0[..n]);
    let mut sums = [[F32x4::splat(0.0); 2]; ROWS];
    for k in 0..n {
        let w = w_lanes.map(|w| F32x4::load(&w[k]));
        for (sums, x) in sums.iter_mut().zip(x_lanes) {
            let x = F32x4::load(&x[k]);
            *sums = [x.mul_add(w[0], sums[0]), x.mul_add(w[1], sums[1])];
        }
    }
    let rest = |x: &[f32], w: &[f32]| -> f32 {
        x[n * LANES..].iter().zip(&w[n * LANES..]).map(|(x, w)| x * w).sum()
    };
    std::array::from_fn(|r| std::array::from_fn(|j| sums[r][j].sum() + rest(x[r], w[j])))
}

#[inline]
fn halves(w: &[f32; COLUMNS]) -> [F32x4; 2] {
    [F32x4::load(&[w[0], w[1], w[2], w[3]]), F32x4::load(&[w[4], w[5], w[6], w[7]])]
}

#[inline]
fn whole([left, right]: [F32x4; 2]) -> [f32; COLUMNS] {
    let (left, right) = (left.to_array(), right.to_array());
    std::array::from_fn(|c| if c < LANES { left[c] } else { right[c - LANES] })
}
