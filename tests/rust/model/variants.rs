//! GPT-2s of rarer arithmetic, held to transformers' numbers for them
//! (tests/fixtures/variants/reference.py): the exact GELU, attention scores that are
//! scaled by layer or not by width, and an unembedding that is not the embedding.

use crate::fixtures::{self, Folder, RANDOM, assert_close, integers, json, numbers, read};
use crate::test;
use headscope::model::{Depth, NoHooks};
use headscope::prompts::{Relations, WordSequence};
use headscope::study::{Ablation, Head, TokenizedPrompt, Uninterrupted, evaluate, need};
use headscope::weights::{Config, IndexError, LM_HEAD, LoadError, MemorySource, Unembedding};
use serde_json::{Value, json as value};

const REFERENCE: &str = "tests/fixtures/variants/reference.json";

/// The model's config.json with some changes.
fn config(changes: &Value) -> Vec<u8> {
    let mut config = json(&format!("{RANDOM}/config.json"));
    for (field, value) in changes.as_object().unwrap() {
        config[field] = value.clone();
    }
    config.to_string().into_bytes()
}

/// The model's file with an unembedding of its own: the embedding upside down, row by
/// row, so that the first word's row is the last word's.
fn untied_file() -> Vec<u8> {
    let file = read(&format!("{RANDOM}/model.safetensors"));
    let (length, rest) = file.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).unwrap();
    let offsets = integers(&header["wte.weight"]["data_offsets"]);
    let rows: Vec<&[u8]> = data[offsets[0]..offsets[1]].chunks_exact(32 * 4).rev().collect();
    let mut lm_head = header["wte.weight"].clone();
    lm_head["data_offsets"] = value!([data.len(), data.len() + rows.len() * 32 * 4]);
    header[LM_HEAD] = lm_head;
    let header = header.to_string().into_bytes();
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), data, &rows.concat()].concat()
}

fn case(ids: &[usize]) -> TokenizedPrompt {
    let nothing = WordSequence { words: Vec::new(), categories: Vec::new() };
    let ids = ids.iter().map(|&id| id as u32).collect();
    TokenizedPrompt { sequence: 0, ids, relations: Relations::of(&nothing) }
}

#[test]
fn every_variant_gives_transformers_numbers() {
    let reference = json(REFERENCE);
    let case = case(&integers(&reference["token_ids"]));
    let n = case.ids.len();
    let variants = reference["variants"].as_object().unwrap();
    assert_eq!(variants.len(), 6);
    for (name, variant) in variants {
        let own = variant["own_unembedding"] == true;
        let file = if own { untied_file() } else { read(&format!("{RANDOM}/model.safetensors")) };
        let model =
            Folder::of(&config(&variant["config"]), file).model(std::slice::from_ref(&case), Depth::Logits);
        // All heads at once, as a study runs them, and head by head.
        let mut resid = pollster::block_on(model.embed(std::slice::from_ref(&case.ids), &NoHooks)).unwrap();
        for (l, theirs) in variant["last_rows"].as_array().unwrap().iter().enumerate() {
            let all = pollster::block_on(model.pattern(l, &resid, &NoHooks)).unwrap();
            for (head, theirs) in theirs.as_array().unwrap().iter().enumerate() {
                let one = pollster::block_on(model.head_pattern(l, head, &resid)).unwrap();
                for pattern in [all.narrow(1, head, 1).unwrap().squeeze(1).unwrap(), one] {
                    let row = pattern.narrow(1, n - 1, 1).unwrap().flatten_all().unwrap();
                    let row: Vec<f64> = row.to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect();
                    let head = Head { layer: l, head };
                    assert_close(&format!("{name}, {head}"), &row, &numbers(theirs), 1e-5);
                }
            }
            resid = pollster::block_on(model.block(l, &resid, &NoHooks)).unwrap();
        }
        let plain = Ablation::default();
        let reading = pollster::block_on(evaluate(&model, &case.ids, &plain, &Uninterrupted)).unwrap();
        let logprobs: Vec<f64> = reading.losses.iter().map(|loss| -loss).collect();
        // Log-probabilities reach -19, where float32 itself is 1e-6 wide.
        assert_close(name, &logprobs, &numbers(&variant["next_token_logprobs"]), 5e-5);
        let likeliest: Vec<usize> = reading.next.iter().take(5).map(|&(id, _)| id as usize).collect();
        assert_eq!(likeliest, integers(&variant["likeliest_next"]), "{name}");
    }
}

#[test]
fn an_unembedding_is_read_where_transformers_reads_it_or_config_is_silent() {
    let unembedding = |changes: Value, file: Vec<u8>| Folder::of(&config(&changes), file).config.unembedding;
    let tied_file = || read(&format!("{RANDOM}/model.safetensors"));
    assert_eq!(unembedding(value!({}), untied_file()), Unembedding::Own);
    assert_eq!(unembedding(value!({ "tie_word_embeddings": false }), untied_file()), Unembedding::Own);
    assert_eq!(unembedding(value!({ "tie_word_embeddings": null }), untied_file()), Unembedding::Own);
    assert_eq!(unembedding(value!({ "tie_word_embeddings": true }), untied_file()), Unembedding::Tied);
    assert_eq!(unembedding(value!({}), tied_file()), Unembedding::Tied);
    // A config that asks for what the file lacks.
    let asks = Config::from_json(&config(&value!({ "tie_word_embeddings": false }))).unwrap();
    let missing = fixtures::index(&MemorySource::in_chunks(tied_file(), 4099), &asks).unwrap_err();
    assert_eq!(missing, LoadError::from(IndexError::Missing(LM_HEAD.to_owned())));
}

#[test]
fn an_unembedding_is_fetched_for_logits_alone_and_the_embedding_then_by_rows() {
    let case = case(&[50256, 464, 2266, 3290]);
    let folder = Folder::of(&config(&value!({})), untied_file());
    let model = headscope::model::Gpt2::empty(folder.config.clone());
    let parts = |depth| {
        let parts = model.missing(&need(std::slice::from_ref(&case), depth));
        let rows = |name: &str| {
            parts.iter().filter(|part| part.tensor == name).map(|part| part.rows.len()).sum::<usize>()
        };
        [rows("wte.weight"), rows(LM_HEAD)]
    };
    assert_eq!(parts(Depth::Pattern(2)), [4, 0]);
    assert_eq!(parts(Depth::Logits), [4, 50_257]);
}

#[test]
fn an_activation_that_is_not_known_is_refused_by_name() {
    for (name, known) in
        [("gelu", true), ("gelu_fast", true), ("relu", false), ("quick_gelu", false), ("Gelu", false)]
    {
        let read = Config::from_json(&config(&value!({ "activation_function": name })));
        assert_eq!(read.is_ok(), known, "{name}");
        if let Err(error) = read {
            assert!(error.to_string().contains(&format!("activation_function = \"{name}\"")), "{error}");
        }
    }
}
