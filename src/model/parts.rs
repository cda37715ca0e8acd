//! Which tensors a study needs, and where a tensor's numbers go.

use super::gpt2::Block;
use crate::model::token_embedding::TokenEmbedding;
use crate::model::{Gpt2, ModelError, Result};
use crate::weights::plan::{LONGEST, REQUEST_COST};
use crate::weights::{Config, LM_HEAD, Part};
use candle_core::{Device, Tensor};
use std::collections::BTreeSet;
use std::ops::Range;

/// How far a forward pass goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// To the attention pattern of a layer.
    Pattern(usize),
    /// To the next-token logits.
    Logits,
}

/// What a study runs, from which follows what it has to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Distinct token ids of the prompts.
    pub tokens: BTreeSet<u32>,
    /// Tokens of the longest prompt.
    pub positions: usize,
    /// How far the runs go.
    pub depth: Depth,
    /// The layer of which a head's direct effect on the logits of these tokens is wanted:
    /// its c_proj, ln_f's scale, and the tokens' rows of the unembedding.
    pub direct: Option<usize>,
}

impl Need {
    /// What takes one and takes the other.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.tokens.extend(other.tokens);
        Self {
            tokens: self.tokens,
            positions: self.positions.max(other.positions),
            depth: self.depth.max(other.depth),
            direct: self.direct.or(other.direct),
        }
    }
}

impl Gpt2 {
    /// The parts that are wanted and not loaded yet.
    #[must_use]
    pub fn missing(&self, need: &Need) -> Vec<Part> {
        let Config { n_layer, d_model, n_ctx, .. } = *self.config();
        let logits = need.depth == Depth::Logits;
        let mut parts = self.missing_words(need);
        let positions = need.positions.min(n_ctx);
        if positions > 0 && self.wpe.as_ref().is_none_or(|wpe| wpe.dims()[0] < positions) {
            parts.push(part("wpe.weight", 0..positions));
        }
        for l in 0..n_layer {
            let wanted = match need.depth {
                Depth::Pattern(last) if l > last => break,
                Depth::Pattern(last) if l == last => Block::FOR_PATTERN,
                _ => Block::TENSORS,
            };
            let block = &self.blocks[l];
            for name in wanted.iter().filter(|name| !block.has(name)) {
                let rows = if *name == "mlp.c_fc.bias" || *name == "mlp.c_proj.weight" {
                    self.config().d_mlp
                } else if *name == "attn.c_attn.bias" {
                    3 * d_model
                } else {
                    d_model
                };
                parts.push(part(&format!("h.{l}.{name}"), 0..rows));
            }
        }
        if (logits || need.direct.is_some()) && self.ln_f.weight.is_none() {
            parts.push(part("ln_f.weight", 0..d_model));
        }
        if logits && self.ln_f.bias.is_none() {
            parts.push(part("ln_f.bias", 0..d_model));
        }
        if let Some(l) = need.direct.filter(|_| !logits) {
            self.add_direct(l, &need.tokens, &mut parts);
        }
        parts
    }

    /// Adds what a head's direct effect takes beside [`Need::tokens`] and ln_f.
    fn add_direct(&self, l: usize, tokens: &BTreeSet<u32>, parts: &mut Vec<Part>) {
        if let Some(lm_head) = &self.lm_head {
            let rows = tokens.iter().map(|&id| id as usize).filter(|&id| !lm_head.has(id));
            parts.extend(rows.map(|id| part(lm_head.name(), id..id + 1)));
        }
        for name in ["attn.c_proj.weight", "attn.c_proj.bias"] {
            let part = part(&format!("h.{l}.{name}"), 0..self.config().d_model);
            if self.blocks.get(l).is_some_and(|block| !block.has(name)) && !parts.contains(&part) {
                parts.push(part);
            }
        }
    }

    /// Whether a layer can be run as a whole.
    #[must_use]
    pub fn has_layer(&self, l: usize) -> bool {
        self.blocks.get(l).is_some_and(|block| Block::TENSORS.iter().all(|name| block.has(name)))
    }

    /// Rows of wte, or all of it where the logits want it or where so many rows
    /// are missing that asking for each costs more than the whole table; and lm_head
    /// where the logits want that instead.
    fn missing_words(&self, need: &Need) -> Vec<Part> {
        let Config { d_model, d_vocab, .. } = *self.config();
        let logits = need.depth == Depth::Logits;
        let missing: Vec<usize> =
            need.tokens.iter().map(|&id| id as usize).filter(|&id| !self.words.has(id)).collect();
        let row_bytes = (d_model * size_of::<f32>()) as u64;
        let by_rows = missing.len() as u64 * (REQUEST_COST + row_bytes);
        // In parts, so that several come at once and a cut loses little.
        let at_once = (LONGEST / row_bytes).max(1) as usize;
        let whole = |words: &TokenEmbedding| -> Vec<Part> {
            let parts = (0..d_vocab).step_by(at_once).map(|from| from..d_vocab.min(from + at_once));
            let lacking = parts.filter(|rows| rows.clone().any(|id| !words.has(id)));
            lacking.map(|rows| part(words.name(), rows)).collect()
        };
        let by_wte = logits && self.lm_head.is_none();
        let mut parts = if by_wte || by_rows > d_vocab as u64 * row_bytes {
            whole(&self.words)
        } else {
            missing.into_iter().map(|id| part(self.words.name(), id..id + 1)).collect()
        };
        parts.extend(self.lm_head.as_ref().filter(|_| logits).map(whole).unwrap_or_default());
        parts
    }

