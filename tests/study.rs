//! What the reference cannot show: properties that must hold, and slow, obvious
//! twins of what it lacks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use candle_core::{Device, IndexOp, Tensor};
use common::{Folder, assert_close, notebook_cases};
use headscope::model::{Depth, HookPoint, Hooks, NoHooks, Recorder};
use headscope::prompts::{Relations, WordSequence};
use headscope::study::metric::uniform;
use headscope::study::{
    Case, Component, Detector, Head, Kind, Metric, NoPace, Shares, StudyError, ablate, baseline, effects,
    notebook_preset, score_heads, stats, sweep,
};
use std::cell::RefCell;
use std::str::FromStr;

const FOLDER: &str = "tests/fixtures/random-3x4x32";

fn target() -> Head {
    Head { layer: 2, head: 1 }
}

fn flat(patterns: &[Vec<f32>]) -> Vec<f64> {
    patterns.concat().into_iter().map(f64::from).collect()
}

#[test]
fn shares_sum_to_one_and_chance_is_the_uniform_pattern() {
    for case in notebook_cases() {
        let uniform = uniform(case.ids.len());
        let Shares { same_category, same_word, itself, bos, other } = Shares::of(&uniform, &case.relations);
        assert_close("sum", &[same_category + same_word + itself + bos + other], &[1.0], 1e-6);
        for metric in Metric::ALL {
            assert_eq!(metric.chance(&case.relations), metric.score(&uniform, &case.relations));
        }
        // By hand: the mean over the mask's cells of 1 / (q + 1).
        let cells: Vec<f64> = case.relations.targets().map(|(q, _)| 1.0 / (q + 1) as f64).collect();
        let chance = Metric::CellMean.chance(&case.relations).unwrap();
        assert_close("chance", &[chance], &[stats::mean(&cells)], 1e-7);
    }
}

#[test]
fn layers_that_are_scored_as_they_come_have_the_scores_of_a_whole_model() {
    let cases = notebook_cases();
    let folder = Folder::open(FOLDER);
    let whole = folder.model(&cases, Depth::Pattern(2));
    let whole = pollster::block_on(score_heads(&whole, &cases, Metric::CellMean, &NoPace)).unwrap();
    let mut model = folder.model(&cases, Depth::Pattern(0));
    let mut detector = Detector::new(&cases, Metric::CellMean).unwrap();
    for l in 0..3 {
        folder.extend(&mut model, &cases, Depth::Pattern(l));
        assert!(!model.has_layer(l), "of the latest layer no more than queries and keys");
        pollster::block_on(detector.run_layer(&model)).unwrap();
    }
    assert_close("scores", &detector.scores().mean().concat(), &whole.mean().concat(), 1e-6);
}

#[test]
fn a_prompt_without_a_pair_has_no_score() {
    let words = ["red", "dog", "red"].map(str::to_owned).to_vec();
    let relations = Relations::of(&WordSequence { words, categories: vec![Some(0), Some(1), Some(0)] });
    for metric in Metric::ALL {
        assert_eq!(metric.score(&uniform(4), &relations), None);
    }
    let mut cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let score = |cases: &[Case]| pollster::block_on(score_heads(&model, cases, Metric::CellMean, &NoPace));
    let all = score(&cases).unwrap();
    cases[3].relations = Relations::of(&WordSequence {
        words: (0..12).map(|i| i.to_string()).collect(),
        categories: vec![None; 12],
    });
    let without = score(&cases).unwrap();
    assert_eq!(without.sequences.len(), all.sequences.len() - 1);
    assert_eq!(without.per_prompt[3], all.per_prompt[4]);
    assert!(matches!(score(&cases[3..4]), Err(StudyError::NothingToScore)));
}

