//! Components replaced alone and together, each beside a run from the start; sweeps, what is
//! refused, and effects.

use super::{Change, flat, over_positions, slowly, slowly_together, target, whole_model, zero};
use crate::fixtures::{Folder, RANDOM, assert_close, notebook_cases};
use crate::test;
use candle_core::{Device, IndexOp, Tensor};
use headscope::model::{Depth, HookPoint};
use headscope::study::{
    Ablation, AblationKind, Component, Head, Metric, StudyError, Uninterrupted, ablate, ablate_together,
    baseline, effects, evaluate, full_sweep, notebook_preset, sweep,
};
use std::collections::HashMap;

#[test]
fn ablations_that_reuse_a_run_equal_a_run_from_the_start() {
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let check = |component, kind, point, change: &dyn Fn(&Tensor) -> Tensor| {
        let ours = pollster::block_on(ablate(&model, &baseline, component, kind)).unwrap();
        let theirs = slowly(&model, &cases, point, change);
        assert_close(&format!("{component}|{kind}"), &flat(&ours.patterns), &theirs, 1e-6);
    };
    let nothing = |x: &Tensor| x.clone();
    let untouched = slowly(&model, &cases, HookPoint::Embed, &nothing);
    assert_close("nothing", &flat(&baseline.pattern.patterns), &untouched, 0.0);
    let zero = |x: &Tensor| x.zeros_like().unwrap();
    check(Component::Embed, AblationKind::Zero, HookPoint::Embed, &zero);
    check(Component::Attn(1), AblationKind::Zero, HookPoint::AttnOut(1), &zero);
    check(Component::Mlp(0), AblationKind::Zero, HookPoint::MlpOut(0), &zero);
    let heads =
        |x: &Tensor| x.mean_keepdim(1).unwrap().broadcast_as(x.shape()).unwrap().contiguous().unwrap();
    check(Component::Pattern(1), AblationKind::HeadMean, HookPoint::Pattern(1), &heads);
    let one_head = |x: &Tensor| {
        // z of head 3 becomes its mean over the positions of its prompt.
        let [_, tokens, heads, e] = x.dims()[..] else { panic!("z has four dimensions") };
        let mut z = x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for prompt in z.chunks_exact_mut(tokens * heads * e) {
            for i in 3 * e..4 * e {
                let column = (0..tokens).map(|t| t * heads * e + i);
                let mean = column.clone().map(|at| prompt[at]).sum::<f32>() / tokens as f32;
                column.for_each(|at| prompt[at] = mean);
            }
        }
        Tensor::from_vec(z, x.shape(), &Device::Cpu).unwrap()
    };
    let head = Component::Head(Head { layer: 1, head: 3 });
    check(head, AblationKind::PositionMean, HookPoint::Z(1), &one_head);
}

#[test]
fn resampling_takes_every_prompt_from_another() {
    // Few, because the slow way tries every pair.
    let cases = notebook_cases()[..8].to_vec();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let ours =
        pollster::block_on(ablate(&model, &baseline, Component::Mlp(1), AblationKind::Resample)).unwrap();
    // For each prompt, which other prompt's MLP output gives that pattern?
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let mut seen = Vec::new();
    for (i, pattern) in ours.patterns.iter().enumerate() {
        let matching: Vec<usize> = (0..cases.len())
            .filter(|&j| {
                let swap = |x: &Tensor| {
                    let rows: Vec<u32> =
                        (0..ids.len() as u32).map(|r| if r == i as u32 { j as u32 } else { r }).collect();
                    x.index_select(&Tensor::new(rows, &Device::Cpu).unwrap(), 0).unwrap()
                };
                let theirs = slowly(&model, &cases, HookPoint::MlpOut(1), &swap);
                let size = pattern.len();
                pattern.iter().zip(&theirs[i * size..]).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6)
            })
            .collect();
        assert_eq!(matching.len(), 1, "prompt {i} comes from {matching:?}");
        assert_ne!(matching[0], i);
        seen.push(matching[0]);
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..cases.len()).collect::<Vec<_>>(), "each prompt is used once");
    let one = pollster::block_on(headscope::study::baseline(&model, &cases[..1], target(), &Uninterrupted))
        .unwrap();
    let alone = pollster::block_on(ablate(&model, &one, Component::Embed, AblationKind::Resample));
    assert!(matches!(alone, Err(StudyError::NoOthers { .. })));
}

