//! The page thread's side: links, word tables and drawing. All of it is quick
//! and synchronous.

use super::js::{from_js, property, to_js};
use super::{Problem, SettingProblem, Settings, link};
use crate::prompts::{Relation, WordTable};
use crate::render::pattern::{Cell, Layout};
use crate::render::{Bos, HeadMap, Max, Palette, PatternMap, Scale, Theme, head_map};
use js_sys::{Float32Array, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::CanvasRenderingContext2d;

/// Reads the text after `#`: `{settings, problems}`. Never throws.
#[wasm_bindgen]
#[must_use]
pub fn parse_link(hash: &str) -> JsValue {
    let (settings, problems) = link::parse(hash);
    to_js(&serde_json::json!({ "settings": settings, "problems": problems }))
}

/// The text after `#` for settings.
///
/// # Errors
///
/// A [`Problem`] as an object, if the settings lack something.
#[wasm_bindgen]
pub fn format_link(settings: JsValue) -> Result<String, JsValue> {
    Ok(link::format(&from_js(settings)?))
}

/// The notebook's settings.
#[wasm_bindgen]
#[must_use]
pub fn default_settings() -> JsValue {
    to_js(&Settings::default())
}

/// What is wrong with the values of a settings object, which may hold anything.
#[wasm_bindgen]
#[must_use]
pub fn check_settings(settings: JsValue) -> JsValue {
    to_js(&read_settings(&settings).1)
}

fn read_settings(settings: &JsValue) -> (Settings, Vec<SettingProblem>) {
    let text = |key: &str| {
        let value = property(settings, key);
        let number = value.as_f64().map(|number| number.to_string());
        (!value.is_null() && !value.is_undefined())
            .then(|| number.or_else(|| value.as_string()).unwrap_or_default())
    };
    let pairs: Vec<(&str, String)> =
        Settings::KEYS.into_iter().filter_map(|key| Some((key, text(key)?))).collect();
    Settings::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())))
}

/// Settings that are possible together, and what had to be put right for it:
/// `{settings, problems}`. Takes an object that may hold anything.
#[wasm_bindgen]
#[must_use]
pub fn reconcile(settings: JsValue) -> JsValue {
    let (settings, problems) = read_settings(&settings);
    to_js(&serde_json::json!({ "settings": settings, "problems": problems }))
}

/// Reads a word table: `{rows}`.
///
/// # Errors
///
/// A [`Problem`] as an object, which names the row and the word.
#[wasm_bindgen]
pub fn parse_words(csv: &str) -> Result<JsValue, JsValue> {
    let table = WordTable::from_csv(csv).map_err(Problem::from)?;
    Ok(to_js(&serde_json::json!({ "rows": table.rows() })))
}

/// Rows of words as CSV.
///
/// # Errors
///
/// A [`Problem`] as an object, which names the row and the word.
#[wasm_bindgen]
pub fn format_words(rows: JsValue) -> Result<String, JsValue> {
    let table = WordTable::from_rows(from_js(rows)?).map_err(Problem::from)?;
    Ok(table.to_csv())
}

#[derive(Deserialize)]
struct PatternOptions {
    tokens: Vec<String>,
    scale: Scale,
    max: Max,
    colors: Palette,
    bos: Bos,
}

/// The heatmap of one head on one prompt.
#[wasm_bindgen]
pub struct PatternView {
    map: PatternMap,
    layout: Layout,
}

