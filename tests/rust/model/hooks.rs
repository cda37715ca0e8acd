//! Hooks carry the names of TransformerLens, and spare what they know.

use crate::fixtures::{Folder, RANDOM, notebook_cases};
use crate::test;
use candle_core::{Device, Tensor};
use headscope::model::{ActivationCache, Depth, HookPoint, Hooks, NoHooks};
use std::cell::RefCell;

#[test]
fn hook_points_carry_transformer_lens_names() {
    assert_eq!(HookPoint::Pattern(1).to_string(), "blocks.1.attn.hook_pattern");
    assert_eq!(HookPoint::Embed.to_string(), "hook_embed");
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let recorder = ActivationCache::of(&[HookPoint::Z(0), HookPoint::ResidMid(0)]);
    let resid = pollster::block_on(model.embed(&[cases[0].ids.clone()], &NoHooks)).unwrap();
    pollster::block_on(model.block(0, &resid, &recorder)).unwrap();
    let seen = recorder.into_activations();
    assert_eq!(seen[&HookPoint::Z(0)].dims(), [1, 13, 4, 8]);
    assert_eq!(seen[&HookPoint::ResidMid(0)].dims(), [1, 13, 32]);
}

#[test]
fn an_ablation_computes_only_what_it_can_change() {
    struct Count(RefCell<Vec<HookPoint>>);
    impl Hooks for Count {
        fn cached(&self, point: HookPoint) -> Option<Tensor> {
            self.0.borrow_mut().push(point);
            // An MLP output that is known spares the MLP; a stream that is known spares attention.
            (point == HookPoint::ResidMid(0))
                .then(|| Tensor::zeros((1, 13, 32), candle_core::DType::F32, &Device::Cpu).unwrap())
        }
    }
    let cases = notebook_cases();
    let model = Folder::open(RANDOM).model(&cases, Depth::Pattern(2));
    let count = Count(RefCell::default());
    let resid = pollster::block_on(model.embed(&[cases[0].ids.clone()], &NoHooks)).unwrap();
    pollster::block_on(model.block(0, &resid, &count)).unwrap();
    let points = count.0.into_inner();
    assert_eq!(
        points,
        [HookPoint::ResidPost(0), HookPoint::ResidPre(0), HookPoint::ResidMid(0), HookPoint::MlpOut(0)]
    );
}
