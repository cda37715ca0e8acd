//! A text: the lens, attribution to components, and the output under ablation.

use super::{TOLERANCE, model, number, reference};
use crate::fixtures::{RANDOM, assert_close, json, numbers, strings, tokens};
use crate::test;
use headscope::circuits::output::heads_and_mlps;
use headscope::circuits::{
    CircuitError, LensLayer, LogitOf, OutputChange, attribute, lens, output_under_ablation,
};
use headscope::model::{Gpt2, NoHooks};
use headscope::study::{Ablation, AblationKind, Component, Head, StudyError, Uninterrupted, evaluate};

/// The reference's text.
fn ids() -> Vec<u32> {
    let text = json(&format!("{RANDOM}/reference.json"));
    tokens().encode(text["text"].as_str().unwrap()).unwrap()
}

fn logit() -> LogitOf {
    let of = &reference()["direct_logit"];
    let [position, token, against] = ["position", "token", "against"].map(|name| of[name].as_u64().unwrap());
    LogitOf { position: position as usize, token: token as u32, against: Some(against as u32) }
}

/// Logits of a text, (V) each.
fn logits(model: &Gpt2, ids: &[u32]) -> Vec<Vec<f64>> {
    let mut resid = pollster::block_on(model.embed(&[ids.to_vec()], &NoHooks)).unwrap();
    for l in 0..model.config().n_layer {
        resid = pollster::block_on(model.block(l, &resid, &NoHooks)).unwrap();
    }
    let rows =
        pollster::block_on(model.logits(&resid)).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
    rows.into_iter().map(|row| row.into_iter().map(f64::from).collect()).collect()
}

#[test]
fn the_lens_is_the_references() {
    let (model, _) = model();
    let layers = pollster::block_on(lens(&model, &ids(), &Uninterrupted)).unwrap();
    let theirs = reference()["lens"].as_object().unwrap();
    assert_eq!(layers.len(), theirs.len());
    for layer in &layers {
        let theirs = &theirs[&layer.name];
        let logprobs = numbers(&theirs["next_token_logprob"]);
        assert_close(&layer.name, &layer.next_token_logprob, &logprobs, TOLERANCE);
        assert_close(&layer.name, &layer.entropy, &numbers(&theirs["entropy"]), TOLERANCE);
    }
}

#[test]
fn the_last_layer_of_the_lens_is_the_models_output() {
    let (model, _) = model();
    let ids: Vec<u32> = ids().into_iter().cycle().take(40).collect();
    let layers = pollster::block_on(lens(&model, &ids, &Uninterrupted)).unwrap();
    let LensLayer { name, next_token_logprob, entropy, top } = layers.last().unwrap();
    assert_eq!(name, "L2");
    let output = pollster::block_on(evaluate(&model, &ids, &Ablation::default(), &Uninterrupted)).unwrap();
    let losses: Vec<f64> = next_token_logprob.iter().map(|log| -log).collect();
    assert_close("losses", &losses, &output.losses, 1e-6);
    let next: Vec<u32> = output.next.iter().take(5).map(|(id, _)| *id).collect();
    assert_eq!(top[39].iter().map(|(id, _)| *id).collect::<Vec<_>>(), next);
    let probabilities: Vec<f64> = output.next.iter().take(5).map(|(_, p)| *p).collect();
    let ours: Vec<f64> = top[39].iter().map(|(_, p)| *p).collect();
    assert_close("probabilities", &ours, &probabilities, 1e-6);
    assert_eq!((entropy.len(), top.len()), (40, 40));
    // By hand, of the last position.
    let last = logits(&model, &ids).pop().unwrap();
    let sum: f64 = last.iter().map(|logit| logit.exp()).sum();
    let by_hand: f64 = last.iter().map(|logit| logit.exp() / sum).map(|p| -p * p.ln()).sum();
    assert_close("entropy", &[entropy[39]], &[by_hand], 1e-6);
}

#[test]
fn the_attribution_is_the_references() {
    let (model, _) = model();
    let theirs = &reference()["direct_logit"];
    let ours = pollster::block_on(attribute(&model, &ids(), logit(), &Uninterrupted)).unwrap();
    assert_eq!(ours.components, strings(&theirs["components"]));
    assert_close("parts", &ours.parts, &numbers(&theirs["parts"]), TOLERANCE);
    assert_close("difference", &[ours.difference], &[number(&theirs["difference"])], TOLERANCE);
}

