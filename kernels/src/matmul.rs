//! Matrix products with a matrix that is packed once, at load.
//!
//! candle's own product packs the matrix at every call. Here it is laid out in
//! panels of some columns, and a tile of some rows by some panels stays in
//! registers over the whole inner loop.

#[cfg(target_arch = "x86_64")]
use super::avx;
use super::lanes::{F32x4, LANES, Vector};
use super::tiling::{self, MANY, Tile, Tiling};
use std::hint::black_box;
use std::ops::Range;

/// Columns of a panel: two vectors of a browser, one of AVX-512.
pub const COLUMNS: usize = if cfg!(target_arch = "x86_64") { 16 } else { 8 };
/// Vectors of a panel, where a vector is four numbers.
const FOURS: usize = COLUMNS / LANES;
/// Rows of x whose dot products with two others are taken together: their sums and what
/// they are made of fill the registers.
const DOT_ROWS: usize = 6;
/// Rows of a table that all of x meets before the next: an even number.
const DOT_PART: usize = 32;
/// Numbers of a cache line.
const CACHE_LINE: usize = 16;
/// Panels that are used together.
const QUAD: usize = 4;
/// How deep into the matrix a product goes at once where there are many rows, so that
/// what it uses of x stays in the second cache level; few stay there as a whole.
const DEPTH: usize = 768;

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

    /// The panels, (panel, n_in, [`COLUMNS`]).
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

    /// The panels that hold some of the columns, and those columns' place in them.
    #[must_use]
    pub fn columns(&self, columns: Range<usize>) -> (Panels<'_>, Range<usize>) {
        let from = columns.start / COLUMNS * COLUMNS;
        let to = columns.end.next_multiple_of(COLUMNS).min(self.n_out).max(from);
        let panels = from * self.n_in..to.next_multiple_of(COLUMNS) * self.n_in;
        let panels = Panels { n_in: self.n_in, n_out: to - from, panels: &self.panels[panels] };
        (panels, columns.start - from..columns.end - from)
    }

    /// y += x W, for rows of `n_in` numbers in x and of `n_out` in y.
    pub fn add_product(&self, x: &[f32], y: &mut [f32]) {
        self.columns(0..self.n_out).0.add_product(x, y);
    }
}

/// Some panels of a packed matrix.
#[derive(Debug, Clone, Copy)]
pub struct Panels<'a> {
    n_in: usize,
    n_out: usize,
    panels: &'a [f32],
}

