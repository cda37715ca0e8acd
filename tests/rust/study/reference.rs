//! Every number that TransformerLens 2.11.0 computed for two models, to 1e-5,
//! natively and in a browser: one of random weights, and the bundled one.

use crate::fixtures::{self, Folder, RANDOM, assert_close, integers, json, notebook_cases, numbers};
use crate::test;
use candle_core::Tensor;
use headscope::model::{Depth, NoHooks};
use headscope::study::{
    AblationKind, AttentionBreakdown, Component, Head, Measure, Metric, TokenizedPrompt, Uninterrupted,
    ablate, baseline, notebook_preset, patterns, score_heads, sweep,
};
use serde_json::Value;

/// The reference has seven decimals and float32 behind them.
const TOLERANCE: f64 = 1e-5;

/// Folders of a model and of TransformerLens' numbers for it.
const MODELS: [(&str, &str); 2] = [(RANDOM, RANDOM), ("data/tiny", "tests/fixtures/tiny")];

/// Runs a test on every model, with its numbers.
fn each(test: impl Fn(&Folder, &Value)) {
    for (folder, reference) in MODELS {
        test(&Folder::open(folder), &json(&format!("{reference}/reference.json")));
    }
}

/// Log-probabilities of logits of (B, T, V), the plain way.
fn log_softmax(logits: &Tensor) -> Vec<Vec<Vec<f32>>> {
    let mut logits = logits.to_vec3::<f32>().unwrap();
    for row in logits.iter_mut().flatten() {
        let sum: f64 = row.iter().map(|&x| f64::from(x).exp()).sum();
        row.iter_mut().for_each(|x| *x = (f64::from(*x) - sum.ln()) as f32);
    }
    logits
}

fn layers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

#[test]
fn the_prompts_are_the_reference_prompts() {
    each(|_, reference| {
        let cases = notebook_cases();
        let kept: Vec<usize> = cases.iter().map(|case| case.sequence).collect();
        assert_eq!(kept, integers(&reference["kept_sequences"]));
    });
}

#[test]
fn head_scores() {
    each(|folder, reference| {
        let cases = notebook_cases();
        let model = folder.model(&cases, Depth::Pattern(2));
        let scores =
            pollster::block_on(score_heads(&model, &cases, Metric::CellMean, &Uninterrupted)).unwrap();
        let flat = |scores: &[Vec<f64>]| scores.concat();
        assert_close("mean", &flat(&scores.mean()), &layers(&reference["head_scores_mean"]), TOLERANCE);
        let first = layers(&reference["head_scores_first_prompt"]);
        assert_close("first prompt", &flat(&scores.per_prompt[0]), &first, TOLERANCE);
        let second = layers(&reference["head_scores_second_prompt"]);
        assert_close("second prompt", &flat(&scores.per_prompt[1]), &second, TOLERANCE);
    });
}

#[test]
fn every_head_of_a_prompt() {
    each(|folder, reference| {
        let cases = notebook_cases();
        let model = folder.model(&cases, Depth::Pattern(2));
        let head: Head = reference["target_head"].as_str().unwrap().parse().unwrap();
        let cells = cases[1].ids.len().pow(2);
        let measure = Measure::from(Metric::CellMean);
        let (mut target, mut scores) = (Vec::new(), Vec::new());
        let mut take = |l: usize, layer: Vec<f32>| {
            if l == head.layer {
                target = layer[head.head * cells..][..cells].iter().copied().map(f64::from).collect();
            }
            let heads = layer.chunks_exact(cells);
            scores.extend(heads.map(|pattern| measure.score(pattern, &cases[1].relations).unwrap()));
        };
        pollster::block_on(patterns::each_layer(&model, &cases[1], 2, &Uninterrupted, &mut take)).unwrap();
        let wanted = layers(&reference["target_pattern_second_prompt"]);
        assert_close("pattern", &target, &wanted, TOLERANCE);
        let wanted = layers(&reference["head_scores_second_prompt"]);
        assert_close("scores of all heads", &scores, &wanted, TOLERANCE);
    });
}

#[test]
fn pattern_metrics_and_shares_of_the_target() {
    each(|folder, reference| {
        let cases = notebook_cases();
        let model = folder.model(&cases, Depth::Pattern(2));
        let head = reference["target_head"].as_str().unwrap().parse().unwrap();
        let baseline = pollster::block_on(baseline(&model, &cases, head, &Uninterrupted)).unwrap();
        let patterns = &baseline.pattern.patterns;
        let second: Vec<f64> = patterns[1].iter().map(|&x| f64::from(x)).collect();
        assert_close("pattern", &second, &layers(&reference["target_pattern_second_prompt"]), TOLERANCE);
        let others = reference["target_head_other_metrics"].as_array().unwrap();
        assert_eq!(others.len(), cases.len());
        for ((case, pattern), other) in cases.iter().zip(patterns).zip(others) {
            let row_mass = Metric::RowMass.score(pattern, &case.relations).unwrap();
            assert_close("row mass", &[row_mass], &[other["row_mass"].as_f64().unwrap()], TOLERANCE);
            let surprisal = Metric::Surprisal.score(pattern, &case.relations).unwrap();
            assert_close("surprisal", &[surprisal], &[other["surprisal"].as_f64().unwrap()], TOLERANCE);
            let AttentionBreakdown { same_category, same_word, itself, bos, other: rest } =
                AttentionBreakdown::of(pattern, &case.relations);
            let theirs = numbers(&other["breakdown_same_category_same_word_self_bos_other"]);
            assert_close("shares", &[same_category, same_word, itself, bos, rest], &theirs, TOLERANCE);
        }
    });
}

