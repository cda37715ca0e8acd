//! Slow, obvious twins of what the reference lacks: components ablated together,
//! `mlp-only`, targets other than the mask, category by category attention, many
//! seeds, reading a text, and the self-check.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use candle_core::{IndexOp, Tensor};
use common::{Folder, assert_close, json, notebook_cases, tokens};
use headscope::model::{Depth, Gpt2, HookPoint, Hooks, NoHooks};
use headscope::prompts::{DrawSettings, Relations, WordSequence, WordTable, draw};
use headscope::study::metric::uniform;
use headscope::study::reading::{Sampler, continue_text};
use headscope::study::self_check::{Published, compare};
use headscope::study::{
    Ablation, Case, CategoryMatrix, Component, Head, Kind, Measure, Metric, NoPace, Shares, StudyError,
    Target, ablate_together, baseline, contrast, effects, full_sweep, notebook_preset, over_seeds, read,
    score_heads, stats,
};
use std::cell::RefCell;
use std::collections::HashMap;

const FOLDER: &str = "tests/fixtures/random-3x4x32";

fn target() -> Head {
    Head { layer: 2, head: 1 }
}

fn whole_model(cases: &[Case]) -> Gpt2 {
    Folder::open(FOLDER).model(cases, Depth::Logits)
}

fn flat(patterns: &[Vec<f32>]) -> Vec<f64> {
    patterns.concat().into_iter().map(f64::from).collect()
}

type Change<'a> = &'a dyn Fn(&Tensor, &HashMap<HookPoint, Tensor>) -> Tensor;

/// Computes everything, and puts what the test says in the place of some of it.
/// A change sees what this run has computed so far.
struct Slow<'a> {
    changes: Vec<(HookPoint, Change<'a>)>,
    seen: RefCell<HashMap<HookPoint, Tensor>>,
}

impl Hooks for Slow<'_> {
    fn seen(&self, point: HookPoint, mut activation: Tensor) -> headscope::model::Result<Tensor> {
        for (_, change) in self.changes.iter().filter(|(at, _)| *at == point) {
            activation = change(&activation, &self.seen.borrow());
        }
        self.seen.borrow_mut().insert(point, activation.clone());
        Ok(activation)
    }
}

fn slowly(model: &Gpt2, cases: &[Case], changes: Vec<(HookPoint, Change)>) -> Vec<f64> {
    let hooks = Slow { changes, seen: RefCell::default() };
    let ids: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
    let mut resid = pollster::block_on(model.embed(&ids, &hooks)).unwrap();
    for l in 0..target().layer {
        resid = pollster::block_on(model.block(l, &resid, &hooks)).unwrap();
    }
    let pattern = pollster::block_on(model.pattern(target().layer, &resid, &NoHooks)).unwrap();
    let one = pattern.i((.., target().head)).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    one.into_iter().map(f64::from).collect()
}

fn over_positions(x: &Tensor, _: &HashMap<HookPoint, Tensor>) -> Tensor {
    x.mean_keepdim(1).unwrap().broadcast_as(x.shape()).unwrap().contiguous().unwrap()
}

fn zero(x: &Tensor, _: &HashMap<HookPoint, Tensor>) -> Tensor {
    x.zeros_like().unwrap()
}

#[test]
fn several_components_are_replaced_in_one_run() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let baseline = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let check = |parts: &[(Component, Kind)], changes: Vec<(HookPoint, Change)>| {
        let ablation = Ablation::together(parts.iter().copied());
        let ours = pollster::block_on(ablate_together(&model, &baseline, &ablation)).unwrap();
        let theirs = slowly(&model, &cases, changes);
        assert_close(&ablation.components(), &flat(&ours.patterns), &theirs, 2e-6);
    };
    use Component::{Attn, Embed, Mlp, MlpOnly, Pattern, PosEmbed};
    use Kind::{HeadMean, PositionMean, Zero};
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
    let kept = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let nothing = pollster::block_on(ablate_together(&model, &kept, &Ablation::default())).unwrap();
    assert_eq!(nothing.patterns, kept.pattern.patterns);
    let ablations = [Ablation::default()];
    let effects = effects(&model, &cases, &kept, Metric::RowMass, &ablations, &NoPace);
    let effect = pollster::block_on(effects).unwrap().swap_remove(0);
    assert_eq!((effect.mean(), effect.interval()), (0.0, Some((0.0, 0.0))));
    assert_eq!(effect.shares_before, effect.shares_after);
    let ids = &cases[0].ids;
    // One prompt's mean over prompts would be itself, which says nothing.
    let itself = Ablation::from((Component::Mlp(1), Kind::DatasetMean));
    let refused = pollster::block_on(read(&model, ids, &itself, &NoPace));
    assert!(matches!(refused, Err(StudyError::NoOthers { kind: Kind::DatasetMean })));
}