#[test]
fn attributions_sum_to_the_difference_of_logits() {
    let (model, _) = model();
    let ids = ids();
    let logits = logits(&model, &ids);
    for (position, token, against) in [(0, 7, None), (14, 13, Some(262)), (6, 290, None), (6, 5, Some(5))] {
        let of = LogitOf { position, token, against };
        let ours = pollster::block_on(attribute(&model, &ids, of, &Uninterrupted)).unwrap();
        let row = &logits[position];
        let other = against.map_or(row.iter().sum::<f64>() / row.len() as f64, |id| row[id as usize]);
        assert_close("difference", &[ours.difference], &[row[token as usize] - other], 1e-4);
        assert_close("sum", &[ours.parts.iter().sum()], &[ours.difference], 1e-12);
    }
    let last = LogitOf::last_of(&ids).unwrap();
    assert_eq!(last, LogitOf { position: 13, token: 13, against: None });
    assert_eq!((LogitOf::last_of(&ids[..1]), LogitOf::last_of(&[])), (None, None));
    let run = |of| pollster::block_on(attribute(&model, &ids, of, &Uninterrupted));
    let beyond = run(LogitOf { position: 15, ..last });
    assert!(matches!(beyond, Err(CircuitError::NoSuchPosition { position: 15, tokens: 15 })));
    let unknown = run(LogitOf { against: Some(50_257), ..last });
    assert!(matches!(unknown, Err(CircuitError::NoSuchToken(50_257))));
}

fn output(
    model: &Gpt2,
    ids: &[u32],
    ablations: &[(Component, AblationKind)],
    logit: Option<LogitOf>,
) -> Result<Vec<OutputChange>, CircuitError> {
    pollster::block_on(output_under_ablation(model, ids, ablations, logit, &Uninterrupted))
}

#[test]
fn the_output_under_ablation_is_the_references() {
    let (model, _) = model();
    let theirs = reference()["output_under_ablation"].as_object().unwrap();
    let kinds = [AblationKind::Zero, AblationKind::PositionMean];
    let all = heads_and_mlps(model.config());
    let ablations: Vec<(Component, AblationKind)> =
        all.into_iter().flat_map(|component| kinds.map(|kind| (component, kind))).collect();
    let rows = output(&model, &ids(), &ablations, Some(logit())).unwrap();
    assert_eq!(rows.len(), theirs.len());
    for row in &rows {
        let name = match row.ablation.parts() {
            [] => "none".to_owned(),
            _ => format!("{}|{}", row.ablation.components(), row.ablation.kinds()),
        };
        let ours = [row.loss, row.kl, row.kl_last, row.logit_difference.unwrap()];
        let fields = ["loss", "kl", "kl_last", "logit_difference"];
        assert_close(&name, &ours, &fields.map(|field| number(&theirs[&name][field])), TOLERANCE);
    }
}

#[test]
fn a_logit_against_the_mean_is_the_one_that_is_attributed() {
    let (model, _) = model();
    let last = LogitOf::last_of(&ids()).unwrap();
    let [unablated] = output(&model, &ids(), &[], Some(last)).unwrap().try_into().unwrap();
    let attributed = pollster::block_on(attribute(&model, &ids(), last, &Uninterrupted)).unwrap();
    let difference = unablated.logit_difference.unwrap();
    assert_close("difference", &[difference], &[attributed.difference], TOLERANCE);
}

#[test]
fn an_ablated_output_is_that_of_a_run_from_the_start() {
    let (model, _) = model();
    // More positions than are kept.
    let ids: Vec<u32> = ids().into_iter().cycle().take(60).collect();
    let ablations = [
        (Component::Embed, AblationKind::PositionMean),
        (Component::Attn(1), AblationKind::Zero),
        (Component::Pattern(1), AblationKind::HeadMean),
        (Component::MlpOnly(0), AblationKind::Zero),
        (Component::Head(Head { layer: 2, head: 0 }), AblationKind::GlobalMean),
    ];
    let rows = output(&model, &ids, &ablations, None).unwrap();
    for row in &rows {
        let slow = pollster::block_on(evaluate(&model, &ids, &row.ablation, &Uninterrupted)).unwrap();
        let mean = slow.losses.iter().sum::<f64>() / slow.losses.len() as f64;
        assert_close(&row.ablation.components(), &[row.loss], &[mean], 1e-5);
        assert_eq!(row.logit_difference, None);
        assert!(row.kl >= 0.0 && (row.kl > 1e-6) != row.ablation.parts().is_empty());
    }
    let resampled = [(Component::Mlp(0), AblationKind::Resample)];
    let refused = output(&model, &ids, &resampled, None);
    assert!(matches!(refused, Err(CircuitError::Study(StudyError::NoOthers { .. }))));
    let [alone] = output(&model, &ids[..1], &[], None).unwrap().try_into().unwrap();
    assert_eq!((alone.loss, alone.kl), (0.0, 0.0));
}