#[test]
fn every_ablation() {
    each(|folder, reference| {
        let cases = notebook_cases();
        let model = folder.model(&cases, Depth::Pattern(2));
        let head = reference["target_head"].as_str().unwrap().parse().unwrap();
        let baseline = pollster::block_on(baseline(&model, &cases, head, &Uninterrupted)).unwrap();
        let score = |patterns: &[Vec<f32>]| -> Vec<f64> {
            let score = |(case, pattern): (&TokenizedPrompt, &Vec<f32>)| {
                Metric::CellMean.score(pattern, &case.relations).unwrap()
            };
            cases.iter().zip(patterns).map(score).collect()
        };
        let theirs = reference["ablation_scores"].as_object().unwrap();
        assert_close(
            "baseline",
            &score(&baseline.pattern.patterns),
            &numbers(&theirs["baseline"]),
            TOLERANCE,
        );
        let kinds = [
            AblationKind::PositionMean,
            AblationKind::DatasetMean,
            AblationKind::GlobalMean,
            AblationKind::Zero,
            AblationKind::HeadMean,
        ];
        let ours: Vec<(Component, AblationKind)> =
            kinds.into_iter().flat_map(|kind| sweep(head.layer, kind, &folder.config)).collect();
        // The reference lacks these; study/ablations.rs has a slow twin of them.
        let ours: Vec<_> =
            ours.into_iter().filter(|(component, _)| !matches!(component, Component::MlpOnly(_))).collect();
        assert_eq!(ours.len() + 1, theirs.len(), "every ablation of the reference is made");
        for (component, kind) in ours {
            let name = format!("{component}|{kind}");
            let ablated = pollster::block_on(ablate(&model, &baseline, component, kind)).unwrap();
            assert_close(&name, &score(&ablated.patterns), &numbers(&theirs[&name]), TOLERANCE);
        }
    });
}

#[test]
fn next_token_log_probabilities() {
    each(|folder, reference| {
        let tokens = fixtures::tokens();
        let ids = tokens.encode(reference["text"].as_str().unwrap()).unwrap();
        assert_eq!(
            ids.iter().map(|&id| id as usize).collect::<Vec<_>>(),
            integers(&reference["text_token_ids"])
        );
        let sequence = headscope::prompts::WordSequence { words: Vec::new(), categories: Vec::new() };
        let case = TokenizedPrompt {
            sequence: 0,
            ids: ids.clone(),
            relations: headscope::prompts::Relations::of(&sequence),
        };
        let model = folder.model(&[case], Depth::Logits);
        let mut resid = pollster::block_on(model.embed(std::slice::from_ref(&ids), &NoHooks)).unwrap();
        for l in 0..2 {
            resid = pollster::block_on(model.block(l, &resid, &NoHooks)).unwrap();
        }
        let pattern = pollster::block_on(model.pattern(2, &resid, &NoHooks)).unwrap();
        let head_0 = pattern.narrow(1, 0, 1).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let head_0: Vec<f64> = head_0.into_iter().map(f64::from).collect();
        assert_close("pattern", &head_0, &layers(&reference["text_pattern_last_layer_head0"]), TOLERANCE);

        let logits =
            pollster::block_on(async { model.logits(&model.block(2, &resid, &NoHooks).await?).await })
                .unwrap();
        let logprobs = log_softmax(&logits);
        let next = ids[1..].iter().zip(&logprobs[0]).map(|(&id, row)| f64::from(row[id as usize]));
        // Log-probabilities reach -19, where float32 itself is 1e-6 wide.
        let theirs = numbers(&reference["text_next_token_logprobs"]);
        assert_close("log-probabilities", &next.collect::<Vec<_>>(), &theirs, 5.0 * TOLERANCE);
        for (row, top) in logprobs[0].iter().zip(reference["text_top5"].as_array().unwrap()) {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            for (&ours, theirs) in order.iter().zip(top.as_array().unwrap()) {
                assert_eq!(ours as u64, theirs[0].as_u64().unwrap());
                let theirs = theirs[1].as_f64().unwrap();
                assert_close("top 5", &[f64::from(row[ours])], &[theirs], 5.0 * TOLERANCE);
            }
        }
    });
}

#[test]
fn the_preset_is_the_notebooks() {
    let named: Vec<String> = notebook_preset(1).iter().map(|(c, k)| format!("{c}|{k}")).collect();
    assert_eq!(
        named,
        ["embed|position-mean", "pos_embed|position-mean", "L0.pattern|head-mean", "L0.mlp|position-mean"]
    );
}
