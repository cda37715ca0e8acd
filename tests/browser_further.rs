//! The engine's further methods in a browser: that they fetch what they need, and
//! give the page what it reads.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use common::{assert_close, json, numbers};
use headscope::web::{Engine, default_settings};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, AbortSignal};

fn to_js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap()
}

fn from_js(value: &JsValue) -> Value {
    serde_json::from_str(&js_sys::JSON::stringify(value).unwrap().as_string().unwrap()).unwrap()
}

fn quiet() -> js_sys::Function {
    js_sys::Function::new_no_args("")
}

fn never() -> AbortSignal {
    AbortController::new().unwrap().signal()
}

fn origin() -> String {
    web_sys::window().unwrap().location().origin().unwrap()
}

fn settings(changes: &Value) -> Value {
    let mut settings = from_js(&default_settings());
    settings["model"] = format!("{}/tests/fixtures/random-3x4x32", origin()).into();
    settings["head"] = "L2H1".into();
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

#[wasm_bindgen_test]
async fn a_text_is_read_and_continued_with_and_without_components() {
    let reference = json("tests/fixtures/random-3x4x32/reference.json");
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&json!({ "text": reference["text"], "ablate": "L1.mlp,L2H0", "kind": "zero" }));
    let ask = |tool: &str| to_js(&json!({ "settings": settings, "tool": tool }));
    let args = json!({ "settings": settings, "tokens": 4, "seed": 1, "temperature": 0.8, "top_p": 0.9 });
    let read = from_js(&engine.read_text(to_js(&args), quiet(), never()).await.unwrap());
    let theirs: Vec<f64> = numbers(&reference["text_next_token_logprobs"]).iter().map(|x| -x).collect();
    assert_close("losses", &numbers(&read["before"]["losses"]), &theirs, 1e-4);
    assert_eq!(read["components"], "L1.mlp+L2H0");
    assert_ne!(read["after"]["losses"], read["before"]["losses"]);
    assert_eq!(read["before"]["next"].as_array().unwrap().len(), 10);
    let known = from_js(&engine.estimate_tool(ask("text"), quiet(), never()).await.unwrap());
    assert_eq!(known["bytes"], 0, "all of it is here now");
    let more = async || from_js(&engine.continue_text(to_js(&args), quiet(), never()).await.unwrap());
    let (once, again) = (more().await, more().await);
    assert_eq!(once["token_ids"], again["token_ids"]);
    let file = engine.export_json(JsValue::NULL, quiet(), never()).await.unwrap().as_string().unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(file["further"]["reading"], read);
}

#[wasm_bindgen_test]
async fn seeds_contrasts_and_categories_come_as_the_page_reads_them() {
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&json!({ "n": 4, "seeds": "5-7" }));
    let args = to_js(&json!({ "settings": settings }));
    let seeds = from_js(&engine.many_seeds(args.clone(), quiet(), never()).await.unwrap());
    assert_eq!((&seeds["asked"], &seeds["heads"]), (&json!(3), &json!(12)));
    assert_eq!(seeds["seeds"][0]["effects"].as_array().unwrap().len(), 6);
    // The seed of the settings gives what the detector gives.
    let scores = from_js(&engine.score_heads(args.clone(), quiet(), never()).await.unwrap());
    assert_close(
        "seed 5",
        &[seeds["seeds"][0]["score"].as_f64().unwrap()],
        &[scores["mean"][2][1].as_f64().unwrap()],
        1e-9,
    );
    let categories = from_js(&engine.categories(args, quiet(), never()).await.unwrap());
    for row in categories["attention"]["rows"].as_array().unwrap() {
        let rest = ["same_word", "self", "bos", "no_category"].map(|key| row[key].as_f64().unwrap());
        let sum = numbers(&row["mass"]).iter().chain(&rest).sum::<f64>();
        assert_close("a row", &[sum], &[1.0], 1e-5);
    }
    let mut text = settings.clone();
    text["text"] = "red dog and a chair".into();
    let conditions = json!([{ "name": "drawn", "settings": settings }, { "name": "text", "settings": text }]);
    let args = json!({ "settings": settings, "heads": ["L2H1", "L0H1", "L9H9"], "conditions": conditions });
    let contrasts = from_js(&engine.contrast(to_js(&args), quiet(), never()).await.unwrap());
    let heads = |condition: usize| contrasts["conditions"][condition]["heads"].as_array().unwrap().clone();
    assert_eq!((heads(0).len(), heads(1).len()), (2, 2));
    assert_eq!(heads(1)[0]["score"], Value::Null, "no word has a partner there");
}

#[wasm_bindgen_test]
async fn the_self_check_runs_on_figures_that_are_handed_to_it() {
    let figures = json("tests/fixtures/random-3x4x32/published.json").to_string();
    let engine = Engine::new(&origin(), "a test", None);
    let args = to_js(&json!({ "settings": settings(&json!({})), "figures": figures, "tool": "check" }));
    let check = from_js(&engine.self_check(args.clone(), quiet(), never()).await.unwrap());
    let prompts = check["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 2);
    for prompt in prompts {
        assert_eq!((&prompt["same_ids"], &prompt["same_top"]), (&json!(true), &json!(true)));
        for figure in ["logits", "attention", "pattern"] {
            assert!(prompt[figure].as_f64().unwrap() < 1e-4, "{figure}: {prompt}");
        }
    }
    let cost = from_js(&engine.estimate_tool(args, quiet(), never()).await.unwrap());
    assert_eq!(cost["bytes"], 0);
    let broken = to_js(&json!({ "settings": settings(&json!({})), "figures": "{}" }));
    let problem = from_js(&engine.self_check(broken, quiet(), never()).await.unwrap_err());
    assert!(problem["what"].as_str().unwrap().contains("prompts"), "{problem}");
}
