//! The study: against TransformerLens, by properties that must hold, and beside slow,
//! obvious twins of what the reference lacks.

mod ablations;
mod bundled;
mod ragged;
mod reference;
mod scores;
mod texts;
mod tools;

use crate::fixtures::{Folder, RANDOM};
use candle_core::{IndexOp, Tensor};
use headscope::model::{Depth, Gpt2, HookPoint, Hooks};
use headscope::study::{Head, TokenizedPrompt};
use std::cell::RefCell;
use std::collections::HashMap;

/// The head that the reference has the ablations of.
pub fn target() -> Head {
    Head { layer: 2, head: 1 }
}

/// The random model, to its logits.
pub fn whole_model(cases: &[TokenizedPrompt]) -> Gpt2 {
    Folder::open(RANDOM).model(cases, Depth::Logits)
}

pub fn flat(patterns: &[Vec<f32>]) -> Vec<f64> {
    patterns.concat().into_iter().map(f64::from).collect()
}

/// What a test puts in an activation's place; it sees what the run has computed so far.
pub type Change<'a> = &'a dyn Fn(&Tensor, &HashMap<HookPoint, Tensor>) -> Tensor;

/// Computes everything, and puts what the test says in the place of some of it.
pub struct Slow<'a> {
    pub changes: Vec<(HookPoint, Change<'a>)>,
    pub seen: RefCell<HashMap<HookPoint, Tensor>>,
}

impl Hooks for Slow<'_> {
    fn hook(&self, point: HookPoint, mut activation: Tensor) -> headscope::model::Result<Tensor> {
        for (_, change) in self.changes.iter().filter(|(at, _)| *at == point) {
            activation = change(&activation, &self.seen.borrow());
        }
        self.seen.borrow_mut().insert(point, activation.clone());
        Ok(activation)
    }
}

/// The target's patterns with these changes, each run made from the start.
pub fn slowly_together(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    changes: Vec<(HookPoint, Change)>,
) -> Vec<f64> {
    let hooks = Slow { changes, seen: RefCell::default() };
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let mut resid = pollster::block_on(model.embed(&ids, &hooks)).unwrap();
    for l in 0..target().layer {
        resid = pollster::block_on(model.block(l, &resid, &hooks)).unwrap();
    }
    let pattern = pollster::block_on(model.pattern(target().layer, &resid, &hooks)).unwrap();
    let one = pattern.i((.., target().head)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    one.into_iter().map(f64::from).collect()
}

/// The same with one change.
pub fn slowly(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    point: HookPoint,
    change: &dyn Fn(&Tensor) -> Tensor,
) -> Vec<f64> {
    slowly_together(model, cases, vec![(point, &|x, _| change(x))])
}

pub fn over_positions(x: &Tensor, _: &HashMap<HookPoint, Tensor>) -> Tensor {
    x.mean_keepdim(1).unwrap().broadcast_as(x.shape()).unwrap().contiguous().unwrap()
}

pub fn zero(x: &Tensor, _: &HashMap<HookPoint, Tensor>) -> Tensor {
    x.zeros_like().unwrap()
}