    /// Puts a part in its place; [`Gpt2::missing`] names the parts there are.
    ///
    /// # Errors
    ///
    /// [`ModelError::NoSuchTensor`] for another name, and [`ModelError::Candle`]
    /// if the numbers do not have the part's shape, which an index that was
    /// checked against the config rules out.
    pub fn insert(&mut self, part: &Part, numbers: Vec<f32>) -> Result<()> {
        let d_model = self.config().d_model;
        match part.tensor.as_str() {
            "wte.weight" => self.words.insert(part.rows.start, &numbers)?,
            LM_HEAD => match &mut self.lm_head {
                Some(lm_head) => lm_head.insert(part.rows.start, &numbers)?,
                None => return Err(ModelError::NoSuchTensor(part.tensor.clone())),
            },
            "wpe.weight" => {
                self.wpe = Some(Tensor::from_vec(numbers, (part.rows.len(), d_model), &Device::Cpu)?);
            }
            "ln_f.weight" => self.ln_f.weight = Some(numbers),
            "ln_f.bias" => self.ln_f.bias = Some(numbers),
            name => {
                let no_such = || ModelError::NoSuchTensor(name.to_owned());
                let (l, name) =
                    name.strip_prefix("h.").and_then(|rest| rest.split_once('.')).ok_or_else(no_such)?;
                let l: usize = l.parse().map_err(|_| no_such())?;
                self.blocks.get_mut(l).ok_or_else(no_such)?.insert(name, numbers, d_model)?;
            }
        }
        Ok(())
    }
}

impl Block {
    const TENSORS: &[&str] = &[
        "ln_1.weight",
        "ln_1.bias",
        "attn.c_attn.weight",
        "attn.c_attn.bias",
        "attn.c_proj.weight",
        "attn.c_proj.bias",
        "ln_2.weight",
        "ln_2.bias",
        "mlp.c_fc.weight",
        "mlp.c_fc.bias",
        "mlp.c_proj.weight",
        "mlp.c_proj.bias",
    ];

    /// A pattern takes no more than the first four.
    const FOR_PATTERN: &[&str] = Self::TENSORS.split_at(4).0;

    /// Whether all that a pattern takes is there.
    pub(super) fn has_pattern(&self) -> bool {
        Self::FOR_PATTERN.iter().all(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "ln_1.weight" => self.ln_1.weight.is_some(),
            "ln_1.bias" => self.ln_1.bias.is_some(),
            "attn.c_attn.weight" => self.attn.q.has_weight(),
            "attn.c_attn.bias" => self.attn.q.has_bias(),
            "attn.c_proj.weight" => self.attn.proj.has_weight(),
            "attn.c_proj.bias" => self.attn.proj.has_bias(),
            "ln_2.weight" => self.ln_2.weight.is_some(),
            "ln_2.bias" => self.ln_2.bias.is_some(),
            "mlp.c_fc.weight" => self.mlp.fc.has_weight(),
            "mlp.c_fc.bias" => self.mlp.fc.has_bias(),
            "mlp.c_proj.weight" => self.mlp.proj.has_weight(),
            "mlp.c_proj.bias" => self.mlp.proj.has_bias(),
            _ => false,
        }
    }

    fn insert(&mut self, name: &str, numbers: Vec<f32>, d: usize) -> Result<()> {
        let mlp_width = numbers.len() / d;
        match name {
            "ln_1.weight" => self.ln_1.weight = Some(numbers),
            "ln_1.bias" => self.ln_1.bias = Some(numbers),
            "attn.c_attn.weight" => {
                for (i, linear) in [&self.attn.q, &self.attn.k, &self.attn.v].into_iter().enumerate() {
                    linear.set_weight(&numbers, 3 * d, i * d)?;
                }
            }
            "attn.c_attn.bias" => {
                for (i, linear) in [&self.attn.q, &self.attn.k, &self.attn.v].into_iter().enumerate() {
                    linear.set_bias(&numbers[i * d..(i + 1) * d])?;
                }
            }
            "attn.c_proj.weight" => self.attn.proj.set_weight(&numbers)?,
            "attn.c_proj.bias" => self.attn.proj.set_bias(numbers),
            "ln_2.weight" => self.ln_2.weight = Some(numbers),
            "ln_2.bias" => self.ln_2.bias = Some(numbers),
            "mlp.c_fc.weight" => self.mlp.fc.set_weight(&numbers, mlp_width, 0)?,
            "mlp.c_fc.bias" => self.mlp.fc.set_bias(&numbers)?,
            "mlp.c_proj.weight" => self.mlp.proj.set_weight(&numbers)?,
            "mlp.c_proj.bias" => self.mlp.proj.set_bias(numbers),
            _ => return Err(ModelError::NoSuchTensor(name.to_owned())),
        }
        Ok(())
    }
}

fn part(tensor: &str, rows: Range<usize>) -> Part {
    Part { tensor: tensor.to_owned(), rows }
}
