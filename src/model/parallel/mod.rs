//! Several threads at one model.
//!
//! Each thread, the one that runs the model among them, is a [`PoolWorker`]. It holds
//! some heads of every layer and some hidden units of every MLP, as in Megatron-LM
//! (Shoeybi et al., 2019). An activation goes to all of them and what they add to it
//! comes back, twice a layer; of the unembedding it has the logits of some tokens. So the
//! weights are in memory once, and no memory has to
//! be shared: messages are enough.

use crate::model::kernels::matmul::COLUMNS;
use crate::model::{ModelError, Result};
use crate::weights::{Activation, Config};
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready, try_join_all};
use serde::{Deserialize, Serialize};
use shard::{ShardLinear, ShardTable};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

mod distinct_rows;
pub(in crate::model) mod linear;
mod shard;

pub use shard::{Heads, Inside, ShardTensor};

/// Narrower models are not worth the messages: their products take less time.
const NARROWEST: usize = 256;

/// The first thread's share of an MLP, in proportion to another's. It gets a little
/// more, because it also works while messages travel: 7 % of an MLP's time for one
/// prompt of 13 tokens on two threads, 1 % for 22 prompts.
const LOCAL: usize = 20;
const REMOTE: usize = 19;

/// The threads beside this one.
pub trait WorkerPool {
    /// How many there are.
    fn workers(&self) -> usize;

    /// Gives a worker a part of a layer, to hold under a name.
    ///
    /// # Errors
    ///
    /// [`ModelError::WorkerLost`] if it cannot be reached.
    fn give(&self, worker: usize, name: &str, piece: ShardTensor) -> Result<()>;

    /// Has a worker do a job on x, rows of numbers, as [`PoolWorker::work`] does it.
    fn ask(&self, worker: usize, job: &Job, x: &[f32]) -> LocalBoxFuture<'static, Result<Vec<f32>>>;
}

/// What a thread is asked to compute, with layers and tables by the names it holds them
/// under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// x W + b for some of the columns that it has of linear layers, one layer's
    /// results after another's.
    Linear(Vec<(String, Range<usize>)>),
    /// What its hidden units add to an MLP's output.
    Mlp {
        /// The MLP's name.
        name: String,
        /// Its activation function.
        activation: Activation,
    },
    /// What its heads add to attention's output, and what is wanted of their inside.
    Attention {
        /// The attention layer's name.
        name: String,
        /// Sizes and scale.
        heads: Heads,
        /// What is wanted beside the output.
        inside: Inside,
    },
    /// Some of the rows that it has of a table.
    Rows {
        /// The table's name.
        table: String,
        /// Which of them.
        rows: Vec<usize>,
    },
    /// Dot products of x with every row that it has of a table.
    Dots {
        /// The table's name.
        table: String,
    },
    /// What the same, as logits, say of the next token at every row of x.
    NextTokens {
        /// The table's name.
        table: String,
        /// How many of the likeliest are wanted.
        most: usize,
        /// For each row of x, the row of the table whose logit is wanted.
        asked: Vec<Option<usize>>,
    },
}

/// Whether a pool is worth having for a model of these sizes.
#[must_use]
pub fn pays(config: &Config) -> bool {
    config.d_model >= NARROWEST
}

/// One thread: what it holds, and how it works.
#[derive(Debug, Default)]
pub struct PoolWorker {
    shares: HashMap<String, ShardLinear>,
    tables: HashMap<String, ShardTable>,
}

impl PoolWorker {
    /// Keeps a piece under its name.
    pub fn keep(&mut self, name: &str, piece: ShardTensor) {
        let share = || name.to_owned();
        match piece {
            ShardTensor::Matrix(matrix) => self.shares.entry(share()).or_default().matrix = Some(matrix),
            ShardTensor::Bias(bias) => self.shares.entry(share()).or_default().bias = Some(bias),
            ShardTensor::Rows { first, of, width, numbers } => {
                let table = self.tables.entry(share()).or_insert_with(|| ShardTable::empty(of, width));
                table.keep(first, &numbers);
            }
        }
    }

    /// Does a job on rows of numbers.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if something is not here.
    pub fn work(&self, job: &Job, x: &[f32]) -> Result<Vec<f32>> {
        let part = |of: &str, name: &str| self.share(&format!("{of}.{name}"));
        match job {
            Job::Linear(layers) => {
                let layers = layers.iter().map(|(name, columns)| Ok((self.share(name)?, columns.clone())));
                shard::linear(&layers.collect::<Result<Vec<_>>>()?, x)
            }
            Job::Mlp { name, activation } => {
                shard::mlp(part(name, "c_fc")?, part(name, "c_proj")?, *activation, x)
            }
            Job::Attention { name, heads, inside } => {
                let qkv = [part(name, "q")?, part(name, "k")?, part(name, "v")?];
                shard::attention(qkv, part(name, "c_proj")?, *heads, *inside, x)
            }
            Job::Rows { table, rows } => self.table(table)?.rows(rows),
            Job::Dots { table } => Ok(self.table(table)?.dot_products(x)),
            Job::NextTokens { table, most, asked } => Ok(self.table(table)?.next_tokens(x, *most, asked)),
        }
    }