#[wasm_bindgen]
impl PatternView {
    /// Takes `{pattern, n, tokens, relations, scale, max, colors, bos}`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, if the sizes do not agree.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<PatternView, JsValue> {
        let pattern = Float32Array::new(&property(&options, "pattern")).to_vec();
        let relations: Vec<Relation> =
            Uint8Array::new(&property(&options, "relations")).to_vec().into_iter().map(relation).collect();
        let PatternOptions { tokens, scale, max, colors: palette, bos } = from_js(options)?;
        if pattern.len() != tokens.len().pow(2) || relations.len() != pattern.len() {
            return Err(Problem::bug("A pattern and its tokens differ in size").into());
        }
        let map = PatternMap { pattern, relations, tokens, scale, max, palette, bos };
        let layout = map.layout(0.0);
        Ok(Self { map, layout })
    }

    /// Takes the available width and gives the size wanted, in CSS pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.layout = self.map.layout(width);
        size(self.layout.width, self.layout.height)
    }

    /// Draws, with a crosshair on destination `q` and source `k` (-1 for none).
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, q: i32, k: i32) {
        let mut context = clean(context, dpr, self.layout.width, self.layout.height);
        self.map.draw(&self.layout, &Theme::of(dark), Some(Cell { q, k }), &mut context);
    }

    /// What lies under a point: `{q, k}`, with -1 on labels, or undefined.
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        self.map.cell_at(&self.layout, x, y).map_or(JsValue::UNDEFINED, |cell| to_js(&cell))
    }
}

#[derive(Deserialize)]
struct HeadMapOptions {
    n_layer: usize,
    n_head: usize,
    scores: Vec<Option<f64>>,
    chance: Option<f64>,
    colors: Palette,
    best: Option<(usize, usize)>,
    shown: Option<(usize, usize)>,
}

/// The map of all heads' scores.
#[wasm_bindgen]
pub struct HeadMapView {
    map: HeadMap,
    layout: head_map::Layout,
}

#[wasm_bindgen]
impl HeadMapView {
    /// Takes `{n_layer, n_head, scores, chance, colors, best, shown}`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, if the sizes do not agree.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<HeadMapView, JsValue> {
        let HeadMapOptions { n_layer, n_head, scores, chance, colors: palette, best, shown } =
            from_js(options)?;
        let inside = |(layer, head): (usize, usize)| layer < n_layer && head < n_head;
        if scores.len() != n_layer * n_head || !shown.is_none_or(inside) || !best.is_none_or(inside) {
            return Err(Problem::bug("A map of heads and its scores differ in size").into());
        }
        let scores = scores.into_iter().map(|score| score.unwrap_or(f64::NAN)).collect();
        let map = HeadMap { n_layer, n_head, scores, chance, palette, best, shown };
        let layout = map.layout(0.0);
        Ok(Self { map, layout })
    }

    /// Takes the available width and gives the size wanted, in CSS pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.layout = self.map.layout(width);
        size(self.layout.width, self.layout.height)
    }

    /// Draws, with the head under the pointer marked (-1 for none).
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, layer: i32, head: i32) {
        let mut context = clean(context, dpr, self.layout.width, self.layout.height);
        let hovered = (layer >= 0 && head >= 0).then_some((layer as usize, head as usize));
        self.map.draw(&self.layout, &Theme::of(dark), hovered, &mut context);
    }

    /// The head under a point: `{layer, head}` or undefined.
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        match self.map.head_at(&self.layout, x, y) {
            Some((layer, head)) => to_js(&serde_json::json!({ "layer": layer, "head": head })),
            None => JsValue::UNDEFINED,
        }
    }
}

fn size(width: f64, height: f64) -> JsValue {
    to_js(&serde_json::json!({ "width": width.ceil(), "height": height.ceil() }))
}

/// A context in CSS pixels with nothing drawn.
fn clean(context: CanvasRenderingContext2d, dpr: f64, width: f64, height: f64) -> CanvasRenderingContext2d {
    // Only values that are not finite are refused, and then nothing is drawn.
    let _ = context.set_transform(dpr, 0.0, 0.0, dpr, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, width, height);
    context
}

fn relation(byte: u8) -> Relation {
    use Relation::{Bos, Itself, Masked, Other, SameCategory, SameWord};
    [Masked, Bos, Itself, SameWord, SameCategory, Other].get(usize::from(byte)).copied().unwrap_or(Masked)
}
