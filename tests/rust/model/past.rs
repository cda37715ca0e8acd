//! A text that goes on by its kept keys and values is the text run as a whole.

use crate::fixtures::{Folder, RANDOM, assert_close};
use crate::test;
use headscope::model::{Depth, Gpt2, Hooks, ModelError, NoHooks, Past};
use headscope::prompts::{Relations, WordSequence};
use headscope::study::TokenizedPrompt;

/// The residual stream after the last layer at the last position.
fn last(model: &Gpt2, ids: &[u32], hooks: &dyn Hooks) -> Vec<f32> {
    pollster::block_on(async {
        let mut resid = model.embed(&[ids.to_vec()], hooks).await.unwrap();
        for l in 0..model.config().n_layer {
            resid = model.block(l, &resid, hooks).await.unwrap();
        }
        resid.narrow(1, ids.len() - 1, 1).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    })
}

#[test]
fn every_token_more_is_as_in_a_run_of_the_whole() {
    let ids: Vec<u32> = (0..64).map(|i| (i * 7919 + 3) % 300).collect();
    let relations = Relations::of(&WordSequence { words: Vec::new(), categories: Vec::new() });
    let case = TokenizedPrompt { sequence: 0, ids: ids.clone(), relations };
    let model = Folder::open(RANDOM).model(&[case], Depth::Logits);
    for before in [1, 2, 5, 63] {
        let recorder = Past::recorder(&model);
        last(&model, &ids[..before], &recorder);
        let mut past = Past::of(&model, before, recorder).unwrap();
        for n in before + 1..=ids.len() {
            let ours = pollster::block_on(model.go_on(ids[n - 1], &mut past)).unwrap();
            let ours: Vec<f32> = ours.flatten_all().unwrap().to_vec1().unwrap();
            let wide = |numbers: Vec<f32>| numbers.into_iter().map(f64::from).collect::<Vec<_>>();
            assert_close(&format!("{n} tokens"), &wide(ours), &wide(last(&model, &ids[..n], &NoHooks)), 1e-5);
        }
        let full = pollster::block_on(model.go_on(0, &mut past));
        assert!(matches!(full, Err(ModelError::TooLong { tokens: 65, n_ctx: 64 })), "{full:?}");
    }
}
