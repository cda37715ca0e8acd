//! Pictures on the page's canvases. All views have the same face, so that one board
//! on the page can show any of them: `rows` and `columns` of cells to walk through,
//! a `size` to take, a window to `look` through, and what lies where.

use super::Problem;
use super::js::{from_js, property, to_js};
use crate::prompts::Relation;
use crate::render::pattern::{Cell, Layout, Token};
use crate::render::surface::reveal;
use crate::render::{
    HeadMap, Look, Palette, PatternMap, Svg, Theme, Thumbnails, Window, head_map, thumbnails,
};
use js_sys::{Float32Array, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, ImageData};

#[derive(Deserialize)]
struct TokenOptions {
    text: String,
    category: Option<usize>,
    #[serde(default)]
    letter: String,
    #[serde(default)]
    joined: bool,
}

/// The heatmap of one head on one prompt: destinations are its rows, sources its
/// columns.
#[wasm_bindgen]
pub struct PatternView {
    map: PatternMap,
    layout: Layout,
    window: Window,
}

#[wasm_bindgen]
impl PatternView {
    /// Takes `{pattern, relations, tokens, scale, max, colors, bos}`; a token is
    /// `{text, category, letter, joined}`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, if the sizes do not agree.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<PatternView, JsValue> {
        let pattern = Float32Array::new(&property(&options, "pattern")).to_vec();
        let relations: Vec<Relation> =
            Uint8Array::new(&property(&options, "relations")).to_vec().into_iter().map(relation).collect();
        let tokens: Vec<TokenOptions> = from_js(property(&options, "tokens"))?;
        let token = |TokenOptions { text, category, letter, joined }: TokenOptions| Token {
            text,
            category: category.map(|row| (row, letter)),
            joined,
        };
        let tokens: Vec<Token> = tokens.into_iter().map(token).collect();
        if pattern.len() != tokens.len().pow(2) || relations.len() != pattern.len() {
            return Err(Problem::bug("A pattern and its tokens differ in size").into());
        }
        let map = PatternMap { pattern, relations, tokens, look: from_js(options)? };
        let layout = map.layout(0.0);
        Ok(Self { map, layout, window: Window::whole(layout.width, layout.height) })
    }

    /// Destinations.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.map.n()
    }

    /// Sources.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn columns(&self) -> usize {
        self.map.n()
    }

    /// Takes the available width and gives the size wanted, in CSS pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.layout = self.map.layout(width);
        self.window = Window::whole(self.layout.width, self.layout.height);
        size(self.layout.width, self.layout.height)
    }

    /// Shows only a part of the picture from here on.
    pub fn look(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.window = Window { x, y, width, height };
    }

    /// Where the window has to begin to show a cell: `{x, y}`.
    #[must_use]
    pub fn reveal(&self, row: i32, column: i32) -> JsValue {
        point(self.map.reveal(&self.layout, self.window, Cell { q: row, k: column }))
    }

    /// Draws, with a crosshair on a cell or, with the other -1, a row or a column.
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, row: i32, column: i32) {
        let mut context = clean(context, dpr, self.window);
        let marked = Cell { q: row, k: column };
        self.map.draw(&self.layout, &Theme::of(dark), marked, self.window, &mut context);
    }

    /// What lies under a point of the window: `{row, column}`, one of them -1 on
    /// labels, or undefined.
    #[wasm_bindgen(js_name = cellAt)]
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        let found = self.map.cell_at(&self.layout, self.window, x, y);
        found.map_or(JsValue::UNDEFINED, |found| cell(found.q, found.k))
    }

    /// The whole picture as an SVG document.
    #[must_use]
    pub fn svg(&self, dark: bool, row: i32, column: i32) -> String {
        let Layout { width, height, .. } = self.layout;
        let mut svg = Svg::default();
        let marked = Cell { q: row, k: column };
        self.map.draw(&self.layout, &Theme::of(dark), marked, Window::whole(width, height), &mut svg);
        svg.into_document(width.ceil(), height.ceil())
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

/// The map of all heads' scores: layers are its rows, heads its columns.
#[wasm_bindgen]
pub struct HeadMapView {
    map: HeadMap,
    layout: head_map::Layout,
    window: Window,
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
        Ok(Self { map, layout, window: Window::whole(layout.width, layout.height) })
    }

    /// Layers.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.map.n_layer
    }

    /// Heads in each.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn columns(&self) -> usize {
        self.map.n_head
    }

    /// Takes the available width and gives the size wanted, in CSS pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.layout = self.map.layout(width);
        self.window = Window::whole(self.layout.width, self.layout.height);
        size(self.layout.width, self.layout.height)
    }

    /// Shows only a part of the picture from here on.
    pub fn look(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.window = Window { x, y, width, height };
    }

    /// Where the window has to begin to show a head: `{x, y}`.
    #[must_use]
    pub fn reveal(&self, row: i32, column: i32) -> JsValue {
        point(reveal(self.map.place(&self.layout, row, column), (0.0, 0.0), self.window))
    }

    /// Draws, with the head under the pointer marked (-1 for none).
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, row: i32, column: i32) {
        let mut context = moved(clean(context, dpr, self.window), self.window);
        self.map.draw(&self.layout, &Theme::of(dark), pair(row, column), &mut context);
    }

    /// The head under a point of the window: `{row, column}` or undefined.
    #[wasm_bindgen(js_name = cellAt)]
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        let found = self.map.head_at(&self.layout, x + self.window.x, y + self.window.y);
        found.map_or(JsValue::UNDEFINED, |(layer, head)| cell(layer as i32, head as i32))
    }

    /// The whole picture as an SVG document.
    #[must_use]
    pub fn svg(&self, dark: bool, row: i32, column: i32) -> String {
        let mut svg = Svg::default();
        self.map.draw(&self.layout, &Theme::of(dark), pair(row, column), &mut svg);
        svg.into_document(self.layout.width.ceil(), self.layout.height.ceil())
    }
}