impl Panels<'_> {
    /// How many columns they hold.
    #[must_use]
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// y += x W, for rows of `n_in` numbers in x and of `n_out` in y.
    pub fn add_product(&self, x: &[f32], y: &mut [f32]) {
        let rows = y.len() / self.n_out.max(1);
        let flop = 2.0 * rows as f64 * self.n_in as f64 * self.n_out as f64;
        tiling::by_the_best(rows, flop, |tiling| self.add_product_by(tiling, x, y));
    }

    /// The same by a given tiling, which does not change the result.
    pub fn add_product_by(&self, tiling: Tiling, x: &[f32], y: &mut [f32]) {
        let Self { n_in, n_out, .. } = *self;
        if n_in == 0 || n_out == 0 {
            return;
        }
        let rows = y.len() / n_out;
        let panels = n_out.div_ceil(COLUMNS);
        let steps = |n: usize, step: usize| (0..n).step_by(step).map(move |from| from..n.min(from + step));
        let depth = if rows < MANY { n_in } else { DEPTH };
        for depth in steps(n_in, depth) {
            for quad in steps(panels, QUAD) {
                // The matrix comes from memory, and waiting for it may take long, unless
                // it is asked for in a row before anything is computed.
                if tiling.ahead {
                    quad.clone().for_each(|p| fetch(self.panel(p, depth.clone())));
                }
                self.add_quad(tiling.tile, quad, &depth, x, y);
            }
        }
    }

    /// Some rows of a panel.
    fn panel(&self, p: usize, rows: Range<usize>) -> &[[f32; COLUMNS]] {
        let panel = &self.panels[p * self.n_in * COLUMNS..(p + 1) * self.n_in * COLUMNS];
        panel[rows.start * COLUMNS..rows.end * COLUMNS].as_chunks().0
    }

    /// Adds the products with up to four panels, from rows `depth` of the matrix.
    fn add_quad(&self, tile: Tile, quad: Range<usize>, depth: &Range<usize>, x: &[f32], y: &mut [f32]) {
        match tile {
            Tile::SixByEight => self.add_block::<F32x4, FOURS, 6, 1>(quad, depth, x, y),
            Tile::FourByEight => self.add_block::<F32x4, FOURS, 4, 1>(quad, depth, x, y),
            Tile::TwoBySixteen => self.add_block::<F32x4, FOURS, 2, { 16 / COLUMNS }>(quad, depth, x, y),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has what the function is compiled for.
            Tile::Avx2 if avx::has_avx2() => unsafe { avx::add_block_avx2(self, quad, depth, x, y) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the machine has what the function is compiled for.
            Tile::Avx512 if avx::has_avx512() => unsafe { avx::add_block_avx512(self, quad, depth, x, y) },
            Tile::Avx2 | Tile::Avx512 => self.add_quad(Tile::TwoBySixteen, quad, depth, x, y),
        }
    }

    /// Adds the products with some panels of `N` vectors each, in tiles of `R` rows and `P`
    /// panels.
    #[inline(always)]
    pub(super) fn add_block<V: Vector, const N: usize, const R: usize, const P: usize>(
        &self,
        panels: Range<usize>,
        depth: &Range<usize>,
        x: &[f32],
        y: &mut [f32],
    ) {
        let rows = y.len() / self.n_out;
        let tiled = rows / R * R;
        for from in panels.clone().step_by(P) {
            for r in (0..tiled).step_by(R) {
                self.add_tiles::<V, N, R, P>(r, from..panels.end.min(from + P), depth, x, y);
            }
        }
        // What is left of the rows, in tiles that fill as many registers.
        let mut r = tiled;
        while r < rows {
            let panels = panels.clone();
            r += match rows - r {
                1 => self.add_tiles::<V, N, 1, 4>(r, panels, depth, x, y),
                2 | 3 => self.add_tiles::<V, N, 2, 2>(r, panels, depth, x, y),
                _ => self.add_tiles::<V, N, 4, 1>(r, panels, depth, x, y),
            };
        }
    }

    /// Adds the products of `R` rows from `r` on, with `P` panels at a time; gives
    /// back `R`. In browsers a function of its own, since they compile a function well
    /// while others run, and never while it runs itself.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn add_tiles<V: Vector, const N: usize, const R: usize, const P: usize>(
        &self,
        r: usize,
        panels: Range<usize>,
        depth: &Range<usize>,
        x: &[f32],
        y: &mut [f32],
    ) -> usize {
        let Self { n_in, n_out, .. } = *self;
        let x: [_; R] = std::array::from_fn(|i| &x[(r + i) * n_in..][depth.clone()]);
        let y = &mut y[r * n_out..(r + R) * n_out];
        let panel = |p: usize| self.panel(p, depth.clone());
        let whole = panels.len() / P * P;
        for p in panels.clone().take(whole).step_by(P) {
            let sums = tile::<V, N, R, P>(x, std::array::from_fn(|i| panel(p + i)));
            sums.iter().enumerate().for_each(|(i, sums)| add(sums, y, n_out, p + i));
        }
        for p in panels.skip(whole) {
            let [sums] = tile::<V, N, R, 1>(x, [panel(p)]);
            add(&sums, y, n_out, p);
        }
        R
    }
}

/// Dot products of every row of x with every row of `table`, rows of `n`
/// numbers: x tableᵀ, (rows of x, rows of table).
pub fn dot_products(x: &[f32], table: &[f32], n: usize, y: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if avx::has_avx2() {
        // SAFETY: the machine has what the function is compiled for.
        return unsafe { avx::dot_products_avx2(x, table, n, y) };
    }
    dot_products_by::<F32x4, LANES>(x, table, n, y);
}

/// The same by vectors of `L` numbers.
#[inline(always)]
pub(super) fn dot_products_by<V: Vector, const L: usize>(x: &[f32], table: &[f32], n: usize, y: &mut [f32]) {
    let width = table.len() / n;
    // A part of the table stays in the second cache level while all of x meets it.
    for (part, table) in table.chunks(DOT_PART * n).enumerate() {
        let mut r = 0;
        while r * n < x.len() {
            let place = r * width + part * DOT_PART;
            let (x, y) = (&x[r * n..], &mut y[place..]);
            r += match x.len() / n {
                DOT_ROWS.. => dots_of_rows::<V, L, DOT_ROWS>(x, table, n, y, width),
                4 | 5 => dots_of_rows::<V, L, 4>(x, table, n, y, width),
                2 | 3 => dots_of_rows::<V, L, 2>(x, table, n, y, width),
                _ => dots_of_rows::<V, L, 1>(x, table, n, y, width),
            };
        }
    }
}

