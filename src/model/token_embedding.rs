//! A table with a row for each token, of the embedding or of the unembedding: single
//! rows while few are wanted, and once all of them are, a table whose rows are split over
//! the threads, as in Megatron-LM's vocabulary-parallel embedding.

use crate::model::parallel::{Job, ShardTensor, TensorParallel, linear};
use crate::model::{ModelError, NextToken, Result};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// Rows that are handed to the threads at once: 1.6 MB of GPT-2 small's.
const ROWS_AT_ONCE: usize = 512;

/// Rows of wte or of lm_head, (d) each.
#[derive(Debug)]
pub(super) struct TokenEmbedding {
    /// The tensor's name.
    name: &'static str,
    d_vocab: usize,
    d: usize,
    /// Rows that came one by one.
    rows: HashMap<usize, Vec<f32>>,
    /// Once more is wanted: which rows of the table came.
    came: Option<Vec<bool>>,
    /// Whether all of them did.
    is_whole: bool,
    /// The sum of those, (d).
    sum: Vec<f64>,
    /// Rows of each thread.
    shares: Vec<Range<usize>>,
    parallel: Rc<TensorParallel>,
}

impl TokenEmbedding {
    /// No rows yet.
    pub(super) fn new(name: &'static str, d_vocab: usize, d: usize, parallel: &Rc<TensorParallel>) -> Self {
        let shares = parallel.vocabulary(d_vocab);
        let parallel = Rc::clone(parallel);
        let (rows, sum) = (HashMap::new(), vec![0.0; d]);
        Self { name, d_vocab, d, rows, came: None, is_whole: false, sum, shares, parallel }
    }

    /// The tensor's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a row is there.
    pub(super) fn has(&self, id: usize) -> bool {
        self.rows.contains_key(&id) || self.in_table(id)
    }

    fn in_table(&self, id: usize) -> bool {
        self.came.as_ref().is_some_and(|came| came.get(id) == Some(&true))
    }

    /// Puts rows in place, from row `from` on. Several at once are the beginning
    /// of the whole table.
    pub(super) fn insert(&mut self, from: usize, numbers: &[f32]) -> Result<()> {
        let rows = numbers.len() / self.d;
        if from + rows > self.d_vocab {
            return Err(ModelError::NoSuchTensor(format!("{}, row {}", self.name, from + rows - 1)));
        }
        if rows == 1 && self.came.is_none() {
            self.rows.insert(from, numbers.to_vec());
            return Ok(());
        }
        if self.came.is_none() {
            self.came = Some(vec![false; self.d_vocab]);
            // They stay here too: what was wanted once is likely to be wanted again.
            for (id, row) in self.rows.clone() {
                self.insert_in_table(id, &row)?;
            }
        }
        // Little by little: on its way to a thread each row is in memory once more.
        for (i, numbers) in numbers.chunks(ROWS_AT_ONCE * self.d).enumerate() {
            self.insert_in_table(from + i * ROWS_AT_ONCE, numbers)?;
        }
        self.is_whole = self.came.as_ref().is_some_and(|came| came.iter().all(|&came| came));
        Ok(())
    }

    fn insert_in_table(&mut self, from: usize, numbers: &[f32]) -> Result<()> {
        let (d, to) = (self.d, from + numbers.len() / self.d);
        let within =
            |share: &Range<usize>| from.clamp(share.start, share.end)..to.clamp(share.start, share.end);
        let pieces: Vec<_> = self.shares.iter().map(within).collect();
        let piece = |rows: Range<usize>| {
            let share =
                self.shares.iter().find(|share| share.contains(&rows.start)).cloned().unwrap_or_default();
            ShardTensor::Rows {
                first: rows.start - share.start,
                of: share.len(),
                width: d,
                numbers: numbers[(rows.start - from) * d..(rows.end - from) * d].to_vec(),
            }
        };
        self.parallel.give(self.name, &pieces, piece)?;
        let came = self.came.get_or_insert_default();
        for (came, row) in came[from..to].iter_mut().zip(numbers.chunks_exact(d)) {
            if !*came {
                self.sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
            }
            *came = true;
        }
        Ok(())
    }