#[test]
fn a_full_sweep_takes_everything_upstream() {
    let mut config = Folder::open(FOLDER).config;
    (config.n_layer, config.n_head) = (12, 12);
    let all = full_sweep(5, Kind::Resample, &config);
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
    let kept = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let run = |parts: &[(Component, Kind)]| {
        pollster::block_on(ablate_together(&model, &kept, &Ablation::together(parts.iter().copied())))
            .unwrap_err()
            .to_string()
    };
    let fine = (Component::Embed, Kind::Zero);
    assert_eq!(run(&[fine, (Component::MlpOnly(2), Kind::Zero)]), "L2.mlp-only does not feed L2H1");
    assert_eq!(
        run(&[fine, (Component::MlpOnly(0), Kind::PositionMean)]),
        "L0.mlp-only cannot be ablated by position-mean"
    );
    let text = pollster::block_on(read(
        &model,
        &cases[0].ids,
        &Ablation::from((Component::Embed, Kind::Resample)),
        &NoPace,
    ));
    assert!(matches!(text, Err(StudyError::NoOthers { .. })));
}

/// A target's cells, told by the words themselves.
fn cells_by_words(target: Target, words: &[&str], categories: &[usize]) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    for q in 1..=words.len() {
        for k in 0..=q {
            let hit = match target {
                Target::Bos => k == 0,
                Target::Itself => k == q,
                Target::PreviousToken => k >= 1 && k == q - 1,
                _ if k == 0 || k == q => false,
                Target::SameWord => words[q - 1] == words[k - 1],
                Target::SameCategory => {
                    words[q - 1] != words[k - 1] && categories[q - 1] == categories[k - 1]
                }
                Target::Pair { from, to } => {
                    words[q - 1] != words[k - 1] && (categories[q - 1], categories[k - 1]) == (from, to)
                }
            };
            if hit {
                cells.push((q, k));
            }
        }
    }
    cells
}

#[test]
fn every_target_is_scored_on_its_own_cells() {
    let words = ["red", "dog", "blue", "red", "cat", "dog", "white"];
    let categories = [1, 5, 1, 1, 5, 5, 1];
    let sequence =
        WordSequence { words: words.map(str::to_owned).to_vec(), categories: categories.map(Some).to_vec() };
    let relations = Relations::of(&sequence);
    let n = words.len() + 1;
    // Any numbers will do, as long as rows sum to 1.
    let pattern: Vec<f32> = (0..n * n)
        .map(|i| {
            let (q, k) = (i / n, i % n);
            let weight = |k: usize| ((q * 7 + k * 5) % 11 + 1) as f32;
            if k > q { 0.0 } else { weight(k) / (0..=q).map(weight).sum::<f32>() }
        })
        .collect();
    let pairs = [(1, 5), (5, 1), (1, 1), (5, 5)].map(|(from, to)| Target::Pair { from, to });
    for target in Target::NAMED.into_iter().chain(pairs) {
        let cells = cells_by_words(target, &words, &categories);
        assert_eq!(target.cells(&relations).collect::<Vec<_>>(), cells, "{target}");
        let values: Vec<f64> = cells.iter().map(|&(q, k)| f64::from(pattern[q * n + k])).collect();
        let measure = Measure { metric: Metric::CellMean, target };
        let ours = measure.score(&pattern, &relations).unwrap();
        assert_close(&target.to_string(), &[ours], &[stats::mean(&values)], 1e-7);
        assert_eq!(measure.chance(&relations), measure.score(&uniform(n), &relations));
        assert_eq!(target.to_string().parse(), Ok(target));
    }
    let nothing = Measure { metric: Metric::RowMass, target: Target::Pair { from: 0, to: 1 } };
    assert_eq!(nothing.score(&pattern, &relations), None);
    for text in ["pair-1", "pair-1-", "pair-+1-2", "pair-01-2", "Bos", ""] {
        assert_eq!(text.parse::<Target>(), Err(()), "{text}");
    }
}

