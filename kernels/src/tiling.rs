//! How a product goes over rows and columns, chosen on the machine at hand.
//!
//! Processors differ in which tile suits them: the number of instructions that they
//! begin at a time, the latency of their sums, how far ahead they read memory. So the
//! first products of a thread are the trial: each is made by another tiling and timed, until
//! every tiling had its turns, and the fastest makes all that follow. No work is done
//! for the trial alone, and since every tiling adds up in the same order, a result is the
//! same to the last bit whichever is taken.

use std::cell::RefCell;
use web_time::Instant;

/// Rows of x from which on a product counts as one of many rows.
pub const MANY: usize = 65;
/// Rows of x below which there is nothing to choose, since no tile is full.
const LEAST_ROWS: usize = 4;
/// Products of less work are too short to be timed.
const LEAST_FLOP: f64 = 2e6;
/// Turns that count, of each tiling.
const TURNS: usize = 3;
/// A turn is as many products as take this long, in seconds.
const TURN: f64 = 0.002;
/// The same where the clock, which browsers make coarse, has shown no time for a product.
const COARSE_TURN: f64 = 0.04;
/// Products after which a trial ends whatever the clock shows.
const MOST: usize = 2000;
/// By how much a tiling has to be faster than the first of the list to take its place.
const MARGIN: f64 = 1.02;

/// Rows and columns of a tile that stays in registers, and whether the matrix is read
/// ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiling {
    /// Rows by columns.
    pub tile: Tile,
    /// Whether a part of the matrix is brought into the caches before it is used.
    pub ahead: bool,
}

/// Rows by columns of the sums that stay in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tile {
    /// Six rows, eight columns.
    SixByEight,
    /// Four rows, eight columns.
    FourByEight,
    /// Two rows, sixteen columns.
    TwoBySixteen,
    /// Six rows, sixteen columns, in vectors of eight.
    Avx2,
    /// Six rows, 32 columns, in vectors of sixteen.
    Avx512,
}

const fn ahead(tile: Tile) -> Tiling {
    Tiling { tile, ahead: true }
}

const fn as_it_comes(tile: Tile) -> Tiling {
    Tiling { tile, ahead: false }
}

impl Tiling {
    /// Every tiling that is tried here, the best guess first. All of them round alike: what
    /// fuses a product with its sum does not stand beside what does not.
    #[must_use]
    pub fn all() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            use super::avx;
            if avx::has_avx512() {
                const ALL: &[Tiling] = &[
                    ahead(Tile::Avx512),
                    as_it_comes(Tile::Avx512),
                    ahead(Tile::Avx2),
                    as_it_comes(Tile::Avx2),
                ];
                return ALL;
            }
            if avx::has_avx2() {
                const ALL: &[Tiling] = &[ahead(Tile::Avx2), as_it_comes(Tile::Avx2)];
                return ALL;
            }
        }
        // Browsers have 16 registers for vectors: six by eight sums take 12 of them, and two
        // numbers of the panel and one of x the others. A product that is not fused with its
        // sum wants one more, so that tile is for relaxed vectors alone.
        if cfg!(target_feature = "relaxed-simd") {
            const ALL: &[Tiling] = &[
                ahead(Tile::SixByEight),
                as_it_comes(Tile::SixByEight),
                ahead(Tile::FourByEight),
                as_it_comes(Tile::FourByEight),
                ahead(Tile::TwoBySixteen),
            ];
            return ALL;
        }
        const ALL: &[Tiling] = &[
            ahead(Tile::FourByEight),
            as_it_comes(Tile::FourByEight),
            ahead(Tile::TwoBySixteen),
            as_it_comes(Tile::TwoBySixteen),
        ];
        ALL
    }

    /// The tiling of a name, whichever build has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let tiles = [Tile::SixByEight, Tile::FourByEight, Tile::TwoBySixteen, Tile::Avx2, Tile::Avx512];
        tiles.into_iter().flat_map(|tile| [ahead(tile), as_it_comes(tile)]).find(|each| each.name() == name)
    }

    /// What it is called: `6x8 ahead`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.tile, self.ahead) {
            (Tile::SixByEight, true) => "6x8 ahead",
            (Tile::SixByEight, false) => "6x8",
            (Tile::FourByEight, true) => "4x8 ahead",
            (Tile::FourByEight, false) => "4x8",
            (Tile::TwoBySixteen, true) => "2x16 ahead",
            (Tile::TwoBySixteen, false) => "2x16",
            (Tile::Avx2, true) => "6x16 AVX2 ahead",
            (Tile::Avx2, false) => "6x16 AVX2",
            (Tile::Avx512, true) => "6x32 AVX-512 ahead",
            (Tile::Avx512, false) => "6x32 AVX-512",
        }
    }
}

