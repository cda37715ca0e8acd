//! What only a browser can show: pictures on a canvas, links and word tables
//! across the edge, and an engine that fetches, computes and exports.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod common;

use common::{assert_close, json, numbers};
use headscope::render::Palette;
use headscope::web::{
    Engine, check_settings, default_settings, format_link, format_words, head_map_view, parse_link,
    parse_words, pattern_view,
};
use js_sys::{Float32Array, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{AbortController, AbortSignal, CanvasRenderingContext2d, HtmlCanvasElement};

fn to_js(value: &Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap()
}

fn from_js(value: &JsValue) -> Value {
    if value.is_undefined() {
        return Value::Null;
    }
    serde_json::from_str(&js_sys::JSON::stringify(value).unwrap().as_string().unwrap()).unwrap()
}

fn canvas(width: u32, height: u32) -> CanvasRenderingContext2d {
    let document = web_sys::window().unwrap().document().unwrap();
    let canvas: HtmlCanvasElement = document.create_element("canvas").unwrap().unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    canvas.get_context("2d").unwrap().unwrap().unchecked_into()
}

fn pixel(context: &CanvasRenderingContext2d, x: f64, y: f64) -> [u8; 4] {
    let data = context.get_image_data(x, y, 1.0, 1.0).unwrap().data();
    [data[0], data[1], data[2], data[3]]
}

fn opaque([r, g, b]: [u8; 3]) -> [u8; 4] {
    [r, g, b, 255]
}

/// Finds the middle of a cell by asking the view, as a pointer would.
fn middle(size: &Value, hit: impl Fn(f64, f64) -> bool) -> (f64, f64) {
    let (width, height) = (size["width"].as_f64().unwrap(), size["height"].as_f64().unwrap());
    let points = (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (x as f64, y as f64)));
    let inside: Vec<(f64, f64)> = points.filter(|&(x, y)| hit(x, y)).collect();
    let mean = |part: fn(&(f64, f64)) -> f64| inside.iter().map(part).sum::<f64>() / inside.len() as f64;
    assert!(!inside.is_empty(), "the cell is nowhere");
    (mean(|p| p.0), mean(|p| p.1))
}

#[wasm_bindgen_test]
fn a_pattern_is_drawn_where_the_pointer_finds_it() {
    let options = to_js(&serde_json::json!({
        "tokens": [{ "text": "<|endoftext|>" }, { "text": "red" }, { "text": " blue", "category": 0, "letter": "A" }],
        "scale": "linear", "max": "one", "colors": "viridis", "bos": "shown",
    }));
    let set = |name: &str, value: &JsValue| Reflect::set(&options, &name.into(), value).unwrap();
    set("pattern", &Float32Array::from(&[1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.2, 0.6, 0.2][..]));
    set("relations", &Uint8Array::from(&[1, 0, 0, 1, 2, 0, 1, 4, 2][..]));
    let mut view = pattern_view(options).unwrap();
    let size = from_js(&view.size(400.0));
    for dpr in [1.0, 2.0] {
        let side = |name: &str| (size[name].as_f64().unwrap() * dpr) as u32;
        let context = canvas(side("width"), side("height"));
        view.draw(context.clone(), dpr, false, -1, -1);
        for (q, k, value) in [(1, 0, 0.75), (1, 1, 0.25), (2, 0, 0.2)] {
            let (x, y) = middle(&size, |x, y| {
                from_js(&view.cell_at(x, y))["row"] == q && from_js(&view.cell_at(x, y))["column"] == k
            });
            // Beside the number in the middle of the cell.
            let (x, y) = ((x - 16.0) * dpr, (y - 16.0) * dpr);
            assert_eq!(
                pixel(&context, x, y),
                opaque(Palette::Viridis.color(value)),
                "({q}, {k}) at dpr {dpr}"
            );
        }
        // The masked triangle has the colour of no value.
        let (x, y) = middle(&size, |x, y| {
            from_js(&view.cell_at(x, y))["row"] == 0 && from_js(&view.cell_at(x, y))["column"] == 2
        });
        let masked = pixel(&context, x * dpr, y * dpr);
        assert!((0..=100).all(|v| masked != opaque(Palette::Viridis.color(f64::from(v) / 100.0))));
        // A cell of the mask has a white outline.
        let (x, y) = middle(&size, |x, y| {
            from_js(&view.cell_at(x, y))["row"] == 2 && from_js(&view.cell_at(x, y))["column"] == 1
        });
        let row: Vec<[u8; 4]> = (0..30).map(|i| pixel(&context, (x - f64::from(i)) * dpr, y * dpr)).collect();
        assert!(row.contains(&[255, 255, 255, 255]), "no outline in {row:?}");
    }
}

