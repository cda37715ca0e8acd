//! Several threads at one model.
//!
//! Each thread beside the one that runs the model is a [`Member`] of its crew,
//! and holds some columns of every weight matrix: what a Transformer split by
//! columns is called in Megatron-LM (Shoeybi et al., 2019). An activation goes to
//! all of them and its products come back, three times a layer. So the weights
//! are in memory once, and no memory has to be shared: messages are enough.

use super::kernels::{Packed, elementwise, matmul::COLUMNS};
use super::{ModelError, Result};
use crate::weights::Config;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready, try_join_all};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

/// Narrower models are not worth the messages: their products take less time.
const NARROWEST: usize = 256;

/// This thread's share to that of a member. It works while messages travel, too: 7 %
/// of an MLP's time for one prompt of 13 tokens on two threads, 1 % for 22.
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

    /// Has a member do jobs on x, rows of numbers, as [`Member::work`] does them.
    fn ask(&self, member: usize, jobs: &[Job], x: &[f32]) -> LocalBoxFuture<'static, Result<Vec<f32>>>;
}

/// What a member is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The name of a linear layer, or of an MLP.
    pub name: String,
    /// Which of the columns that the member has of it; of an MLP it gives all.
    pub columns: Range<usize>,
}

/// What a member is given.
#[derive(Debug)]
pub enum Piece {
    /// Columns of a matrix, or rows of one.
    Matrix(Packed),
    /// Numbers to add to its products.
    Bias(Vec<f32>),
}

/// A linear layer, or some columns of one.
#[derive(Debug, Default)]
pub(super) struct Share {
    matrix: Option<Packed>,
    bias: Option<Vec<f32>>,
}

/// Whether a crew is worth having for a model of these sizes.
#[must_use]
pub fn pays(config: &Config) -> bool {
    config.d_model >= NARROWEST
}

/// Who shares the work at a model; nobody, or a crew.
#[derive(Clone, Default)]
pub(super) struct Team(Option<Rc<dyn Crew>>);

/// One thread of a crew: what it holds, and how it works.
#[derive(Debug, Default)]
pub struct Member {
    shares: HashMap<String, Share>,
}

impl Member {
    /// Keeps a piece under its name.
    pub fn keep(&mut self, name: &str, piece: Piece) {
        self.shares.entry(name.to_owned()).or_default().keep(piece);
    }

    /// Does some jobs: for a linear layer x W + b, and for `….mlp` what the hidden
    /// units here add to the MLP's output. The results follow one another.
    ///
    /// # Errors
    ///
    /// [`ModelError::NotLoaded`] if something is not here.
    pub fn work(&self, jobs: &[Job], x: &[f32]) -> Result<Vec<f32>> {
        let mut results = Vec::new();
        for Job { name, columns } in jobs {
            if name.ends_with(".mlp") {
                let (fc, proj) = (format!("{name}.c_fc"), format!("{name}.c_proj"));
                results.extend(mlp(self.share(&fc)?, self.share(&proj)?, x)?);
            } else {
                self.share(name)?.apply(columns.clone(), x, &mut results)?;
            }
        }
        Ok(results)
    }

    fn share(&self, name: &str) -> Result<&Share> {
        self.shares.get(name).ok_or(ModelError::NotLoaded("a share of a matrix"))
    }
}

impl Share {
    pub(super) fn keep(&mut self, piece: Piece) {
        match piece {
            Piece::Matrix(matrix) => self.matrix = Some(matrix),
            Piece::Bias(bias) => self.bias = Some(bias),
        }
    }

    pub(super) fn has_matrix(&self) -> bool {
        self.matrix.is_some()
    }

    pub(super) fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// How many columns are here.
    fn n_out(&self) -> usize {
        self.matrix.as_ref().map_or(0, Packed::n_out)
    }

    /// Appends some columns of x W + b.
    pub(super) fn apply(&self, columns: Range<usize>, x: &[f32], results: &mut Vec<f32>) -> Result<()> {
        let matrix = self.matrix.as_ref().filter(|matrix| columns.end <= matrix.n_out());
        let matrix = matrix.ok_or(ModelError::NotLoaded("a matrix"))?;
        let rows = x.len() / matrix.n_in().max(1);
        let (panels, place) = matrix.columns(columns.clone());
        let width = panels.n_out();
        let first = columns.start - place.start;
        let from = results.len();
        match &self.bias {
            Some(bias) => (0..rows).for_each(|_| results.extend_from_slice(&bias[first..first + width])),
            None => results.resize(from + rows * width, 0.0),
        }
        panels.add_product(x, &mut results[from..]);
        // What else the panels hold goes again.
        if place.len() < width {
            for row in 0..rows {
                let wanted = from + row * width + place.start;
                results.copy_within(wanted..wanted + place.len(), from + row * place.len());
            }
            results.truncate(from + rows * place.len());
        }
        Ok(())
    }
}

/// What some hidden units add to an MLP's output.
pub(super) fn mlp(fc: &Share, proj: &Share, x: &[f32]) -> Result<Vec<f32>> {
    let (mut hidden, mut y) = (Vec::new(), Vec::new());
    fc.apply(0..fc.n_out(), x, &mut hidden)?;
    elementwise::gelu(&mut hidden);
    proj.apply(0..proj.n_out(), &hidden, &mut y)?;
    Ok(y)
}

impl Team {
    /// A crew for a model of these sizes, if that is worth it.
    pub(super) fn of(crew: Option<Rc<dyn Crew>>, config: &Config) -> Self {
        Self(crew.filter(|crew| crew.members() > 0 && pays(config)))
    }

    /// `n` columns in shares, one for each thread and this one's first, which is a
    /// little larger.
    pub(super) fn shares(&self, n: usize) -> Vec<Range<usize>> {
        let members = self.0.as_ref().map_or(0, |crew| crew.members());
        let panels = n.div_ceil(COLUMNS);
        let whole = HOME + members * MEMBER;
        let bound = |i: usize| match i {
            0 => 0,
            _ => (panels * (HOME + (i - 1) * MEMBER)).div_ceil(whole) * COLUMNS,
        };
        (0..=members).map(|i| bound(i).min(n)..bound(i + 1).min(n)).collect()
    }

    /// Gives every member its piece, and leaves this thread's in `home`.
    pub(super) fn give(
        &self,
        name: &str,
        shares: Vec<Range<usize>>,
        piece: impl Fn(Range<usize>) -> Piece,
        home: &mut Share,
    ) -> Result<()> {
        for (i, share) in shares.into_iter().enumerate() {
            match &self.0 {
                Some(crew) if i > 0 => crew.give(i - 1, name, piece(share))?,
                _ => home.keep(piece(share)),
            }
        }
        Ok(())
    }

    /// Results of everybody, this thread's first. `jobs` says what each member is
    /// asked for; if that is nothing, it is not asked.
    pub(super) async fn work(
        &self,
        jobs: impl Fn(usize) -> Vec<Job>,
        x: &[f32],
        here: impl FnOnce() -> Result<Vec<f32>>,
    ) -> Result<Vec<Vec<f32>>> {
        let Some(crew) = &self.0 else { return Ok(vec![here()?]) };
        // They work while this thread does.
        let ask = |member| match jobs(member + 1) {
            jobs if jobs.is_empty() => ready(Ok(Vec::new())).boxed_local(),
            jobs => crew.ask(member, &jobs, x),
        };
        let others: Vec<_> = (0..crew.members()).map(ask).collect();
        let mut results = vec![here()?];
        results.extend(try_join_all(others).await?);
        Ok(results)
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team of {}", 1 + self.0.as_ref().map_or(0, |crew| crew.members()))
    }
}
