//! Several threads at one model.
//!
//! Each thread, the one that runs the model among them, is a [`Member`]. It holds
//! some heads of every layer and some hidden units of every MLP, as in Megatron-LM
//! (Shoeybi et al., 2019). An activation goes to all of them and what they add to it
//! comes back, twice a layer. So the weights are in memory once, and no memory has to
//! be shared: messages are enough.

use super::kernels::matmul::COLUMNS;
use super::share::{self, Share};
use super::{ModelError, Result};
use crate::weights::Config;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready, try_join_all};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

pub use super::share::{Inside, Piece};

/// Narrower models are not worth the messages: their products take less time.
const NARROWEST: usize = 256;

/// The first thread's share of an MLP to that of another. It works while messages
/// travel, too: 7 % of an MLP's time for one prompt of 13 tokens on two threads, 1 %
/// for 22.
const HOME: usize = 20;
const MEMBER: usize = 19;

/// The threads beside this one.
pub trait Crew {
    /// How many there are.
    fn members(&self) -> usize;

    /// Gives a member what it shall hold under a name.
    ///
    /// # Errors
    ///
    /// [`ModelError::CrewLost`] if it cannot be reached.
    fn give(&self, member: usize, name: &str, piece: Piece) -> Result<()>;

    /// Has a member do a job on x, rows of numbers, as [`Member::work`] does it.
    fn ask(&self, member: usize, job: &Job, x: &[f32]) -> LocalBoxFuture<'static, Result<Vec<f32>>>;
}

/// What a thread is asked for. Names are those of what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// x W + b for some of the columns that it has of linear layers, one layer's
    /// results after another's.
    Linear(Vec<(String, Range<usize>)>),
    /// What its hidden units add to an MLP's output.
    Mlp(String),
    /// What its heads add to attention's output, and what is wanted of their inside.
    Attention {
        /// The attention layer's name.
        name: String,
        /// Width of a head.
        d_head: usize,
        /// Tokens of a prompt.
        tokens: usize,
        /// What is wanted beside the output.
        inside: Inside,
    },
}

impl Job {
    /// A job as names, and numbers of which each kind has so many.
    #[must_use]
    pub fn message(&self) -> (Vec<String>, Vec<usize>) {
        match self {
            Self::Mlp(name) => (vec![name.clone()], Vec::new()),
            Self::Attention { name, d_head, tokens, inside: Inside { pattern, z } } => {
                (vec![name.clone()], vec![*d_head, *tokens, (*pattern).into(), (*z).into()])
            }
            Self::Linear(layers) => {
                let names = layers.iter().map(|(name, _)| name.clone());
                (
                    names.collect(),
                    layers.iter().flat_map(|(_, columns)| [columns.start, columns.end]).collect(),
                )
            }
        }
    }

    /// The job whose message this is.
    #[must_use]
    pub fn of_message(names: Vec<String>, numbers: &[usize]) -> Self {
        match (names.as_slice(), numbers) {
            ([name], []) => Self::Mlp(name.clone()),
            ([name], &[d_head, tokens, pattern, z]) => {
                let inside = Inside { pattern: pattern != 0, z: z != 0 };
                Self::Attention { name: name.clone(), d_head, tokens, inside }
            }
            _ => {
                let columns = numbers.as_chunks().0.iter().map(|&[start, end]| start..end);
                Self::Linear(names.into_iter().zip(columns).collect())
            }
        }
    }
}

/// Whether a crew is worth having for a model of these sizes.
#[must_use]
pub fn pays(config: &Config) -> bool {
    config.d_model >= NARROWEST
}

/// One thread: what it holds, and how it works.
#[derive(Debug, Default)]
pub struct Member {
    shares: HashMap<String, Share>,
}

impl Member {
    /// Keeps a piece under its name.
    pub fn keep(&mut self, name: &str, piece: Piece) {
        self.shares.entry(name.to_owned()).or_default().keep(piece);
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
                share::linear(&layers.collect::<Result<Vec<_>>>()?, x)
            }
            Job::Mlp(name) => share::mlp(part(name, "c_fc")?, part(name, "c_proj")?, x),
            Job::Attention { name, d_head, tokens, inside } => {
                let qkv = [part(name, "q")?, part(name, "k")?, part(name, "v")?];
                share::attention(qkv, part(name, "c_proj")?, *d_head, *tokens, *inside, x)
            }
        }
    }

    fn share(&self, name: &str) -> Result<&Share> {
        self.shares.get(name).ok_or(ModelError::NotLoaded("a share of a matrix"))
    }
}

/// This thread, and its crew if it has one.
pub(super) struct Team {
    home: RefCell<Member>,
    crew: Option<Rc<dyn Crew>>,
}

