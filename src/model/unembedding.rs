//! Logits: rows of the residual stream by the unembedding, whose vocabulary is split over
//! the threads.

use super::Result;
use super::kernels::Packed;
use super::kernels::matmul::dot_products;
use super::parallel::linear::side_by_side;
use super::parallel::{Job, ShardTensor, TensorParallel};
use super::token_embedding::TokenEmbedding;
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// What the further threads know their tokens by.
const NAME: &str = "unembedding";

/// Which thread has which tokens. This one computes with the table itself; the others are
/// given their tokens when logits are first asked for, since few studies ask for any.
#[derive(Debug)]
pub(super) struct SharedUnembedding {
    shares: Vec<Range<usize>>,
    is_given: Cell<bool>,
    parallel: Rc<TensorParallel>,
}

impl SharedUnembedding {
    pub(super) fn new(d_vocab: usize, parallel: &Rc<TensorParallel>) -> Self {
        Self { shares: parallel.units(d_vocab), is_given: Cell::new(false), parallel: Rc::clone(parallel) }
    }

    /// x times the transposed table, (rows, V), of x (rows, d).
    pub(super) async fn logits(&self, x: &[f32], table: &TokenEmbedding, d: usize) -> Result<Vec<f32>> {
        let table = table.table()?;
        let of = |share: &Range<usize>| &table[share.start * d..share.end * d];
        let (here, elsewhere) = (&self.shares[0], &self.shares[1..]);
        if !self.is_given.replace(true) {
            for (i, share) in elsewhere.iter().enumerate().filter(|(_, share)| !share.is_empty()) {
                let piece = ShardTensor::Matrix(Packed::of_transposed(of(share), d));
                self.parallel.give_one(i, NAME, piece)?;
            }
        }
        let job = |thread: usize| {
            let tokens = self.shares[thread].len();
            (thread > 0 && tokens > 0).then(|| Job::Linear(vec![(NAME.to_owned(), 0..tokens)]))
        };
        let others = self.parallel.work(job, |_| x);
        let rows = x.len() / d;
        let mut logits = vec![0.0; rows * here.len()];
        dot_products(x, of(here), d, &mut logits);
        if elsewhere.is_empty() {
            return Ok(logits);
        }
        let others = others.await?;
        let mut parts: Vec<&[f32]> = others.iter().map(Vec::as_slice).collect();
        parts[0] = &logits;
        let widths: Vec<usize> = self.shares.iter().map(Range::len).collect();
        side_by_side(&mut parts, &widths, rows)
    }
}
