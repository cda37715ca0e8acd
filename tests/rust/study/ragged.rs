//! Prompts of different lengths in one run: each as it is alone.

use super::{flat, over_positions, slowly_together, target, whole_model};
use crate::fixtures::{assert_close, notebook_prompts};
use crate::test;
use candle_core::{Device, Tensor};
use headscope::model::{Gpt2, HookPoint};
use headscope::prompts::{Relations, WordSequence};
use headscope::study::{
    AblationKind, Component, Head, Measure, Metric, StudyError, TokenizedPrompt, Uninterrupted, ablate,
    baseline, contrast, score_heads,
};
use std::collections::HashMap;

/// The beginnings of some kept prompts.
fn ragged() -> Vec<TokenizedPrompt> {
    let lengths = [9, 13, 5, 13, 2, 9];
    let kept =
        notebook_prompts().into_iter().filter(|(words, tokens)| tokens.ids.len() == words.words.len() + 1);
    let cut = |(sequence, ((words, tokens), length)): (usize, ((WordSequence, _), usize))| {
        let tokens: headscope::tokens::Tokenized = tokens;
        let words = WordSequence {
            words: words.words[..length - 1].to_vec(),
            categories: words.categories[..length - 1].to_vec(),
        };
        let ids = tokens.ids[..length].to_vec();
        TokenizedPrompt { sequence, ids, relations: Relations::of(&words) }
    };
    kept.zip(lengths).enumerate().map(cut).collect()
}

fn ablated(
    model: &Gpt2,
    cases: &[TokenizedPrompt],
    component: Component,
    kind: AblationKind,
) -> Result<Vec<Vec<f32>>, StudyError> {
    let baseline = pollster::block_on(baseline(model, cases, target(), &Uninterrupted))?;
    pollster::block_on(ablate(model, &baseline, component, kind)).map(|ablated| ablated.patterns)
}

#[test]
fn patterns_scores_and_heads_side_by_side_are_those_of_each_prompt_alone() {
    let cases = ragged();
    let model = whole_model(&cases);
    let together = pollster::block_on(baseline(&model, &cases, target(), &Uninterrupted)).unwrap().pattern;
    for (case, pattern) in cases.iter().zip(&together.patterns) {
        let alone = slowly_together(&model, std::slice::from_ref(case), Vec::new());
        assert_close("pattern", &flat(std::slice::from_ref(pattern)), &alone, 1e-6);
    }
    let measure = Measure::from(Metric::Surprisal);
    let scores = pollster::block_on(score_heads(&model, &cases, &measure, &Uninterrupted)).unwrap();
    let heads = [target(), Head { layer: 0, head: 2 }];
    let side = pollster::block_on(contrast(&model, &cases, &heads, &measure, &Uninterrupted)).unwrap();
    let mut scored = 0;
    for case in &cases {
        let one = std::slice::from_ref(case);
        let Ok(alone) = pollster::block_on(score_heads(&model, one, &measure, &Uninterrupted)) else {
            assert!(!scores.sequences.contains(&case.sequence));
            continue;
        };
        assert_eq!(scores.sequences[scored], case.sequence);
        let ours = scores.per_prompt[scored].concat();
        assert_close("scores", &ours, &alone.per_prompt[0].concat(), 1e-5);
        for (head, contrast) in heads.iter().zip(&side) {
            let theirs = alone.per_prompt[0][head.layer][head.head];
            assert_close("side by side", &[contrast.scores[scored]], &[theirs], 1e-5);
        }
        scored += 1;
    }
    assert!(scored >= 3 && scored == scores.sequences.len());
}