    /// Rows of some tokens, (n, d).
    pub(super) async fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        let ids: Vec<usize> = ids.iter().map(|&id| id as usize).collect();
        if let Some(id) = ids.iter().find(|&&id| !self.has(id)) {
            return Err(match *id < self.d_vocab {
                true => ModelError::NotLoaded(self.name),
                false => ModelError::NoSuchTensor(format!("{}, row {id}", self.name)),
            });
        }
        let elsewhere = |id: &&usize| !self.rows.contains_key(id);
        let job = |thread: usize| {
            let share = &self.shares[thread];
            let rows = ids.iter().filter(elsewhere).filter(|id| share.contains(id));
            let rows: Vec<usize> = rows.map(|id| id - share.start).collect();
            (!rows.is_empty()).then(|| Job::Rows { table: self.name.to_owned(), rows })
        };
        let came = self.parallel.work(job, |_| &[]).await?;
        let mut came: Vec<_> = came.iter().map(|rows| rows.chunks_exact(self.d)).collect();
        let mut rows = Vec::with_capacity(ids.len() * self.d);
        for id in &ids {
            let thread = self.shares.iter().position(|share| share.contains(id)).unwrap_or_default();
            let row = self.rows.get(id).map(Vec::as_slice).or_else(|| came[thread].next());
            rows.extend_from_slice(row.ok_or_else(linear::short)?);
        }
        Ok(rows)
    }

    /// Dot products of rows of x, (n, d), with every row of the table, (n, V).
    pub(super) async fn dot_products(&self, x: &[f32]) -> Result<Vec<f32>> {
        let table = self.table()?;
        let job = |thread: usize| self.has_rows(thread).then(|| Job::Dots { table: table.clone() });
        let results = self.parallel.work(job, |_| x).await?;
        let mut rest: Vec<&[f32]> = results.iter().map(Vec::as_slice).collect();
        let widths: Vec<usize> = self.shares.iter().map(Range::len).collect();
        linear::side_by_side(&mut rest, &widths, x.len() / self.d)
    }

    /// What the same say of the next token, at each of the n positions: with its `most`
    /// likeliest, and the logit of one that is asked for.
    pub(super) async fn next_tokens(
        &self,
        x: &[f32],
        most: usize,
        asked: &[Option<u32>],
    ) -> Result<Vec<NextToken>> {
        let table = self.table()?;
        let job = |thread: usize| {
            let share = &self.shares[thread];
            let within = |id: u32| (id as usize).checked_sub(share.start).filter(|&id| id < share.len());
            let asked = asked.iter().map(|id| id.and_then(within)).collect();
            self.has_rows(thread).then(|| Job::NextTokens { table: table.clone(), most, asked })
        };
        let results = self.parallel.work(job, |_| x).await?;
        let mut next: Vec<Option<NextToken>> = vec![None; asked.len()];
        for (share, results) in self.shares.iter().zip(&results).filter(|(share, _)| !share.is_empty()) {
            let rows = results.chunks_exact(NextToken::numbers(most));
            if rows.len() != asked.len() {
                return Err(linear::short());
            }
            for (next, numbers) in next.iter_mut().zip(rows) {
                let found = NextToken::of_numbers(numbers, share.start);
                *next = Some(match next.take() {
                    Some(before) => before.and(found, most),
                    None => found,
                });
            }
        }
        next.into_iter().collect::<Option<_>>().ok_or_else(linear::short)
    }

    /// The mean of all rows, (d).
    pub(super) fn mean(&self) -> Result<Vec<f64>> {
        self.table()?;
        Ok(self.sum.iter().map(|sum| sum / self.d_vocab as f64).collect())
    }

    /// The name of the table that the threads hold, once it is whole.
    fn table(&self) -> Result<String> {
        if self.is_whole { Ok(self.name.to_owned()) } else { Err(ModelError::NotLoaded(self.name)) }
    }

    fn has_rows(&self, thread: usize) -> bool {
        !self.shares[thread].is_empty()
    }
}
