//! The bundled model keeps what its card claims (data/tiny/README.md): one head of
//! layer 1 attends to words of the same category and hardly to itself; it needs the
//! words and the MLP that reads them, and neither positions nor patterns.

use crate::fixtures::{Folder, assert_close, notebook_cases, read, tokens};
use crate::test;
use headscope::model::{Depth, Gpt2};
use headscope::prompts::WordTable;
use headscope::study::{
    AttentionBreakdown, Effect, Metric, Uninterrupted, baseline, effects, need, notebook_preset, score_heads,
    stats,
};
use headscope::tokens::BOS;
use headscope::web::known_models;
use headscope::weights::{ByteSource, cost};
use std::collections::BTreeSet;

fn tiny() -> Folder {
    Folder::open("data/tiny")
}

#[test]
fn one_head_stands_out() {
    let cases = notebook_cases();
    let model = tiny().model(&cases, Depth::Pattern(2));
    let scores = pollster::block_on(score_heads(&model, &cases, Metric::CellMean, &Uninterrupted)).unwrap();
    let (best, score) = scores.ranking()[0];
    assert_eq!(best.to_string(), "L1H1");
    assert_close("its score and chance", &[score, scores.chance], &[0.3615, 0.1149], 5e-4);
    let run = pollster::block_on(baseline(&model, &cases, best, &Uninterrupted)).unwrap();
    let patterns = cases.iter().zip(&run.pattern.patterns);
    let shares = AttentionBreakdown::mean(
        &patterns.map(|(case, p)| AttentionBreakdown::of(p, &case.relations)).collect::<Vec<_>>(),
    );
    assert_close("its own share", &[shares.itself], &[0.014], 1e-3);

    let found = pollster::block_on(effects(
        &model,
        &cases,
        &run,
        Metric::CellMean,
        &notebook_preset(1),
        &Uninterrupted,
    ))
    .unwrap();
    let left: Vec<f64> = found.iter().map(|effect: &Effect| stats::mean(&effect.ablated) / score).collect();
    assert_close("embed, pos_embed, L0.pattern, L0.mlp", &left, &[0.23, 1.01, 1.0, 0.39], 0.01);
}

#[test]
fn rows_of_the_built_in_words_that_come_with_the_module_are_the_files() {
    let Folder { config, index, source } = tiny();
    let words = WordTable::notebook().rows().concat();
    let ids = |text: &str| tokens().encode(text).unwrap();
    let tokens: BTreeSet<u32> =
        words.iter().flat_map(|word| [ids(word), ids(&format!(" {word}"))].concat()).chain([BOS]).collect();
    let mut bytes = Vec::new();
    for id in tokens {
        bytes.extend(u16::try_from(id).unwrap().to_le_bytes());
        let row = index.span("wte.weight").unwrap().row_bytes(&(id as usize..id as usize + 1));
        pollster::block_on(source.read(row, &mut |read| bytes.extend(read))).unwrap();
    }
    #[cfg(not(target_arch = "wasm32"))]
    if std::env::var_os("HEADSCOPE_WRITE_ROWS").is_some() {
        std::fs::write("data/tiny/word-rows.bin", &bytes).unwrap();
    }
    assert!(read("data/tiny/word-rows.bin") == bytes, "HEADSCOPE_WRITE_ROWS=1 cargo test bundled writes it");

    let model = known_models::without_weights("tiny", &config, None).unwrap();
    let missing = model.missing(&need(&notebook_cases(), Depth::Pattern(2)));
    assert!(missing.iter().all(|part| part.tensor != "wte.weight"), "{missing:?}");
}

#[test]
fn a_visitor_fetches_well_under_a_megabyte_for_a_study() {
    let Folder { config, index, .. } = tiny();
    let parts = Gpt2::empty(config).missing(&need(&notebook_cases(), Depth::Pattern(2)));
    let bytes = cost(&index, &parts, true).unwrap();
    assert!(bytes < 800_000, "{bytes}");
    assert!(index.file_len < 8_000_000);
}