#[test]
fn several_components_are_replaced_in_one_run() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let check = |parts: &[(Component, AblationKind)], changes: Vec<(HookPoint, Change)>| {
        let ablation = Ablation::together(parts.iter().copied());
        let ours = pollster::block_on(ablate_together(&model, &baseline, &ablation)).unwrap();
        let theirs = slowly_together(&model, &cases, changes);
        assert_close(&ablation.components(), &flat(&ours.patterns), &theirs, 2e-6);
    };
    use AblationKind::{HeadMean, PositionMean, Zero};
    use Component::{Attn, Embed, Mlp, MlpOnly, Pattern, PosEmbed};
    check(
        &[(Embed, PositionMean), (Mlp(1), PositionMean)],
        vec![(HookPoint::Embed, &over_positions), (HookPoint::MlpOut(1), &over_positions)],
    );
    // The order in which they are named does not matter.
    check(
        &[(Mlp(0), PositionMean), (PosEmbed, Zero), (Attn(0), PositionMean)],
        vec![
            (HookPoint::PosEmbed, &zero),
            (HookPoint::AttnOut(0), &over_positions),
            (HookPoint::MlpOut(0), &over_positions),
        ],
    );
    check(
        &[(Pattern(0), HeadMean), (Mlp(1), Zero)],
        vec![(HookPoint::Pattern(0), &over_positions), (HookPoint::MlpOut(1), &zero)],
    );
    // Of the stream after layer 0, the (replaced) output of the MLP alone stays.
    let only =
        |l: usize| move |_: &Tensor, seen: &HashMap<HookPoint, Tensor>| seen[&HookPoint::MlpOut(l)].clone();
    check(&[(MlpOnly(0), Zero)], vec![(HookPoint::ResidPost(0), &only(0))]);
    check(&[(MlpOnly(1), Zero)], vec![(HookPoint::ResidPost(1), &only(1))]);
    check(
        &[(MlpOnly(0), Zero), (Mlp(0), PositionMean), (MlpOnly(1), Zero)],
        vec![
            (HookPoint::MlpOut(0), &over_positions),
            (HookPoint::ResidPost(0), &only(0)),
            (HookPoint::ResidPost(1), &only(1)),
        ],
    );
    // Two heads of one layer: both rows of z, and no other.
    let heads = [Head { layer: 1, head: 0 }, Head { layer: 1, head: 3 }];
    let both = |z: &Tensor, _: &HashMap<HookPoint, Tensor>| {
        let mean = z.mean_keepdim(1).unwrap().broadcast_as(z.shape()).unwrap();
        let row = |h: usize| if h == 0 || h == 3 { mean.i((.., .., h)) } else { z.i((.., .., h)) }.unwrap();
        Tensor::stack(&(0..4).map(row).collect::<Vec<_>>(), 2).unwrap()
    };
    let parts = heads.map(|head| (Component::Head(head), PositionMean));
    check(&parts, vec![(HookPoint::Z(1), &both)]);
}