#[test]
fn category_by_category_attention_adds_up_and_agrees_with_the_pairs() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let kept = pollster::block_on(baseline(&model, &cases, target(), &NoPace)).unwrap();
    let patterns = &kept.pattern.patterns;
    let matrix = CategoryMatrix::of(&cases, patterns);
    assert_eq!(matrix.categories.len(), 10);
    let mut rows = 0;
    for row in &matrix.rows {
        let sum = row.mass.iter().sum::<f64>() + row.same_word + row.itself + row.bos + row.no_category;
        assert_close("a row", &[sum], &[1.0], 1e-5);
        rows += row.destinations;
        for (j, &to) in matrix.categories.iter().enumerate() {
            let target = Target::Pair { from: row.category, to };
            let mut values = Vec::new();
            for (case, pattern) in cases.iter().zip(patterns) {
                let n = case.relations.n();
                values.extend(target.cells(&case.relations).map(|(q, k)| f64::from(pattern[q * n + k])));
            }
            assert_eq!(row.cells[j], values.len());
            let mass = values.iter().sum::<f64>() / row.destinations as f64;
            assert_close("mass", &[row.mass[j]], &[mass], 1e-9);
            let cell_mean = (!values.is_empty()).then(|| stats::mean(&values));
            assert_close(
                "cell mean",
                &[row.cell_mean[j].unwrap_or(-1.0)],
                &[cell_mean.unwrap_or(-1.0)],
                1e-9,
            );
        }
    }
    assert_eq!(rows, 12 * cases.len(), "every word looks once");
    let uniform: Vec<Vec<f32>> = cases.iter().map(|case| uniform(case.relations.n())).collect();
    assert_eq!(CategoryMatrix::chance(&cases), CategoryMatrix::of(&cases, &uniform));
    // The prompts' order is nothing to it, but for rounding.
    let reversed: Vec<Case> = cases.iter().rev().cloned().collect();
    let backwards: Vec<Vec<f32>> = patterns.iter().rev().cloned().collect();
    let again = CategoryMatrix::of(&reversed, &backwards);
    let mass =
        |matrix: &CategoryMatrix| matrix.rows.iter().flat_map(|row| row.mass.clone()).collect::<Vec<_>>();
    assert_close("reversed", &mass(&again), &mass(&matrix), 1e-12);
}

#[test]
fn heads_side_by_side_are_those_of_the_detector() {
    let cases = notebook_cases();
    let model = whole_model(&cases);
    let heads = [target(), Head { layer: 0, head: 0 }, Head { layer: 1, head: 3 }];
    for target in [Target::SameCategory, Target::Bos, Target::PreviousToken] {
        let measure = Measure { metric: Metric::RowMass, target };
        let scores = pollster::block_on(score_heads(&model, &cases, measure, &NoPace)).unwrap();
        let ours = pollster::block_on(contrast(&model, &cases, &heads, measure, &NoPace)).unwrap();
        for (contrast, head) in ours.iter().zip(heads) {
            assert_eq!(contrast.head, head);
            let theirs: Vec<f64> =
                scores.per_prompt.iter().map(|prompt| prompt[head.layer][head.head]).collect();
            assert_close("scores", &contrast.scores, &theirs, 1e-9);
            let Shares { same_category, same_word, itself, bos, other } = contrast.shares;
            assert_close("shares", &[same_category + same_word + itself + bos + other], &[1.0], 1e-5);
        }
        assert_eq!(ours[0].chance, Some(scores.chance));
    }
}

#[test]
fn many_seeds_are_single_seeds_one_after_another() {
    let tokens = tokens();
    let cases_of = |seed: u32| -> Vec<Case> {
        let settings = DrawSettings { seed, sequences: 6, ..DrawSettings::default() };
        let drawn = draw(&WordTable::notebook(), &settings).unwrap();
        let prompts = drawn.into_iter().enumerate().map(|(sequence, words)| {
            let ids = tokens.tokenize(&words).unwrap().ids;
            Case { sequence, ids, relations: Relations::of(&words) }
        });
        prompts.filter(|case| case.ids.len() == 13).collect()
    };
    let draws: Vec<(u32, Vec<Case>)> = [5, 6, 7].map(|seed| (seed, cases_of(seed))).to_vec();
    let everything: Vec<Case> = draws.iter().flat_map(|(_, cases)| cases.clone()).collect();
    let model = whole_model(&everything);
    let measure = Measure::from(Metric::CellMean);
    let results = pollster::block_on(over_seeds(&model, &draws, target(), measure, &NoPace)).unwrap();
    assert_eq!(results.len(), 3);
    for (result, (seed, cases)) in results.iter().zip(&draws) {
        assert_eq!(result.seed, *seed);
        let scores = pollster::block_on(score_heads(&model, cases, measure, &NoPace)).unwrap();
        assert_close("score", &[result.score], &[scores.mean()[2][1]], 1e-12);
        let above = scores.mean().concat().into_iter().filter(|&score| score > result.score).count();
        assert_eq!(result.rank, above + 1);
        assert_eq!(result.holds(measure), result.rank == 1 && result.score > result.chance);
        let kept = pollster::block_on(baseline(&model, cases, target(), &NoPace)).unwrap();
        let preset = notebook_preset(2);
        let own = pollster::block_on(effects(&model, cases, &kept, measure, &preset, &NoPace)).unwrap();
        assert_eq!(result.effects, own);
    }
}