    fn share(&self, name: &str) -> Result<&ShardLinear> {
        self.shares.get(name).ok_or(ModelError::NotLoaded("a share of a matrix"))
    }

    fn table(&self, name: &str) -> Result<&ShardTable> {
        self.tables.get(name).ok_or(ModelError::NotLoaded("a share of a table"))
    }
}

/// This thread, and its pool if it has one.
pub(in crate::model) struct TensorParallel {
    local: RefCell<PoolWorker>,
    pool: Option<Rc<dyn WorkerPool>>,
}

impl TensorParallel {
    /// With a pool for a model of these sizes, if that is worth it.
    pub(in crate::model) fn of(pool: Option<Rc<dyn WorkerPool>>, config: &Config) -> Rc<Self> {
        let pool = pool.filter(|pool| pool.workers() > 0 && pays(config));
        Rc::new(Self { local: RefCell::default(), pool })
    }

    /// How many threads there are beside this one.
    fn workers(&self) -> usize {
        self.pool.as_ref().map_or(0, |pool| pool.workers())
    }

    /// `n` hidden units in shares, one for each thread and this one's first, which is
    /// a little larger.
    pub(in crate::model) fn units(&self, n: usize) -> Vec<Range<usize>> {
        self.shares(n, COLUMNS, LOCAL)
    }

    /// The columns of `n_head` heads in shares; no head is split.
    pub(in crate::model) fn heads(&self, n_head: usize, d_head: usize) -> Vec<Range<usize>> {
        self.shares(n_head * d_head, d_head, REMOTE)
    }

    /// The rows of a table of `d_vocab` tokens in shares.
    pub(in crate::model) fn vocabulary(&self, d_vocab: usize) -> Vec<Range<usize>> {
        self.shares(d_vocab, COLUMNS, REMOTE)
    }

    /// `n` columns in shares of whole steps, this thread's for `local`.
    fn shares(&self, n: usize, step: usize, local: usize) -> Vec<Range<usize>> {
        let whole = local + self.workers() * REMOTE;
        let bound = |i: usize| match i {
            0 => 0,
            _ => (n.div_ceil(step) * (local + (i - 1) * REMOTE)).div_ceil(whole) * step,
        };
        (0..=self.workers()).map(|i| bound(i).min(n)..bound(i + 1).min(n)).collect()
    }

    /// Gives every thread its piece of a matrix, or of a bias.
    pub(in crate::model) fn give(
        &self,
        name: &str,
        shares: &[Range<usize>],
        piece: impl Fn(Range<usize>) -> ShardTensor,
    ) -> Result<()> {
        for (i, share) in shares.iter().enumerate().filter(|(_, share)| !share.is_empty()) {
            match &self.pool {
                Some(pool) if i > 0 => pool.give(i - 1, name, piece(share.clone()))?,
                _ => self.local.borrow_mut().keep(name, piece(share.clone())),
            }
        }
        Ok(())
    }

    /// Gives this thread alone something.
    pub(in crate::model) fn keep(&self, name: &str, piece: ShardTensor) {
        self.local.borrow_mut().keep(name, piece);
    }

    /// Whether a matrix was given.
    pub(in crate::model) fn has_matrix(&self, name: &str) -> bool {
        self.local.borrow().shares.get(name).is_some_and(ShardLinear::has_matrix)
    }

    /// Whether a bias was given.
    pub(in crate::model) fn has_bias(&self, name: &str) -> bool {
        self.local.borrow().shares.get(name).is_some_and(ShardLinear::has_bias)
    }

    /// Has every thread do its `job` on its rows of numbers `x`, and gives their results,
    /// this one's first. A thread without a job is not asked. This thread's own job is
    /// done when this returns; the future waits for the others.
    pub(in crate::model) fn work<'x>(
        &self,
        job: impl Fn(usize) -> Option<Job>,
        x: impl Fn(usize) -> &'x [f32],
    ) -> LocalBoxFuture<'static, Result<Vec<Vec<f32>>>> {
        let mut others = Vec::new();
        for worker in 0..self.workers() {
            others.push(match (&self.pool, job(worker + 1)) {
                (Some(pool), Some(job)) => pool.ask(worker, &job, x(worker + 1)),
                _ => ready(Ok(Vec::new())).boxed_local(),
            });
        }
        let here = job(0).map_or(Ok(Vec::new()), |job| self.local.borrow().work(&job, x(0)));
        async move {
            let mut results = vec![here?];
            results.extend(try_join_all(others).await?);
            Ok(results)
        }
        .boxed_local()
    }
}

impl fmt::Debug for TensorParallel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TensorParallel of {}", 1 + self.workers())
    }
}