#[test]
fn an_ablation_of_nothing_changes_nothing() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let kept = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let nothing = pollster::block_on(ablate_together(&model, &kept, &Ablation::default())).unwrap();
    assert_eq!(nothing.patterns, kept.pattern.patterns);
    let ablations = [Ablation::default()];
    let effects = effects(&model, &cases, &kept, Metric::RowMass, &ablations, &Uninterrupted);
    let effect = pollster::block_on(effects).unwrap().swap_remove(0);
    assert_eq!((effect.mean(), effect.interval()), (0.0, Some((0.0, 0.0))));
    assert_eq!(effect.shares_before, effect.shares_after);
    let ids = &cases[0].ids;
    // One prompt's mean over prompts would be itself, which says nothing.
    let itself = Ablation::from((Component::Mlp(1), AblationKind::DatasetMean));
    let refused = pollster::block_on(evaluate(&model, ids, &itself, &Uninterrupted));
    assert!(matches!(refused, Err(StudyError::NoOthers { kind: AblationKind::DatasetMean })));
}

#[test]
fn a_full_sweep_takes_everything_upstream() {
    let mut config = Folder::open(RANDOM).config;
    (config.n_layer, config.n_head) = (12, 12);
    let all = full_sweep(5, AblationKind::Resample, &config);
    let heads = all.iter().filter(|(component, _)| matches!(component, Component::Head(_))).count();
    assert_eq!((heads, all.len() - heads), (60, 22));
    for (component, kind) in all {
        assert!(component.takes(kind), "{component} by {kind}");
        assert_eq!(component.to_string().parse(), Ok(component));
    }
    assert_eq!("L1.mlpp".parse::<Component>(), Err(()));
    assert_eq!("L1H".parse::<Component>(), Err(()));
}

#[test]
fn too_late_or_unfit_components_are_refused_in_company_too() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let kept = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let run = |parts: &[(Component, AblationKind)]| {
        pollster::block_on(ablate_together(&model, &kept, &Ablation::together(parts.iter().copied())))
            .unwrap_err()
            .to_string()
    };
    let fine = (Component::Embed, AblationKind::Zero);
    assert_eq!(run(&[fine, (Component::MlpOnly(2), AblationKind::Zero)]), "L2.mlp-only does not feed L2H1");
    assert_eq!(
        run(&[fine, (Component::MlpOnly(0), AblationKind::PositionMean)]),
        "L0.mlp-only cannot be ablated by position-mean"
    );
    let text = pollster::block_on(evaluate(
        &model,
        &cases[0].ids,
        &Ablation::from((Component::Embed, AblationKind::Resample)),
        &Uninterrupted,
    ));
    assert!(matches!(text, Err(StudyError::NoOthers { .. })));
}

#[test]
fn impossible_ablations_are_refused() {
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    let refused = |component, kind| {
        pollster::block_on(ablate(&model, &baseline, component, kind)).unwrap_err().to_string()
    };
    assert_eq!(refused(Component::Pattern(0), AblationKind::Zero), "L0.pattern cannot be ablated by zero");
    assert_eq!(refused(Component::Embed, AblationKind::HeadMean), "embed cannot be ablated by head-mean");
    assert_eq!(refused(Component::Mlp(2), AblationKind::Zero), "L2.mlp does not feed L2H1");
    assert!(sweep(0, AblationKind::HeadMean, model.config()).is_empty());
    assert_eq!(notebook_preset(0).len(), 2);
}

#[test]
fn effects_pair_every_score_with_its_own_baseline() {
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap();
    // Positions are the same in every prompt, so their mean over prompts changes nothing.
    let ablations =
        [(Component::PosEmbed, AblationKind::DatasetMean), (Component::Embed, AblationKind::Zero)];
    let effects =
        pollster::block_on(effects(&model, &cases, &baseline, Metric::CellMean, &ablations, &Uninterrupted))
            .unwrap();
    assert_close("nothing", &effects[0].ablated, &effects[0].baseline, 1e-6);
    let by_hand: Vec<f64> = effects[1].ablated.iter().zip(&effects[1].baseline).map(|(a, b)| a - b).collect();
    assert_close(
        "effect",
        &[effects[1].mean()],
        &[by_hand.iter().sum::<f64>() / by_hand.len() as f64],
        1e-12,
    );
    let (low, high) = effects[1].interval().unwrap();
    assert!(low < effects[1].mean() && effects[1].mean() < high);
}