#[test]
fn a_text_is_read_token_by_token() {
    let ids = tokens().encode("The red dog and the blue cat sat near the river, and the river was blue. On Monday a horse, a bird and a lizard went by car to Spain.").unwrap();
    assert!(ids.len() > 32, "more than one batch of logits");
    let case = Case {
        sequence: 0,
        ids: ids.clone(),
        relations: Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() }),
    };
    let model = whole_model(&[case]);
    let without_mlp = Ablation::from((Component::Mlp(1), Kind::PositionMean));
    for ablation in [Ablation::default(), without_mlp] {
        let ours = pollster::block_on(read(&model, &ids, &ablation, &NoPace)).unwrap();
        let changes: Vec<(HookPoint, Change)> = match ablation.parts() {
            [] => vec![],
            _ => vec![(HookPoint::MlpOut(1), &over_positions)],
        };
        let hooks = Slow { changes, seen: RefCell::default() };
        let mut resid = pollster::block_on(model.embed(std::slice::from_ref(&ids), &hooks)).unwrap();
        for l in 0..3 {
            resid = pollster::block_on(model.block(l, &resid, &hooks)).unwrap();
        }
        let logits = model.logits(&resid).unwrap().i(0).unwrap().to_vec2::<f32>().unwrap();
        let loss = |row: &[f32], next: u32| {
            let sum: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
            sum.ln() - f64::from(row[next as usize])
        };
        let theirs: Vec<f64> = logits.iter().zip(&ids[1..]).map(|(row, &next)| loss(row, next)).collect();
        assert_close("losses", &ours.losses, &theirs, 1e-4);
        let last = logits.last().unwrap();
        let largest = last.iter().copied().fold(f32::MIN, f32::max);
        assert_close("logit", &[ours.logits[0]], &[f64::from(largest)], 1e-5);
        assert_close("probability", &[ours.next[0].1], &[(-loss(last, ours.next[0].0)).exp()], 1e-4);
        assert_eq!(ours.next.len(), 10);
    }
}

#[test]
fn a_text_goes_on_alike_for_the_same_seed() {
    let ids = tokens().encode("The red dog").unwrap();
    let relations = Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() });
    // A row of wpe for every position there may be.
    let model = whole_model(&[Case { sequence: 0, ids: [ids[0]].repeat(64), relations }]);
    let nothing = Ablation::default();
    let go = |seed: u64, temperature: f64| {
        let mut sampler = Sampler::new(seed, temperature, 0.9);
        let more = continue_text(&model, &ids, &nothing, &mut sampler, 6, &NoPace);
        pollster::block_on(more).unwrap()
    };
    assert_eq!(go(1, 1.0), go(1, 1.0));
    assert_ne!(go(1, 1.0), go(2, 1.0));
    // Without temperature the likeliest token is always taken, whatever the seed.
    let greedy = go(1, 0.0);
    assert_eq!(greedy, go(2, 0.0));
    let first = pollster::block_on(read(&model, &ids, &Ablation::default(), &NoPace)).unwrap();
    assert_eq!(greedy[0], first.next[0].0);
    // The context's end is the text's end.
    let full = [ids[0]].repeat(62);
    let mut sampler = Sampler::new(1, 1.0, 1.0);
    let more = continue_text(&model, &full, &nothing, &mut sampler, 6, &NoPace);
    assert!(pollster::block_on(more).unwrap().len() <= 2);
}

#[test]
fn the_self_check_finds_published_figures_reached_or_not() {
    // tests/fixtures/random-3x4x32/published.mjs computed them, by other means.
    let file = json("tests/fixtures/random-3x4x32/published.json");
    let figures: Vec<Published> = serde_json::from_value(file["prompts"].clone()).unwrap();
    assert_eq!(figures.len(), 2);
    let relations = Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() });
    for mut published in figures {
        let case = Case { sequence: 0, ids: published.token_ids.clone(), relations: relations.clone() };
        let model = whole_model(&[case]);
        let own = tokens().encode(&published.prompt).unwrap();
        let reached = pollster::block_on(compare(&model, &published, &own[1..], &NoPace)).unwrap();
        assert!(reached.same_ids && reached.same_top, "{reached:?}");
        assert_eq!(reached.attention_figures, 2 * 3 * 4);
        assert_close("logits", &[reached.logits, reached.attention], &[0.0, 0.0], 1e-4);
        assert_close("pattern", &[reached.pattern.unwrap()], &[0.0], 1e-4);
        published.last_position_top10_logits[3] += 0.5;
        published.attention_last_to_itself_by_layer_and_head[2][1] -= 0.25;
        let other = pollster::block_on(compare(&model, &published, &own[2..], &NoPace)).unwrap();
        assert!(!other.same_ids);
        assert_close("distances", &[other.logits, other.attention], &[0.5, 0.25], 1e-3);
        published.attention_last_to_itself_by_layer_and_head.pop();
        let unfit = pollster::block_on(compare(&model, &published, &own[1..], &NoPace)).unwrap();
        assert!(unfit.attention.is_infinite());
    }
}
