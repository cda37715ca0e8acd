//! Prompts are scored each by itself: in another order they have the same numbers.

use super::holds;
use crate::fixtures::{Folder, RANDOM, notebook_cases};
use headscope::model::Depth;
use headscope::study::{
    AblationKind, Component, Effect, Head, Measure, Metric, Target, TokenizedPrompt, Uninterrupted, baseline,
    effects, score_heads,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeMap;

/// Sums of a batch may be taken in another order.
const ROUNDING: f64 = 1e-6;

/// What can be ablated of what feeds layer 2, by the kinds that do not stand on the order:
/// resampling takes every prompt from its place.
fn ablation() -> impl Strategy<Value = (Component, AblationKind)> {
    let kinds = AblationKind::ALL.into_iter().filter(|kind| *kind != AblationKind::Resample);
    let head = (0..2_usize, 0..4_usize).prop_map(|(layer, head)| Component::Head(Head { layer, head }));
    const OF_LAYER: [fn(usize) -> Component; 4] =
        [Component::Pattern, Component::Attn, Component::Mlp, Component::MlpOnly];
    let component = prop_oneof![
        select(&[Component::Embed, Component::PosEmbed]),
        head,
        (0..2_usize, select(&OF_LAYER)).prop_map(|(layer, of_layer)| of_layer(layer)),
    ];
    (component, select(kinds.collect::<Vec<_>>()))
        .prop_map(|(component, kind)| (component, component.kind_for(kind)))
}

fn by_sequence(sequences: &[usize], scores: impl IntoIterator<Item = Vec<f64>>) -> BTreeMap<usize, Vec<f64>> {
    sequences.iter().copied().zip(scores).collect()
}

fn close(a: &BTreeMap<usize, Vec<f64>>, b: &BTreeMap<usize, Vec<f64>>) -> bool {
    let near = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < ROUNDING)
    };
    a.keys().eq(b.keys()) && a.values().zip(b.values()).all(near)
}

#[test]
fn another_order_of_the_prompts_gives_the_same_numbers_in_that_order() {
    let cases = notebook_cases()[..6].to_vec();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let orders =
        subsequence(cases, 2..=6).prop_flat_map(|cases| (Just(cases.clone()), Just(cases).prop_shuffle()));
    let measures = (select(&Metric::ALL), select(&Target::NAMED));
    let all = (orders, measures, (0..4_usize), ablation());
    holds(file!(), 24, &all, |((cases, shuffled), (metric, target), head, ablation)| {
        let measure = Measure { metric, target };
        let scores = |cases: &[TokenizedPrompt]| {
            let scores = pollster::block_on(score_heads(&model, cases, &measure, &Uninterrupted)).ok()?;
            let of_prompt = scores.per_prompt.iter().map(|layers| layers.concat());
            Some((scores.chance, scores.sequences.clone(), by_sequence(&scores.sequences, of_prompt)))
        };
        let effect = |cases: &[TokenizedPrompt]| {
            let head = Head { layer: 2, head };
            let before = pollster::block_on(baseline(&model, cases, head, &Uninterrupted)).unwrap();
            let ablations = [ablation];
            let after = effects(&model, cases, &before, &measure, &ablations, &Uninterrupted);
            let Effect { sequences, baseline, ablated, .. } = pollster::block_on(after).ok()?.swap_remove(0);
            let pairs = baseline.into_iter().zip(ablated).map(|(before, after)| vec![before, after]);
            Some(by_sequence(&sequences, pairs))
        };
        match (scores(&cases), scores(&shuffled)) {
            (Some((chance, _, ours)), Some((other, order, theirs))) => {
                let wanted: Vec<usize> = shuffled.iter().map(|case| case.sequence).collect();
                prop_assert!(order.iter().all(|sequence| wanted.contains(sequence)));
                prop_assert!(order.is_sorted_by_key(|sequence| wanted.iter().position(|s| s == sequence)));
                prop_assert!((chance - other).abs() < ROUNDING && close(&ours, &theirs));
            }
            (ours, theirs) => prop_assert!(ours.is_none() && theirs.is_none()),
        }
        match (effect(&cases), effect(&shuffled)) {
            (Some(ours), Some(theirs)) => prop_assert!(close(&ours, &theirs), "{ablation:?}"),
            (ours, theirs) => prop_assert!(ours.is_none() && theirs.is_none()),
        }
        Ok(())
    });
}