#[test]
fn what_is_taken_from_a_prompt_itself_is_as_if_it_were_alone() {
    let cases = ragged();
    let model = whole_model(&cases);
    let head = Component::Head(Head { layer: 1, head: 0 });
    for component in [Component::Embed, Component::PosEmbed, head, Component::Attn(0), Component::Mlp(1)] {
        for kind in [AblationKind::PositionMean, AblationKind::Zero] {
            let together = ablated(&model, &cases, component, kind).unwrap();
            for (case, pattern) in cases.iter().zip(together) {
                let alone = ablated(&model, std::slice::from_ref(case), component, kind).unwrap();
                assert_close(&format!("{component} {kind}"), &flat(&[pattern]), &flat(&alone), 2e-6);
            }
        }
    }
    let together = ablated(&model, &cases, Component::Pattern(1), AblationKind::HeadMean).unwrap();
    for (case, pattern) in cases.iter().zip(together) {
        let changes: Vec<(HookPoint, super::Change)> = vec![(HookPoint::Pattern(1), &over_positions)];
        let alone = slowly_together(&model, std::slice::from_ref(case), changes);
        assert_close("head mean", &flat(&[pattern]), &alone, 2e-6);
    }
}

#[test]
fn means_over_prompts_are_over_those_that_reach_a_position() {
    let cases = ragged();
    let model = whole_model(&cases);
    // Every prompt's embeddings by hand, (T, d).
    let table =
        pollster::block_on(model.embedding_rows(&(0..model.config().d_vocab as u32).collect::<Vec<_>>()))
            .unwrap();
    let d = model.config().d_model;
    let row = |id: u32| &table[id as usize * d..][..d];
    let mean = |ids: Vec<u32>| -> Vec<f32> {
        (0..d).map(|i| ids.iter().map(|&id| row(id)[i]).sum::<f32>() / ids.len() as f32).collect()
    };
    for kind in [AblationKind::DatasetMean, AblationKind::GlobalMean] {
        let together = ablated(&model, &cases, Component::Embed, kind).unwrap();
        for (case, pattern) in cases.iter().zip(together) {
            let at = |position: usize| match kind {
                AblationKind::DatasetMean => {
                    mean(cases.iter().filter_map(|case| case.ids.get(position).copied()).collect())
                }
                _ => mean(cases.iter().flat_map(|case| case.ids.clone()).collect()),
            };
            let tokens = case.ids.len();
            let numbers: Vec<f32> = (0..tokens).flat_map(at).collect();
            let replaced = Tensor::from_vec(numbers, (1, tokens, d), &Device::Cpu).unwrap();
            let replace = |_: &Tensor, _: &HashMap<HookPoint, Tensor>| replaced.clone();
            let changes: Vec<(HookPoint, super::Change)> = vec![(HookPoint::Embed, &replace)];
            let alone = slowly_together(&model, std::slice::from_ref(case), changes);
            assert_close(&kind.to_string(), &flat(&[pattern]), &alone, 2e-6);
        }
    }
}

#[test]
fn resampling_takes_from_a_prompt_at_least_as_long_or_is_refused() {
    let cases = ragged();
    let model = whole_model(&cases);
    let together = ablated(&model, &cases, Component::Embed, AblationKind::Resample).unwrap();
    let with = |case: &TokenizedPrompt, other: &TokenizedPrompt| {
        let swapped = TokenizedPrompt { ids: other.ids[..case.ids.len()].to_vec(), ..case.clone() };
        slowly_together(&model, &[swapped], Vec::new())
    };
    for (i, (case, pattern)) in cases.iter().zip(together).enumerate() {
        let longer = cases.iter().enumerate();
        let mut others = longer.filter(|(j, other)| *j != i && other.ids.len() >= case.ids.len());
        let ours = flat(&[pattern]);
        let near = |theirs: Vec<f64>| ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(others.any(|(_, other)| near(with(case, other))), "prompt {i}");
    }
    let refused = ablated(&model, &cases[..3], Component::Embed, AblationKind::Resample);
    assert!(matches!(refused, Err(StudyError::NoOthers { kind: AblationKind::Resample })));
    assert!(AblationKind::DatasetMean.finds_others(&[3, 5]) && !AblationKind::DatasetMean.finds_others(&[3]));
    assert!(AblationKind::Resample.finds_others(&[5, 3, 5]) && !AblationKind::Resample.finds_others(&[5, 3]));
}