/// Dot products of the first `R` rows of x with some rows of a table, into rows of y that are
/// `width` numbers apart; gives back `R`. In browsers a function of its own, as
/// [`Panels::add_tiles`].
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn dots_of_rows<V: Vector, const L: usize, const R: usize>(
    x: &[f32],
    table: &[f32],
    n: usize,
    y: &mut [f32],
    width: usize,
) -> usize {
    let x: [&[f32]; R] = std::array::from_fn(|r| &x[r * n..][..n]);
    for (j, pair) in table.chunks(2 * n).enumerate() {
        // Of an odd number the last one is its own pair.
        let rows = pair.len() / n;
        let sums = dots::<V, L, R>(x, [&pair[..n], &pair[(rows - 1) * n..]]);
        for (r, sums) in sums.iter().enumerate() {
            let place = r * width + 2 * j;
            y[place..place + rows].copy_from_slice(&sums[..rows]);
        }
    }
    R
}

/// Brings a part of a panel into the caches: loads that wait for nothing overlap,
/// where those between products wait for each other.
fn fetch(panel: &[[f32; COLUMNS]]) {
    black_box(panel.iter().step_by(CACHE_LINE / COLUMNS).map(|row| row[0]).sum::<f32>());
}

/// Adds a tile's sums to its place in y.
#[inline(always)]
fn add<V: Vector, const N: usize, const R: usize>(
    sums: &[[V; N]; R],
    y: &mut [f32],
    n_out: usize,
    panel: usize,
) {
    let from = panel * COLUMNS;
    for (y, sums) in y.chunks_exact_mut(n_out).zip(sums) {
        let y = &mut y[from..];
        if let Some(y) = y.first_chunk_mut::<COLUMNS>() {
            for (y, sum) in y.chunks_exact_mut(V::LANES).zip(sums) {
                (V::of(y) + *sum).write(y);
            }
        } else {
            let mut whole = [0.0; COLUMNS];
            whole.chunks_exact_mut(V::LANES).zip(sums).for_each(|(whole, sum)| sum.write(whole));
            y.iter_mut().zip(whole).for_each(|(y, sum)| *y += sum);
        }
    }
}

/// `R` rows times `P` panels.
#[inline(always)]
fn tile<V: Vector, const N: usize, const R: usize, const P: usize>(
    x: [&[f32]; R],
    panels: [&[[f32; COLUMNS]]; P],
) -> [[[V; N]; R]; P] {
    let n = panels[0].len();
    // The same length everywhere spares the loop its bounds checks.
    let (x, panels) = (x.map(|x| &x[..n]), panels.map(|panel| &panel[..n]));
    let mut sums = [[[V::splat(0.0); N]; R]; P];
    for k in 0..n {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            let w: [V; N] = std::array::from_fn(|i| V::of(&panel[k][i * V::LANES..]));
            for (sums, x) in sums.iter_mut().zip(x) {
                let x = V::splat(x[k]);
                *sums = std::array::from_fn(|i| x.mul_add(w[i], sums[i]));
            }
        }
    }
    sums
}

/// Dot products of some rows with two.
#[inline(always)]
fn dots<V: Vector, const L: usize, const R: usize>(x: [&[f32]; R], w: [&[f32]; 2]) -> [[f32; 2]; R] {
    let n = w[0].len() / L;
    let x_chunks = x.map(|x| &x.as_chunks::<L>().0[..n]);
    let w_chunks = w.map(|w| &w.as_chunks::<L>().0[..n]);
    let mut sums = [[V::splat(0.0); 2]; R];
    for k in 0..n {
        let w = w_chunks.map(|w| V::of(&w[k]));
        for (sums, x) in sums.iter_mut().zip(x_chunks) {
            let x = V::of(&x[k]);
            *sums = [x.mul_add(w[0], sums[0]), x.mul_add(w[1], sums[1])];
        }
    }
    let rest = |x: &[f32], w: &[f32]| -> f32 { x[n * L..].iter().zip(&w[n * L..]).map(|(x, w)| x * w).sum() };
    std::array::from_fn(|r| std::array::from_fn(|j| sums[r][j].sum() + rest(x[r], w[j])))
}
