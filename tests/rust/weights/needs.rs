//! What a study has to fetch of a model, and no more.

use crate::fixtures::{Folder, RANDOM, notebook_cases};
use crate::test;
use headscope::model::{Depth, Gpt2};
use headscope::study::need;
use headscope::weights::{Config, Part};
use serde_json::json;

#[test]
fn a_study_that_goes_deeper_fetches_only_the_difference() {
    let folder = Folder::open(RANDOM);
    let cases = notebook_cases();
    let mut model = Gpt2::empty(folder.config.clone());
    let mut in_steps = folder.extend(&mut model, &cases, Depth::Pattern(0));
    assert!(!in_steps.is_empty());
    assert_eq!(folder.extend(&mut model, &cases, Depth::Pattern(0)), [], "nothing is fetched twice");
    in_steps.extend(folder.extend(&mut model, &cases, Depth::Pattern(2)));
    let mut at_once = folder.extend(&mut Gpt2::empty(folder.config.clone()), &cases, Depth::Pattern(2));
    let order = |part: &Part| (part.tensor.clone(), part.rows.start);
    in_steps.sort_by_key(order);
    at_once.sort_by_key(order);
    assert_eq!(in_steps, at_once);
}

/// GPT-2 small's sizes.
fn gpt2_small() -> Config {
    let config = json!({
        "model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257
    });
    Config::from_json(config.to_string().as_bytes()).unwrap()
}

/// Bytes of parts of a model in F32.
fn bytes(config: &Config, parts: &[Part]) -> u64 {
    let row = |tensor: &str| {
        let (_, shape) = config.tensors().find(|(name, _)| name == tensor).unwrap();
        shape[1..].iter().product::<u64>()
    };
    parts.iter().map(|part| part.rows.len() as u64 * row(&part.tensor) * 4).sum()
}

#[test]
fn the_l1h5_study_needs_36_megabytes_of_gpt2_small() {
    let config = gpt2_small();
    let cases = notebook_cases();
    let empty = Gpt2::empty(config.clone());
    let study = bytes(&config, &empty.missing(&need(&cases, Depth::Pattern(1))));
    assert!((35_500_000..36_500_000).contains(&study), "{study}");
    let scores = bytes(&config, &empty.missing(&need(&cases, Depth::Pattern(11))));
    assert!(scores < 345_000_000, "{scores}");
    let logits = bytes(&config, &empty.missing(&need(&cases, Depth::Logits)));
    // Every parameter but the positions beyond the prompts.
    assert_eq!(logits, (124_439_808 - (1024 - 13) * 768) * 4);
}

#[test]
fn the_whole_word_table_is_fetched_once_rows_cost_more() {
    let empty = Gpt2::empty(gpt2_small());
    let mut wanted = need(&notebook_cases(), Depth::Pattern(0));
    let rows = |need: &headscope::model::Need| {
        empty.missing(need).iter().filter(|part| part.tensor == "wte.weight").count()
    };
    assert_eq!(rows(&wanted), wanted.tokens.len());
    wanted.tokens = (0..10_000).collect();
    // Parts of 8 MB, 154 MB in all.
    assert_eq!(rows(&wanted), 19);
}