#[derive(Deserialize)]
struct ThumbnailsOptions {
    names: Vec<String>,
    columns: Option<usize>,
    side: usize,
    shown: Option<usize>,
}

/// Small pictures of many heads, in rows and columns.
#[wasm_bindgen]
pub struct ThumbnailsView {
    sheet: Thumbnails,
    layout: thumbnails::Layout,
    window: Window,
}

#[wasm_bindgen]
impl ThumbnailsView {
    /// Takes `{cells, side, names, columns, shown, scale, max, colors, bos}`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, if the sizes do not agree.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<ThumbnailsView, JsValue> {
        let cells = Float32Array::new(&property(&options, "cells")).to_vec();
        let look: Look = from_js(options.clone())?;
        let ThumbnailsOptions { names, columns, side, shown } = from_js(options)?;
        if cells.len() != names.len() * side * side {
            return Err(Problem::bug("Thumbnails and their heads differ in number").into());
        }
        let sheet = Thumbnails { names, columns, side, cells, look, shown };
        let layout = sheet.layout(0.0);
        Ok(Self { sheet, layout, window: Window::whole(layout.width, layout.height) })
    }

    /// Rows of pictures.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.layout.rows
    }

    /// Pictures in a row.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn columns(&self) -> usize {
        self.layout.columns
    }

    /// Takes the available width and gives the size wanted, in CSS pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.layout = self.sheet.layout(width);
        self.window = Window::whole(self.layout.width, self.layout.height);
        size(self.layout.width, self.layout.height)
    }

    /// Shows only a part of the sheet from here on.
    pub fn look(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.window = Window { x, y, width, height };
    }

    /// Where the window has to begin to show a picture: `{x, y}`.
    #[must_use]
    pub fn reveal(&self, row: i32, column: i32) -> JsValue {
        point(reveal(self.layout.place(row, column), (0.0, 0.0), self.window))
    }

    /// Draws, with the picture under the pointer marked (-1 for none).
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, row: i32, column: i32) {
        let theme = Theme::of(dark);
        let context = clean(context, dpr, self.window);
        let pixels = self.sheet.pixels(&self.layout, &theme, dpr);
        let (x, y) = ((self.window.x * dpr).round(), (self.window.y * dpr).round());
        let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels.rgba), pixels.width as u32);
        // A canvas that cannot take pixels leaves them out, as browsers do.
        let _ = image.and_then(|image| context.put_image_data(&image, -x, -y));
        let mut context = moved(context, self.window);
        self.sheet.draw_names(&self.layout, &theme, self.index(row, column), &mut context);
    }

    /// The picture under a point of the window: `{row, column}` or undefined.
    #[wasm_bindgen(js_name = cellAt)]
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        let found = self.sheet.head_at(&self.layout, x + self.window.x, y + self.window.y);
        let columns = self.layout.columns;
        found.map_or(JsValue::UNDEFINED, |i| cell((i / columns) as i32, (i % columns) as i32))
    }

    /// The whole sheet as an SVG document.
    #[must_use]
    pub fn svg(&self, dark: bool, row: i32, column: i32) -> String {
        let theme = Theme::of(dark);
        let mut svg = Svg::default();
        self.sheet.draw_pictures(&self.layout, &theme, &mut svg);
        self.sheet.draw_names(&self.layout, &theme, self.index(row, column), &mut svg);
        svg.into_document(self.layout.width.ceil(), self.layout.height.ceil())
    }

    fn index(&self, row: i32, column: i32) -> Option<usize> {
        pair(row, column).map(|(row, column)| row * self.layout.columns + column)
    }
}

fn size(width: f64, height: f64) -> JsValue {
    to_js(&serde_json::json!({ "width": width.ceil(), "height": height.ceil() }))
}

fn cell(row: i32, column: i32) -> JsValue {
    to_js(&serde_json::json!({ "row": row, "column": column }))
}

fn point((x, y): (f64, f64)) -> JsValue {
    to_js(&serde_json::json!({ "x": x, "y": y }))
}

fn pair(row: i32, column: i32) -> Option<(usize, usize)> {
    (row >= 0 && column >= 0).then_some((row as usize, column as usize))
}

/// A context in CSS pixels with nothing drawn.
fn clean(context: CanvasRenderingContext2d, dpr: f64, window: Window) -> CanvasRenderingContext2d {
    // Only values that are not finite are refused, and then nothing is drawn.
    let _ = context.set_transform(dpr, 0.0, 0.0, dpr, 0.0, 0.0);
    context.clear_rect(0.0, 0.0, window.width, window.height);
    context
}

/// The same, with the window's corner in the corner.
fn moved(context: CanvasRenderingContext2d, window: Window) -> CanvasRenderingContext2d {
    let _ = context.translate(-window.x, -window.y);
    context
}

fn relation(byte: u8) -> Relation {
    use Relation::{Bos, Itself, Masked, Other, SameCategory, SameWord};
    [Masked, Bos, Itself, SameWord, SameCategory, Other].get(usize::from(byte)).copied().unwrap_or(Masked)
}