#[wasm_bindgen_test]
fn a_map_of_heads_is_drawn_and_hit() {
    let options = serde_json::json!({
        "n_layer": 2, "n_head": 2, "scores": [0.1, 0.4, null, 0.2], "chance": 0.1,
        "colors": "viridis", "best": [0, 1], "shown": [1, 1],
    });
    let mut view = head_map_view(to_js(&options)).unwrap();
    let size = from_js(&view.size(300.0));
    let context = canvas(size["width"].as_u64().unwrap() as u32, size["height"].as_u64().unwrap() as u32);
    view.draw(context.clone(), 1.0, true, -1, -1);
    let (x, y) = middle(&size, |x, y| {
        let cell = from_js(&view.cell_at(x, y));
        cell["row"] == 0 && cell["column"] == 0
    });
    assert_eq!(pixel(&context, x - 25.0, y), opaque(Palette::Viridis.color(0.25)));
    assert!(view.cell_at(-1.0, -1.0).is_undefined());
    let bad = serde_json::json!({
        "n_layer": 2, "n_head": 2, "scores": [0.1], "chance": 0.1, "colors": "viridis", "best": null, "shown": [0, 0],
    });
    let problem = from_js(&head_map_view(to_js(&bad)).err().unwrap());
    assert!(problem["what"].as_str().unwrap().contains("differ in size"));
}

#[wasm_bindgen_test]
fn links_and_words_cross_the_edge_and_come_back() {
    let mut settings = from_js(&default_settings());
    settings["seed"] = 7.into();
    settings["model"] = "https://example.org/a model?no".into();
    let problems = from_js(&check_settings(to_js(&settings)));
    assert_eq!(problems[0]["key"], "model");
    settings["model"] = "https://example.org/folder".into();
    settings["words"] = "a,b\nc,d & =e\n".into();
    settings["cats"] = 2.into();
    assert_eq!(from_js(&check_settings(to_js(&settings))), serde_json::json!([]));
    let link = format_link(to_js(&settings)).unwrap();
    let parsed = from_js(&parse_link(&format!("#{link}")));
    assert_eq!(parsed["settings"], settings);
    assert_eq!(parsed["problems"], serde_json::json!([]));

    let rows = from_js(&parse_words("a,b\nc,d\n").unwrap());
    assert_eq!(format_words(to_js(&rows["rows"])).unwrap(), "a,b\nc,d\n");
    let problem = from_js(&parse_words("a,b\nc\n").unwrap_err());
    assert_eq!(problem["what"], "Row 2 has 1 words where row 1 has 2.");
    assert_eq!(problem["key"], "words");
}

fn origin() -> String {
    web_sys::window().unwrap().location().origin().unwrap()
}

fn settings(changes: &Value) -> JsValue {
    let mut settings = from_js(&default_settings());
    settings["model"] = format!("{}/tests/fixtures/random-3x4x32", origin()).into();
    settings["head"] = "L2H1".into();
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    to_js(&serde_json::json!({ "settings": settings }))
}

fn quiet() -> js_sys::Function {
    js_sys::Function::new_no_args("")
}

fn never() -> AbortSignal {
    AbortController::new().unwrap().signal()
}

