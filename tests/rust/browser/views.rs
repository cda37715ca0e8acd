//! Pictures on a canvas: each value where the pointer finds it.

use super::{from_js, to_js};
use crate::test;
use headscope::render::{Palette, Theme};
use headscope::web::page::views::{head_map_view, pattern_view};
use js_sys::{Float32Array, Reflect, Uint8Array};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

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

#[test]
fn a_pattern_is_drawn_where_the_pointer_finds_it() {
    let options = to_js(&serde_json::json!({
        "tokens": [{ "text": "<|endoftext|>" }, { "text": "red" }, { "text": " blue", "category": 0, "letter": "A" }],
        "scale": "linear", "max": "one", "colors": "viridis", "bos": "shown",
    }));
    let set = |name: &str, value: &JsValue| Reflect::set(&options, &name.into(), value).unwrap();
    set("pattern", &Float32Array::from(&[1.0, 0.0, 0.0, 0.75, 0.25, 0.0, 0.2, 0.6, 0.2][..]));
    set("relations", &Uint8Array::from(&[1, 0, 0, 1, 2, 0, 1, 4, 2][..]));
    let mut view = pattern_view(options).unwrap();
    // Where it is narrow, what lies under a point of the masked half is its row.
    let size = from_js(&view.size(600.0));
    for dpr in [1.0, 2.0] {
        let side = |name: &str| (size[name].as_f64().unwrap() * dpr) as u32;
        let context = canvas(side("width"), side("height"));
        view.draw(context.clone(), dpr, false);
        for (q, k, value) in [(1, 0, 0.75), (1, 1, 0.25), (2, 0, 0.2)] {
            let (x, y) = middle(&size, |x, y| {
                from_js(&view.cell_at(x, y))["row"] == q && from_js(&view.cell_at(x, y))["column"] == k
            });
            // Beside the number in the middle of the cell.
            let (x, y) = ((x - 16.0) * dpr, (y - 16.0) * dpr);
            // Beginning of text is grey.
            let color = if k == 0 { Theme::of(false).grey(value) } else { Palette::Viridis.color(value) };
            assert_eq!(pixel(&context, x, y), opaque(color), "({q}, {k}) at dpr {dpr}");
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

#[test]
fn a_map_of_heads_is_drawn_and_hit() {
    let options = serde_json::json!({
        "n_layer": 2, "n_head": 2, "scores": [0.1, 0.4, null, 0.2], "chance": 0.1,
        "higher_is_more": true, "best": [0, 1], "shown": [1, 1],
    });
    let mut view = head_map_view(to_js(&options)).unwrap();
    let size = from_js(&view.size(300.0));
    let context = canvas(size["width"].as_u64().unwrap() as u32, size["height"].as_u64().unwrap() as u32);
    view.draw(context.clone(), 1.0, true);
    let (x, y) = middle(&size, |x, y| {
        let cell = from_js(&view.cell_at(x, y));
        cell["row"] == 0 && cell["column"] == 0
    });
    // A score at chance is neither orange nor blue.
    assert_eq!(pixel(&context, x - 25.0, y), opaque(Theme::of(true).against_chance(0.0)));
    let (x, y) = middle(&size, |x, y| {
        let cell = from_js(&view.cell_at(x, y));
        cell["row"] == 0 && cell["column"] == 1
    });
    assert_eq!(pixel(&context, x - 25.0, y), opaque(Theme::of(true).against_chance(1.0)));
    assert!(view.cell_at(-1.0, -1.0).is_undefined());
    let bad = serde_json::json!({
        "n_layer": 2, "n_head": 2, "scores": [0.1], "chance": 0.1, "higher_is_more": true, "best": null, "shown": [0, 0],
    });
    let problem = from_js(&head_map_view(to_js(&bad)).err().unwrap());
    assert!(problem["what"].as_str().unwrap().contains("differ in size"));
}
