//! config.json, and the sizes that can be read off a header.

use super::{config, file};
use crate::test;
use headscope::weights::{Config, ConfigError, IndexError, LoadError};
use serde_json::{Value, json};

fn config_error(field: &str, value: Value) -> ConfigError {
    let mut config = config();
    config[field] = value;
    Config::from_json(config.to_string().as_bytes()).unwrap_err()
}

#[test]
fn configs_that_cannot_be_run_name_the_field() {
    let told = |field: &str, value: Value| config_error(field, value).to_string();
    assert!(told("model_type", json!("llama")).contains("model_type = \"llama\""));
    assert!(told("activation_function", json!("relu")).contains("activation_function"));
    assert!(told("n_head", json!(5)).contains("n_head = 5"));
    assert!(told("n_layer", json!(0)).contains("n_layer = 0"));
    assert!(told("n_embd", json!(1_000_000)).contains("n_embd"));
    assert!(told("vocab_size", json!(0)).contains("vocab_size = 0"));
    assert!(told("layer_norm_epsilon", json!(-1.0)).contains("layer_norm_epsilon"));
    assert_eq!(config_error("n_layer", Value::Null), ConfigError::Missing("n_layer"));
    assert!(told("n_layer", json!("three")).contains("n_layer = \"three\""));
    assert!(told("n_layer", json!(2.5)).contains("n_layer = 2.5"));
    assert!(told("n_positions", json!(-64)).contains("n_positions = -64"));
    assert!(told("vocab_size", json!(1e300)).contains("vocab_size = 1e"));
    assert!(matches!(Config::from_json(b"<html>"), Err(ConfigError::Json(_))));
    assert!(matches!(Config::from_json(b"[1]"), Err(ConfigError::Json(_))));
}

#[test]
fn configs_are_read_as_python_and_other_models_write_them() {
    let text = config().to_string();
    let plain = Config::from_json(text.as_bytes()).unwrap();
    let with = |more: &str| format!("{{{more},{}", &text[1..]);
    let read =
        |json: &str| Config::from_json(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    assert_eq!(read(&format!("\u{feff}{text}\n")), plain);
    assert_eq!(read(&with(r#""resid_pdrop":NaN,"a":[Infinity,-Infinity, NaN],"b":{"c":-Infinity}"#)), plain);
    // The same words in a text are a text, behind every kind of quotation too.
    let texts = r#""_name_or_path":"NaN Infinity -Infinity","x\"NaN":"\\","y":"\\\"NaN","NaN":NaN"#;
    assert_eq!(read(&with(texts)), plain);
    assert_eq!(read(&text.replace("\"n_layer\":3", "\"n_layer\":3.0")), plain);
    assert_eq!(read(&text.replace("\"vocab_size\":50257", "\"vocab_size\":5.0257e4")), plain);

    let mut renamed = config();
    let fields = renamed.as_object_mut().unwrap();
    for (from, to) in [
        ("n_layer", "num_hidden_layers"),
        ("n_head", "num_attention_heads"),
        ("n_embd", "hidden_size"),
        ("n_positions", "max_position_embeddings"),
    ] {
        let value = fields.remove(from).unwrap();
        fields.insert(to.to_owned(), value);
    }
    fields.remove("n_ctx");
    assert_eq!(read(&renamed.to_string()), plain);
    for architecture in ["GPT2LMHeadModel", "GPT2Model", "GPT2DoubleHeadsModel"] {
        renamed["model_type"] = Value::Null;
        renamed["architectures"] = json!([architecture]);
        assert_eq!(read(&renamed.to_string()), plain);
    }
    // What is no number is no size either, and is named as what it is.
    for value in ["NaN", "-Infinity"] {
        let json = text.replace("\"n_layer\":3", &format!("\"n_layer\":{value}"));
        let told = Config::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(told.contains(&format!("n_layer = \"{value}\"")), "{told}");
        let json =
            with(&format!("\"layer_norm_epsilon\":{value}")).replace(",\"layer_norm_epsilon\":1e-5", "");
        let told = Config::from_json(json.as_bytes()).unwrap_err().to_string();
        assert!(told.contains("layer_norm_epsilon"), "{told}");
    }
    renamed["architectures"] = json!(["LlamaForCausalLM"]);
    let told = Config::from_json(renamed.to_string().as_bytes()).unwrap_err();
    assert_eq!(told, ConfigError::Missing("model_type"));
}

#[test]
fn sizes_can_be_read_off_the_shapes() {
    // Heads of width 64 are taken for granted, which the fixture's are not.
    let (mut header, _) = file();
    let read = |header: &Value| Config::from_header(header.to_string().as_bytes());
    assert_eq!(read(&header), Err(LoadError::Config(ConfigError::Heads(32))));
    let wide = |header: &mut Value, width: u64| header["wte.weight"]["shape"] = json!([50257, width]);
    wide(&mut header, 128);
    let config = read(&header).unwrap();
    assert_eq!((config.n_layer, config.n_head, config.d_model, config.n_ctx), (3, 2, 128, 64));
    // There is no config.json, so none is spoken of.
    let told = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        let told = read(&header).unwrap_err().to_string();
        assert!(!told.contains("config.json"), "{told}");
        told
    };
    assert!(told(&|h| wide(h, 100)).contains("100 wide"));
    assert!(told(&|h| wide(h, 6400)).contains("n_embd = 6400"));
    assert!(told(&|h| h["wpe.weight"]["shape"] = json!([1, 128])).contains("n_positions = 1"));
    let without = |tensor: &str| told(&|h| _ = h.as_object_mut().unwrap().remove(tensor));
    assert!(without("wte.weight").contains("no tensor wte.weight"));
    assert!(without("h.0.mlp.c_fc.weight").contains("no tensor h.0.mlp.c_fc.weight"));
    assert!(matches!(Config::from_header(b"{}"), Err(LoadError::Index(IndexError::Missing(_)))));
    assert!(matches!(Config::from_header(b"<html>"), Err(LoadError::Index(IndexError::Json(_)))));
}
