//! What only a browser can show: pictures on a canvas, links and word tables
//! across the edge, and an engine that fetches, computes and exports.

mod engine;
mod links;
mod tools;
mod views;

use headscope::web::Settings;
use headscope::web::worker::Engine;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

pub fn to_js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap()
}

pub fn from_js(value: &JsValue) -> Value {
    if value.is_undefined() {
        return Value::Null;
    }
    serde_json::from_str(&js_sys::JSON::stringify(value).unwrap().as_string().unwrap()).unwrap()
}

/// Where the page of the tests is, which serves the repository's files.
pub fn origin() -> String {
    web_sys::window().unwrap().location().origin().unwrap()
}

/// The settings of a study of the random model, with some changes.
pub fn settings(changes: &Value) -> Value {
    let mut settings = serde_json::to_value(Settings::default()).unwrap();
    settings["model"] = format!("{}/tests/fixtures/random-3x4x32", origin()).into();
    settings["head"] = "L2H1".into();
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// What most requests take.
pub fn args(changes: &Value) -> Value {
    json!({ "settings": settings(changes) })
}

/// Asks an engine for something, and fails if that ends in a problem.
pub async fn ask(engine: &Engine, name: &str, args: &Value) -> Value {
    try_ask(engine, name, args, &never()).await.unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// Asks an engine for something. Hears of no progress.
pub async fn try_ask(
    engine: &Engine,
    name: &str,
    args: &Value,
    signal: &AbortSignal,
) -> Result<Value, Value> {
    let (request, quiet) = (to_js(&json!({ name: args })), js_sys::Function::new_no_args(""));
    let answer = engine.request(request, js_sys::Array::new(), quiet, signal.clone()).await;
    answer.map(|answer| from_js(&answer)).map_err(|problem| from_js(&problem))
}

/// Cancels nothing.
pub fn never() -> AbortSignal {
    AbortController::new().unwrap().signal()
}