/// What this thread's trials found, for fewer than [`MANY`] rows and for the others; `None`
/// while one goes on.
#[must_use]
pub fn chosen() -> [Option<Tiling>; 2] {
    TRIALS.with_borrow(|trials| trials.each_ref().map(|trial| trial.chosen().map(|i| Tiling::all()[i])))
}

thread_local! {
    static TRIALS: RefCell<[Trial; 2]> = RefCell::new([(); 2].map(|()| Trial::new(Tiling::all().len())));
}

/// Makes a product of so many rows and operations by the tiling that was chosen, or by
/// the one whose turn it is.
pub(super) fn by_the_best(rows: usize, flop: f64, product: impl FnOnce(Tiling)) {
    let trial = usize::from(rows >= MANY);
    let (tiling, is_timed) = TRIALS.with_borrow(|trials| match trials[trial].chosen() {
        Some(chosen) => (chosen, false),
        None if rows < LEAST_ROWS || flop < LEAST_FLOP => (0, false),
        None => (trials[trial].next(), true),
    });
    if !is_timed {
        return product(Tiling::all()[tiling]);
    }
    let started = Instant::now();
    product(Tiling::all()[tiling]);
    let seconds = started.elapsed().as_secs_f64();
    TRIALS.with_borrow_mut(|trials| trials[trial].note(tiling, seconds, flop));
}

/// Which of several ways is the fastest, from the times of real work.
#[derive(Debug)]
pub struct Trial {
    ways: Vec<Way>,
    products: usize,
    is_coarse: bool,
    chosen: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Way {
    /// Of the turn that goes on: seconds and operations.
    turn: (f64, f64),
    /// Seconds an operation, of each turn.
    turns: Vec<f64>,
}

impl Trial {
    /// Of so many ways, of which the first is taken if none is clearly faster.
    #[must_use]
    pub fn new(ways: usize) -> Self {
        Self { ways: vec![Way::default(); ways], products: 0, is_coarse: false, chosen: None }
    }

    /// The way that was found to be the fastest.
    #[must_use]
    pub fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Whose turn it is. The order shifts from round to round, so that none always meets
    /// the same layer of a model.
    #[must_use]
    pub fn next(&self) -> usize {
        (self.products + self.products / self.ways.len()) % self.ways.len()
    }

    /// Takes note of how long a product of so many operations took by a way.
    pub fn note(&mut self, way: usize, seconds: f64, flop: f64) {
        self.products += 1;
        // Of its first product a way has the browser's quick code, and its slow one later.
        if self.products <= self.ways.len() {
            return;
        }
        if seconds <= 0.0 && !self.is_coarse {
            self.is_coarse = true;
            self.ways.fill(Way::default());
        }
        let enough = if self.is_coarse { COARSE_TURN } else { TURN };
        let Way { turn, turns } = &mut self.ways[way];
        *turn = (turn.0 + seconds, turn.1 + flop);
        if turn.0 >= enough {
            turns.push(turn.0 / turn.1);
            *turn = (0.0, 0.0);
        }
        if self.ways.iter().all(|way| way.turns.len() >= TURNS) || self.products >= MOST {
            self.chosen = Some(self.fastest());
        }
    }

    /// The way with the best turn; the first unless another is better by the margin.
    fn fastest(&self) -> usize {
        let best = |way: &Way| way.turns.iter().copied().fold(f64::INFINITY, f64::min);
        let costs: Vec<f64> = self.ways.iter().map(best).collect();
        let (fastest, cost) = costs
            .iter()
            .enumerate()
            .fold((0, costs[0]), |least, (i, &cost)| if cost < least.1 { (i, cost) } else { least });
        if cost * MARGIN < costs[0] { fastest } else { 0 }
    }
}