#[test]
fn permuted_prompts_give_permuted_scores() {
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let reversed: Vec<Case> = cases.iter().rev().cloned().collect();
    let score =
        |cases: &[Case]| pollster::block_on(score_heads(&model, cases, Metric::RowMass, &NoPace)).unwrap();
    let (mut ours, theirs) = (score(&cases).per_prompt, score(&reversed).per_prompt);
    ours.reverse();
    assert_close("scores", &ours.concat().concat(), &theirs.concat().concat(), 1e-6);
    let run = |cases: &[Case]| {
        let baseline = pollster::block_on(baseline(&model, cases, target(), &NoPace)).unwrap();
        pollster::block_on(ablate(&model, &baseline, Component::Mlp(0), Kind::DatasetMean)).unwrap().patterns
    };
    let (mut ours, theirs) = (run(&cases), run(&reversed));
    ours.reverse();
    assert_close("ablations", &flat(&ours), &flat(&theirs), 1e-6);
}

/// Replaces one activation by what the test says, and computes everything else.
struct Slow<'a> {
    point: HookPoint,
    change: &'a dyn Fn(&Tensor) -> Tensor,
}

impl Hooks for Slow<'_> {
    fn seen(&self, point: HookPoint, activation: Tensor) -> headscope::model::Result<Tensor> {
        Ok(if point == self.point { (self.change)(&activation) } else { activation })
    }
}

