//! A text is read, and continued, token by token.

use super::{Change, Slow, over_positions, whole_model};
use crate::fixtures::{assert_close, read, tokens};
use crate::test;
use candle_core::IndexOp;
use headscope::model::HookPoint;
use headscope::prompts::{Relations, WordSequence};
use headscope::study::text_loss::{Sampler, continue_text};
use headscope::study::{Ablation, AblationKind, Component, TokenizedPrompt, Uninterrupted, evaluate};
use headscope::tokens::{Hints, Tokens};
use std::cell::RefCell;

#[test]
fn a_text_is_read_token_by_token() {
    let ids = tokens().encode("The red dog and the blue cat sat near the river, and the river was blue. On Monday a horse, a bird and a lizard went by car to Spain.").unwrap();
    assert!(ids.len() > 32, "more than one batch of logits");
    let case = TokenizedPrompt {
        sequence: 0,
        ids: ids.clone(),
        relations: Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() }),
    };
    let model = whole_model(&[case]);
    let without_mlp = Ablation::from((Component::Mlp(1), AblationKind::PositionMean));
    for ablation in [Ablation::default(), without_mlp] {
        let ours = pollster::block_on(evaluate(&model, &ids, &ablation, &Uninterrupted)).unwrap();
        let changes: Vec<(HookPoint, Change)> = match ablation.parts() {
            [] => vec![],
            _ => vec![(HookPoint::MlpOut(1), &over_positions)],
        };
        let hooks = Slow { changes, seen: RefCell::default() };
        let mut resid = pollster::block_on(model.embed(std::slice::from_ref(&ids), &hooks)).unwrap();
        for l in 0..3 {
            resid = pollster::block_on(model.block(l, &resid, &hooks)).unwrap();
        }
        let logits =
            pollster::block_on(model.logits(&resid)).unwrap().i(0).unwrap().to_vec2::<f32>().unwrap();
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
    let gpt2 = tokens();
    let ids = gpt2.encode("The red dog").unwrap();
    let relations = Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() });
    // A row of wpe for every position there may be.
    let model = whole_model(&[TokenizedPrompt { sequence: 0, ids: [ids[0]].repeat(64), relations }]);
    let nothing = Ablation::default();
    let go = |seed: u64, temperature: f64| {
        let mut sampler = Sampler::new(seed, temperature, 0.9);
        let more = continue_text(&model, gpt2, &ids, &nothing, &mut sampler, 6, &Uninterrupted);
        pollster::block_on(more).unwrap()
    };
    assert_eq!(go(1, 1.0), go(1, 1.0));
    assert_ne!(go(1, 1.0), go(2, 1.0));
    // Without temperature the likeliest token is always taken, whatever the seed.
    let greedy = go(1, 0.0);
    assert_eq!(greedy, go(2, 0.0));
    let first = pollster::block_on(evaluate(&model, &ids, &Ablation::default(), &Uninterrupted)).unwrap();
    assert_eq!(greedy[0], first.next[0].0);
    // What the tokenizer has no token for is never drawn, however likely the model has it.
    let own = read("tests/fixtures/tokenizers/own.json");
    let own = Tokens::from_tokenizer_json(&own, &Hints { bos: Some(0), eos: &[1], rows: 322 }).unwrap();
    for (seed, temperature) in [(1, 0.0), (2, 1.0), (3, 5.0)] {
        let mut sampler = Sampler::new(seed, temperature, 1.0);
        let more = continue_text(&model, &own, &ids, &nothing, &mut sampler, 20, &Uninterrupted);
        let more = pollster::block_on(more).unwrap();
        assert!(more.iter().all(|&id| own.has(id) && !own.ends(id)), "{more:?}");
    }
    // The context's end is the text's end.
    let full = [ids[0]].repeat(62);
    let mut sampler = Sampler::new(1, 1.0, 1.0);
    let more = continue_text(&model, gpt2, &full, &nothing, &mut sampler, 6, &Uninterrupted);
    assert!(pollster::block_on(more).unwrap().len() <= 2);
}

/// Logits that the sampler is tried with.
fn some_logits(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * i * 7919 + 13 * i) % 1009) as f32 / 120.0).collect()
}

/// Draws of `LogitsProcessor` of candle-transformers 0.11.1: seed, temperature, top p.
#[test]
fn seeds_draw_what_candle_draws() {
    let logits = some_logits(300);
    for (seed, temperature, top_p, theirs) in [
        (5, 0.8, 0.95, [53, 90, 53, 1, 155, 120, 258, 206, 64, 238, 155, 98]),
        (1, 1.0, 1.0, [256, 289, 241, 221, 59, 114, 60, 40, 240, 64, 154, 282]),
        (42, 2.5, 0.5, [36, 155, 63, 156, 258, 189, 289, 98, 282, 10, 187, 100]),
        (7, 0.0, 0.9, [120; 12]),
    ] {
        let mut sampler = Sampler::new(seed, temperature, top_p);
        let drawn: Vec<u32> = (0..12).map(|_| sampler.sample(&logits).unwrap()).collect();
        assert_eq!(drawn, theirs, "seed {seed}");
    }
}
