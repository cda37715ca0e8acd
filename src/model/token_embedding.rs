//! A table with a row for each token, of the embedding or of the unembedding: single
//! rows while few are wanted, and one table once all of them are.

use crate::model::{ModelError, Result};
use std::collections::HashMap;

/// Rows of wte or of lm_head, (d) each.
#[derive(Debug)]
pub(super) struct TokenEmbedding {
    /// The tensor's name.
    name: &'static str,
    d_vocab: usize,
    d: usize,
    rows: HashMap<usize, Vec<f32>>,
    /// The table while it fills, (V, d), and which of its rows are there.
    filling: Option<(Vec<f32>, Vec<bool>)>,
    /// The whole table, (V, d).
    table: Option<Vec<f32>>,
}

impl TokenEmbedding {
    /// No rows yet.
    pub(super) fn new(name: &'static str, d_vocab: usize, d: usize) -> Self {
        Self { name, d_vocab, d, rows: HashMap::new(), filling: None, table: None }
    }

    /// The tensor's name.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a row is there.
    pub(super) fn has(&self, id: usize) -> bool {
        let filled = || self.filling.as_ref().is_some_and(|(_, there)| there.get(id) == Some(&true));
        self.table.is_some() || self.rows.contains_key(&id) || filled()
    }

    /// Puts rows in place, from row `from` on. Several at once are the beginning
    /// of the whole table.
    pub(super) fn insert(&mut self, from: usize, numbers: &[f32]) -> Result<()> {
        let (d, rows) = (self.d, numbers.len() / self.d);
        if rows == 1 && self.filling.is_none() {
            self.rows.insert(from, numbers.to_vec());
            return Ok(());
        }
        let (d_vocab, known) = (self.d_vocab, &mut self.rows);
        let (table, there) = self.filling.get_or_insert_with(|| {
            let mut table = vec![0.0; d_vocab * d];
            let mut there = vec![false; d_vocab];
            for (id, row) in known.drain() {
                table[id * d..(id + 1) * d].copy_from_slice(&row);
                there[id] = true;
            }
            (table, there)
        });
        let Some(place) = table.get_mut(from * d..(from + rows) * d) else {
            return Err(ModelError::NoSuchTensor(format!("{}, row {}", self.name, from + rows - 1)));
        };
        place.copy_from_slice(numbers);
        there[from..from + rows].fill(true);
        if there.iter().all(|&there| there) {
            let (table, _) = self.filling.take().unwrap_or_default();
            self.table = Some(table);
        }
        Ok(())
    }

    /// Appends one row.
    pub(super) fn append(&self, id: usize, to: &mut Vec<f32>) -> Result<()> {
        let (d, missing) = (self.d, ModelError::NotLoaded(self.name));
        let table = self.table.as_ref().or(self.filling.as_ref().map(|(table, _)| table));
        if let Some(table) = table.filter(|_| id < self.d_vocab && self.has(id)) {
            to.extend_from_slice(&table[id * d..(id + 1) * d]);
        } else {
            to.extend_from_slice(self.rows.get(&id).ok_or(missing)?);
        }
        Ok(())
    }

    /// The whole table, (V, d).
    pub(super) fn table(&self) -> Result<&[f32]> {
        self.table.as_deref().ok_or(ModelError::NotLoaded(self.name))
    }
}