fn slowly(
    model: &headscope::model::Gpt2,
    cases: &[Case],
    point: HookPoint,
    change: &dyn Fn(&Tensor) -> Tensor,
) -> Vec<f64> {
    let hooks = Slow { point, change };
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let mut resid = pollster::block_on(model.embed(&ids, &hooks)).unwrap();
    for l in 0..target().layer {
        resid = pollster::block_on(model.block(l, &resid, &hooks)).unwrap();
    }
    let pattern = pollster::block_on(model.pattern(target().layer, &resid, &hooks)).unwrap();
    let one = pattern.i((.., target().head)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    one.into_iter().map(f64::from).collect()
}

#[test]
fn ablations_that_reuse_a_run_equal_a_run_from_the_start() {
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let check = |component, kind, point, change: &dyn Fn(&Tensor) -> Tensor| {
        let ours = pollster::block_on(ablate(&model, &baseline, component, kind)).unwrap();
        let theirs = slowly(&model, &cases, point, change);
        assert_close(&format!("{component}|{kind}"), &flat(&ours.patterns), &theirs, 1e-6);
    };
    let nothing = |x: &Tensor| x.clone();
    let untouched = slowly(&model, &cases, HookPoint::Embed, &nothing);
    assert_close("nothing", &flat(&baseline.pattern.patterns), &untouched, 0.0);
    let zero = |x: &Tensor| x.zeros_like().unwrap();
    check(Component::Embed, Kind::Zero, HookPoint::Embed, &zero);
    check(Component::Attn(1), Kind::Zero, HookPoint::AttnOut(1), &zero);
    check(Component::Mlp(0), Kind::Zero, HookPoint::MlpOut(0), &zero);
    let heads =
        |x: &Tensor| x.mean_keepdim(1).unwrap().broadcast_as(x.shape()).unwrap().contiguous().unwrap();
    check(Component::Pattern(1), Kind::HeadMean, HookPoint::Pattern(1), &heads);
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
    check(head, Kind::PositionMean, HookPoint::Z(1), &one_head);
}

#[test]
fn resampling_takes_every_prompt_from_another() {
    // Few, because the slow way tries every pair.
    let cases = notebook_cases()[..8].to_vec();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let ours = pollster::block_on(ablate(&model, &baseline, Component::Mlp(1), Kind::Resample)).unwrap();
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
    let one = pollster::block_on(headscope::study::baseline(&model, &cases[..1], target(), &NoPace)).unwrap();
    let alone = pollster::block_on(ablate(&model, &one, Component::Embed, Kind::Resample));
    assert!(matches!(alone, Err(StudyError::NoOthers { .. })));
}

#[test]
fn an_ablation_computes_only_what_it_can_change() {
    struct Count(RefCell<Vec<HookPoint>>);
    impl Hooks for Count {
        fn known(&self, point: HookPoint) -> Option<Tensor> {
            self.0.borrow_mut().push(point);
            // An MLP output that is known spares the MLP; a stream that is known spares attention.
            (point == HookPoint::ResidMid(0))
                .then(|| Tensor::zeros((1, 13, 32), candle_core::DType::F32, &Device::Cpu).unwrap())
        }
    }
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let count = Count(RefCell::default());
    let resid = pollster::block_on(model.embed(&[cases[0].ids.clone()], &NoHooks)).unwrap();
    pollster::block_on(model.block(0, &resid, &count)).unwrap();
    let points = count.0.into_inner();
    assert_eq!(
        points,
        [HookPoint::ResidPost(0), HookPoint::ResidPre(0), HookPoint::ResidMid(0), HookPoint::MlpOut(0)]
    );
}

#[test]
fn impossible_ablations_are_refused() {
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let refused = |component, kind| {
        pollster::block_on(ablate(&model, &baseline, component, kind)).unwrap_err().to_string()
    };
    assert_eq!(refused(Component::Pattern(0), Kind::Zero), "L0.pattern cannot be ablated by zero");
    assert_eq!(refused(Component::Embed, Kind::HeadMean), "embed cannot be ablated by head-mean");
    assert_eq!(refused(Component::Mlp(2), Kind::Zero), "L2.mlp does not feed L2H1");
    assert!(sweep(0, Kind::HeadMean, model.config()).is_empty());
    assert_eq!(notebook_preset(0).len(), 2);
}

#[test]
fn effects_pair_every_score_with_its_own_baseline() {
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    // Positions are the same in every prompt, so their mean over prompts changes nothing.
    let ablations = [(Component::PosEmbed, Kind::DatasetMean), (Component::Embed, Kind::Zero)];
    let effects =
        pollster::block_on(effects(&model, &cases, &baseline, Metric::CellMean, &ablations, &NoPace))
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

#[test]
fn bootstrap_intervals_have_the_known_width() {
    // For a sample of n, the interval's half width comes close to 1.96 sd / sqrt(n).
    let values: Vec<f64> = (0..400).map(|i| f64::from((i * 7919) % 400) / 400.0).collect();
    let (low, high) = stats::bootstrap(&values).unwrap();
    let expected = 1.96 * stats::sd(&values).unwrap() / 20.0;
    let mean = stats::mean(&values);
    assert_close("width", &[mean - low, high - mean], &[expected; 2], 0.08 * expected);
    assert_eq!(stats::bootstrap(&[1.0]), None);
    assert_eq!(stats::sd(&[1.0]), None, "one value has no spread");
    assert_eq!(stats::bootstrap(&values), stats::bootstrap(&values), "the seed is fixed");
}

#[test]
fn a_cancel_stops_between_steps() {
    struct Impatient;
    impl headscope::study::Pace for Impatient {
        async fn step(&self, done: usize, _: usize) -> Result<(), StudyError> {
            if done == 1 { Err(StudyError::Cancelled) } else { Ok(()) }
        }
    }
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let stopped = pollster::block_on(score_heads(&model, &cases, Metric::CellMean, &Impatient));
    assert!(matches!(stopped, Err(StudyError::Cancelled)));
}

#[test]
fn hook_points_carry_transformer_lens_names() {
    assert_eq!(HookPoint::Pattern(1).to_string(), "blocks.1.attn.hook_pattern");
    assert_eq!(HookPoint::Embed.to_string(), "hook_embed");
    let cases = notebook_cases();
    let model = Folder::open(FOLDER).model(&cases, Depth::Pattern(2));
    let recorder = Recorder::of(&[HookPoint::Z(0), HookPoint::ResidMid(0)]);
    let resid = pollster::block_on(model.embed(&[cases[0].ids.clone()], &NoHooks)).unwrap();
    pollster::block_on(model.block(0, &resid, &recorder)).unwrap();
    let seen = recorder.into_seen();
    assert_eq!(seen[&HookPoint::Z(0)].dims(), [1, 13, 4, 8]);
    assert_eq!(seen[&HookPoint::ResidMid(0)].dims(), [1, 13, 32]);
}

#[test]
fn heads_are_read_as_they_are_written() {
    for text in ["L0H0", "L11H5"] {
        assert_eq!(Head::from_str(text).unwrap().to_string(), text);
    }
    for text in ["", "L1", "H5", "L1H", "LxH1", "L1H5 ", "L+1H5", "l1h5", "L1H99999999999999999999"] {
        assert!(Head::from_str(text).is_err(), "{text}");
    }
}