impl Team {
    /// With a crew for a model of these sizes, if that is worth it.
    pub(super) fn of(crew: Option<Rc<dyn Crew>>, config: &Config) -> Rc<Self> {
        let crew = crew.filter(|crew| crew.members() > 0 && pays(config));
        Rc::new(Self { home: RefCell::default(), crew })
    }

    /// How many threads there are beside this one.
    fn members(&self) -> usize {
        self.crew.as_ref().map_or(0, |crew| crew.members())
    }

    /// `n` hidden units in shares, one for each thread and this one's first, which is
    /// a little larger.
    pub(super) fn units(&self, n: usize) -> Vec<Range<usize>> {
        self.shares(n, COLUMNS, HOME)
    }

    /// The columns of `n_head` heads in shares; no head is split.
    pub(super) fn heads(&self, n_head: usize, d_head: usize) -> Vec<Range<usize>> {
        self.shares(n_head * d_head, d_head, MEMBER)
    }

    /// `n` columns in shares of whole steps, this thread's for `home`.
    fn shares(&self, n: usize, step: usize, home: usize) -> Vec<Range<usize>> {
        let whole = home + self.members() * MEMBER;
        let bound = |i: usize| match i {
            0 => 0,
            _ => (n.div_ceil(step) * (home + (i - 1) * MEMBER)).div_ceil(whole) * step,
        };
        (0..=self.members()).map(|i| bound(i).min(n)..bound(i + 1).min(n)).collect()
    }

    /// Gives every thread its piece of a matrix, or of a bias.
    pub(super) fn give(
        &self,
        name: &str,
        shares: &[Range<usize>],
        piece: impl Fn(Range<usize>) -> Piece,
    ) -> Result<()> {
        for (i, share) in shares.iter().enumerate().filter(|(_, share)| !share.is_empty()) {
            match &self.crew {
                Some(crew) if i > 0 => crew.give(i - 1, name, piece(share.clone()))?,
                _ => self.home.borrow_mut().keep(name, piece(share.clone())),
            }
        }
        Ok(())
    }

    /// Gives this thread alone something.
    pub(super) fn keep(&self, name: &str, piece: Piece) {
        self.home.borrow_mut().keep(name, piece);
    }

    /// Whether a matrix was given.
    pub(super) fn has_matrix(&self, name: &str) -> bool {
        self.home.borrow().shares.get(name).is_some_and(Share::has_matrix)
    }

    /// Whether a bias was given.
    pub(super) fn has_bias(&self, name: &str) -> bool {
        self.home.borrow().shares.get(name).is_some_and(Share::has_bias)
    }

    /// What comes of a job for each thread, this one's first, on rows of numbers for
    /// it. A thread that has no job is not asked. What this thread has to do is done
    /// when this returns; the others go on.
    pub(super) fn work<'x>(
        &self,
        job: impl Fn(usize) -> Option<Job>,
        x: impl Fn(usize) -> &'x [f32],
    ) -> LocalBoxFuture<'static, Result<Vec<Vec<f32>>>> {
        let mut others = Vec::new();
        for member in 0..self.members() {
            others.push(match (&self.crew, job(member + 1)) {
                (Some(crew), Some(job)) => crew.ask(member, &job, x(member + 1)),
                _ => ready(Ok(Vec::new())).boxed_local(),
            });
        }
        let here = job(0).map_or(Ok(Vec::new()), |job| self.home.borrow().work(&job, x(0)));
        async move {
            let mut results = vec![here?];
            results.extend(try_join_all(others).await?);
            Ok(results)
        }
        .boxed_local()
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team of {}", 1 + self.members())
    }
}

#[cfg(test)]
mod tests {
    use super::{Inside, Job};

    #[test]
    fn a_job_is_what_its_message_says() {
        let name = || "h.3.attn".to_owned();
        let insides = [(false, true), (true, false)].map(|(pattern, z)| Inside { pattern, z });
        let attention = |inside| Job::Attention { name: name(), d_head: 64, tokens: 13, inside };
        let linear = |columns: &[(usize, usize)]| {
            Job::Linear(columns.iter().map(|&(start, end)| (name(), start..end)).collect())
        };
        let jobs = insides.map(attention).into_iter().chain([
            Job::Mlp(name()),
            linear(&[(0, 384)]),
            linear(&[(64, 128), (0, 8)]),
            linear(&[(1, 2), (3, 4), (5, 6), (7, 8)]),
        ]);
        for job in jobs {
            let (names, numbers) = job.message();
            assert_eq!(Job::of_message(names, &numbers), job);
        }
    }
}