#[wasm_bindgen_test]
async fn an_engine_goes_from_a_link_to_an_exported_file() {
    let reference = json("tests/fixtures/random-3x4x32/reference.json");
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&serde_json::json!({ "kind": "zero" }));
    let info = from_js(&engine.load(settings.clone(), quiet(), never()).await.unwrap());
    assert_eq!(info["n_layer"], 3);
    assert_eq!(info["head"], "L2H1");
    engine.pattern(settings.clone(), quiet(), never()).await.unwrap();
    engine.score_heads(settings.clone(), quiet(), never()).await.unwrap();
    engine.run_ablations(settings.clone(), quiet(), never()).await.unwrap();
    let file = engine.export_json(JsValue::NULL, quiet(), never()).await.unwrap();
    let file: Value = serde_json::from_str(&file.as_string().unwrap()).unwrap();
    assert_eq!(file["schema"], "headscope-results/1");
    assert_eq!(file["build"], "a test");
    let layers = |value: &Value| value.as_array().unwrap().iter().flat_map(numbers).collect::<Vec<_>>();
    assert_close(
        "mean",
        &layers(&file["head_scores"]["mean"]),
        &layers(&reference["head_scores_mean"]),
        1e-4,
    );
    let second = &file["head_scores"]["per_prompt"]["1"];
    assert_close("second prompt", &layers(second), &layers(&reference["head_scores_second_prompt"]), 1e-4);
    let pattern = layers(&file["patterns"]["rows"]);
    assert_close("pattern", &pattern, &layers(&reference["target_pattern_second_prompt"]), 1e-4);
    let ablations = file["ablations"].as_array().unwrap();
    assert_eq!(ablations.len(), 16);
    for ablation in ablations {
        let name = format!("{}|zero", ablation["component"].as_str().unwrap());
        // The reference lacks these; tests/whole_study.rs has a slow twin of them.
        if name.contains("mlp-only") {
            continue;
        }
        let theirs = numbers(&reference["ablation_scores"][&name]);
        assert_close(&name, &numbers(&ablation["ablated"]), &theirs, 1e-4);
    }
    let csv = engine.export_csv(JsValue::NULL, quiet(), never()).await.unwrap().as_string().unwrap();
    assert!(
        csv.starts_with("component,kind,head,metric,prompt,baseline,ablated\nembed,zero,L2H1,cell-mean,0,")
    );
    assert_eq!(csv.lines().count(), 1 + 16 * 22);
}

#[wasm_bindgen_test]
async fn a_head_that_the_model_lacks_gives_way_to_the_best() {
    let engine = Engine::new(&origin(), "a test", None);
    let changes = serde_json::json!({ "head": "L9H9" });
    let info = from_js(&engine.load(settings(&changes), quiet(), never()).await.unwrap());
    assert_eq!(info["head"], "L1H3");
    assert_eq!(info["problems"][0]["key"], "head");
}

#[wasm_bindgen_test]
async fn problems_name_the_culprit_and_cancel_is_none() {
    let engine = Engine::new(&origin(), "a test", None);
    let load =
        async |changes: Value| from_js(&engine.load(settings(&changes), quiet(), never()).await.unwrap_err());
    let missing = load(serde_json::json!({ "model": format!("{}/tests/fixtures/none", origin()) })).await;
    assert!(missing["what"].as_str().unwrap().contains("config.json"), "{missing}");
    assert_eq!(missing["offers"][0], "tiny");
    let silent = load(serde_json::json!({ "model": "http://127.0.0.1:9" })).await;
    assert!(silent["what"].as_str().unwrap().starts_with("127.0.0.1:9 did not answer"), "{silent}");
    let long = load(serde_json::json!({ "len": 70, "n": 2 })).await;
    assert!(long["what"].as_str().unwrap().contains("context of 64"), "{long}");

    let controller = AbortController::new().unwrap();
    controller.abort();
    let cancelled = engine.load(settings(&serde_json::json!({})), quiet(), controller.signal()).await;
    assert_eq!(from_js(&cancelled.unwrap_err())["cancelled"], true);
    // The engine goes on after problems.
    engine.load(settings(&serde_json::json!({})), quiet(), never()).await.unwrap();
}
