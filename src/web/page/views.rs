//! Pictures on the page's canvases, and in files. Whatever a [`View`] shows has one
//! face, so that one board on the page can show any of them: rows and columns of
//! cells to walk through, a size to take, a window to look through, and what lies
//! where.

use crate::prompts::Relation;
use crate::render::pattern::{self, Cell, Token};
use crate::render::surface::reveal;
use crate::render::{
    HeadMap, Look, PatternMap, Svg, Theme, Thumbnails, Values, Window, head_map, thumbnails,
};
use crate::study::OwnMask;
use crate::web::Problem;
use crate::web::js::{from_js, property, to_js};
use js_sys::{Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, ImageData};

/// What a view shows. Where nothing is marked, row and column are -1.
trait Picture {
    /// Rows of cells.
    fn rows(&self) -> usize;

    /// Cells in each.
    fn columns(&self) -> usize;

    /// Takes the available width, and gives the width and height wanted.
    fn lay_out(&mut self, width: f64) -> (f64, f64);

    /// Where the window has to begin to show a cell.
    fn reveal(&self, row: i32, column: i32, window: Window) -> (f64, f64);

    /// The rectangle of a cell in the whole picture, its name left out.
    fn place(&self, row: i32, column: i32) -> [f64; 4];

    /// Draws on an empty canvas what lies in the window.
    fn draw(&self, canvas: &Canvas, theme: &Theme);

    /// Draws a mark over that.
    fn mark(&self, canvas: &Canvas, theme: &Theme, row: i32, column: i32);

    /// The cell under a point of the window.
    fn cell_at(&self, x: f64, y: f64, window: Window) -> Option<(i32, i32)>;

    /// Draws all of it.
    fn write(&self, svg: &mut Svg, theme: &Theme, row: i32, column: i32);
}

/// Where a picture is drawn on the page.
struct Canvas {
    /// In CSS pixels.
    context: CanvasRenderingContext2d,
    dpr: f64,
    window: Window,
}

/// A picture for the page.
#[wasm_bindgen]
pub struct View {
    picture: Box<dyn Picture>,
    size: (f64, f64),
    window: Window,
}

impl View {
    fn of(picture: impl Picture + 'static) -> Self {
        let mut view = Self { picture: Box::new(picture), size: (0.0, 0.0), window: Window::whole(0.0, 0.0) };
        view.size(0.0);
        view
    }
}

#[wasm_bindgen]
impl View {
    /// Rows of cells.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn rows(&self) -> usize {
        self.picture.rows()
    }

    /// Cells in each.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn columns(&self) -> usize {
        self.picture.columns()
    }

    /// Takes the available width and gives the size wanted, `{width, height}` in CSS
    /// pixels.
    pub fn size(&mut self, width: f64) -> JsValue {
        self.size = self.picture.lay_out(width);
        let (width, height) = self.size;
        self.window = Window::whole(width, height);
        to_js(&Size { width: width.ceil(), height: height.ceil() })
    }

    /// Shows only a part of the picture from here on.
    pub fn look(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.window = Window { x, y, width, height };
    }

    /// Where the window has to begin to show a cell: `{x, y}`.
    #[must_use]
    pub fn reveal(&self, row: i32, column: i32) -> JsValue {
        let (x, y) = self.picture.reveal(row, column, self.window);
        to_js(&Point { x, y })
    }

    /// Where a cell is in the whole picture: `{x, y, width, height}`.
    #[must_use]
    pub fn place(&self, row: i32, column: i32) -> JsValue {
        let [x, y, width, height] = self.picture.place(row, column);
        to_js(&Rectangle { x, y, width, height })
    }

    /// Draws all but what is marked.
    pub fn draw(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool) {
        let canvas = Canvas::new(context, dpr, self.window);
        canvas.context.clear_rect(0.0, 0.0, self.window.width, self.window.height);
        self.picture.draw(&canvas, &Theme::of(dark));
    }

    /// Marks a cell over what [`Self::draw`] drew or, where the other is -1, a row or
    /// a column. It costs the same however large the picture is.
    pub fn mark(&self, context: CanvasRenderingContext2d, dpr: f64, dark: bool, row: i32, column: i32) {
        self.picture.mark(&Canvas::new(context, dpr, self.window), &Theme::of(dark), row, column);
    }

    /// What lies under a point of the window: `{row, column}`, one of them -1 on
    /// labels, or undefined.
    #[wasm_bindgen(js_name = cellAt)]
    #[must_use]
    pub fn cell_at(&self, x: f64, y: f64) -> JsValue {
        let cell = |(row, column)| to_js(&Place { row, column });
        self.picture.cell_at(x, y, self.window).map_or(JsValue::UNDEFINED, cell)
    }

    /// The whole picture as an SVG document.
    #[must_use]
    pub fn svg(&self, dark: bool, row: i32, column: i32) -> String {
        let mut svg = Svg::default();
        self.picture.write(&mut svg, &Theme::of(dark), row, column);
        let (width, height) = self.size;
        svg.into_document(width.ceil(), height.ceil())
    }
}

/// In CSS pixels.
#[derive(Serialize)]
struct Size {
    width: f64,
    height: f64,
}

/// In CSS pixels.
#[derive(Serialize)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Serialize)]
struct Rectangle {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// A cell.
#[derive(Serialize)]
struct Place {
    row: i32,
    column: i32,
}

#[derive(Deserialize)]
struct TokenOptions {
    text: String,
    category: Option<usize>,
    #[serde(default)]
    letter: String,
    #[serde(default)]
    joined: bool,
}

/// The heatmap of one head on one prompt, `{pattern, relations, tokens, scale, max,
/// colors, bos}`; a token is `{text, category, letter, joined}`. Destinations are its
/// rows, sources its columns.
///
/// # Errors
///
/// A [`Problem`] as an object, if the sizes do not agree.
#[wasm_bindgen]
pub fn pattern_view(options: JsValue) -> Result<View, JsValue> {
    let pattern = Float32Array::new(&property(&options, "pattern")).to_vec();
    let relations: Vec<Relation> =
        Uint8Array::new(&property(&options, "relations")).to_vec().into_iter().map(relation).collect();
    // Read from the page once: there may be a thousand tokens.
    let mut options: Value = from_js(&options)?;
    let tokens = options.get_mut("tokens").map(Value::take).unwrap_or_default();
    let tokens: Vec<TokenOptions> = serde_json::from_value(tokens).map_err(Problem::bug)?;
    let mask: Option<OwnMask> = options["target"].as_str().and_then(|target| target.parse().ok());
    let look: Look = serde_json::from_value(options).map_err(Problem::bug)?;
    let token = |TokenOptions { text, category, letter, joined }: TokenOptions| Token {
        text,
        category: category.map(|row| (row, letter)),
        joined,
    };
    let tokens: Vec<Token> = tokens.into_iter().map(token).collect();
    if pattern.len() != tokens.len().pow(2) || relations.len() != pattern.len() {
        return Err(Problem::bug("A pattern and its tokens differ in size").into());
    }
    let n = tokens.len();
    let is_outlined = |(i, relation): (usize, &Relation)| match &mask {
        Some(mask) => mask.holds(i / n, i % n),
        None => *relation == Relation::SameCategory,
    };
    let outlined = relations.iter().enumerate().map(is_outlined).collect();
    let values = Values::new(pattern, n, look);
    let outline = if mask.is_some() { "painted" } else { "same category" };
    let map = PatternMap { values, outlined, outline, tokens };
    let layout = map.layout(0.0);
    Ok(View::of(PatternPicture { map, layout }))
}

struct PatternPicture {
    map: PatternMap,
    layout: pattern::Layout,
}

impl Picture for PatternPicture {
    fn rows(&self) -> usize {
        self.map.n()
    }

    fn columns(&self) -> usize {
        self.map.n()
    }

    fn lay_out(&mut self, width: f64) -> (f64, f64) {
        self.layout = self.map.layout(width);
        (self.layout.width, self.layout.height)
    }

    fn reveal(&self, row: i32, column: i32, window: Window) -> (f64, f64) {
        self.map.reveal(&self.layout, window, Cell { q: row, k: column })
    }

    fn place(&self, row: i32, column: i32) -> [f64; 4] {
        let pattern::Layout { cell, left, top, .. } = self.layout;
        [left + f64::from(column) * cell, top + f64::from(row) * cell, cell, cell]
    }

    fn draw(&self, canvas: &Canvas, theme: &Theme) {
        self.map.draw(&self.layout, theme, canvas.window, &mut canvas.context.clone());
    }

    fn mark(&self, canvas: &Canvas, theme: &Theme, row: i32, column: i32) {
        let cell = Cell { q: row, k: column };
        self.map.mark(&self.layout, theme, cell, canvas.window, &mut canvas.context.clone());
    }

    fn cell_at(&self, x: f64, y: f64, window: Window) -> Option<(i32, i32)> {
        self.map.cell_at(&self.layout, window, x, y).map(|found| (found.q, found.k))
    }

    fn write(&self, svg: &mut Svg, theme: &Theme, row: i32, column: i32) {
        let whole = Window::whole(self.layout.width, self.layout.height);
        self.map.draw(&self.layout, theme, whole, svg);
        self.map.mark(&self.layout, theme, Cell { q: row, k: column }, whole, svg);
    }
}

#[derive(Deserialize)]
struct HeadMapOptions {
    n_layer: usize,
    n_head: usize,
    scores: Vec<Option<f64>>,
    chance: Option<f64>,
    higher_is_more: bool,
    best: Option<(usize, usize)>,
    shown: Option<(usize, usize)>,
}

/// The map of all heads' scores, `{n_layer, n_head, scores, chance,
/// higher_is_more, best,
/// shown}`: layers are its rows, heads its columns.
///
/// # Errors
///
/// A [`Problem`] as an object, if the sizes do not agree.
#[wasm_bindgen]
pub fn head_map_view(options: JsValue) -> Result<View, JsValue> {
    let HeadMapOptions { n_layer, n_head, scores, chance, higher_is_more, best, shown } = from_js(&options)?;
    let inside = |(layer, head): (usize, usize)| layer < n_layer && head < n_head;
    if scores.len() != n_layer * n_head || !shown.is_none_or(inside) || !best.is_none_or(inside) {
        return Err(Problem::bug("A map of heads and its scores differ in size").into());
    }
    let scores = scores.into_iter().map(|score| score.unwrap_or(f64::NAN)).collect();
    let map = HeadMap { n_layer, n_head, scores, chance, higher_is_more, best, shown };
    let layout = map.layout(0.0);
    Ok(View::of(HeadMapPicture { map, layout }))
}

struct HeadMapPicture {
    map: HeadMap,
    layout: head_map::Layout,
}

impl Picture for HeadMapPicture {
    fn rows(&self) -> usize {
        self.map.n_layer
    }

    fn columns(&self) -> usize {
        self.map.n_head
    }

    fn lay_out(&mut self, width: f64) -> (f64, f64) {
        self.layout = self.map.layout(width);
        (self.layout.width, self.layout.height)
    }

    fn reveal(&self, row: i32, column: i32, window: Window) -> (f64, f64) {
        reveal(self.map.place(&self.layout, row, column), (0.0, 0.0), window)
    }

    fn place(&self, row: i32, column: i32) -> [f64; 4] {
        self.map.place(&self.layout, row, column)
    }

    fn draw(&self, canvas: &Canvas, theme: &Theme) {
        self.map.draw(&self.layout, theme, &mut canvas.moved());
    }

    fn mark(&self, canvas: &Canvas, theme: &Theme, row: i32, column: i32) {
        if let Some(head) = pair(row, column) {
            self.map.mark(&self.layout, theme, head, &mut canvas.moved());
        }
    }

    fn cell_at(&self, x: f64, y: f64, window: Window) -> Option<(i32, i32)> {
        let found = self.map.head_at(&self.layout, x + window.x, y + window.y);
        found.map(|(layer, head)| (layer as i32, head as i32))
    }

    fn write(&self, svg: &mut Svg, theme: &Theme, row: i32, column: i32) {
        self.map.draw(&self.layout, theme, svg);
        if let Some(head) = pair(row, column) {
            self.map.mark(&self.layout, theme, head, svg);
        }
    }
}

#[derive(Deserialize)]
struct ThumbnailsOptions {
    names: Vec<String>,
    columns: Option<usize>,
    side: usize,
    shown: Option<usize>,
}

/// Small pictures of many heads in rows and columns, `{cells, side, names, columns,
/// shown, scale, max, colors, bos}`.
///
/// # Errors
///
/// A [`Problem`] as an object, if the sizes do not agree.
#[wasm_bindgen]
pub fn thumbnails_view(options: JsValue) -> Result<View, JsValue> {
    let cells = Float32Array::new(&property(&options, "cells")).to_vec();
    let look: Look = from_js(&options)?;
    let ThumbnailsOptions { names, columns, side, shown } = from_js(&options)?;
    if cells.len() != names.len() * side * side {
        return Err(Problem::bug("Thumbnails and their heads differ in number").into());
    }
    let sheet = Thumbnails { names, columns, side, cells, look, shown };
    let layout = sheet.layout(0.0);
    Ok(View::of(Sheet { sheet, layout }))
}

struct Sheet {
    sheet: Thumbnails,
    layout: thumbnails::Layout,
}

impl Sheet {
    fn index(&self, row: i32, column: i32) -> Option<usize> {
        pair(row, column).map(|(row, column)| row * self.layout.columns + column)
    }
}

impl Picture for Sheet {
    fn rows(&self) -> usize {
        self.layout.rows
    }

    fn columns(&self) -> usize {
        self.layout.columns
    }

    fn lay_out(&mut self, width: f64) -> (f64, f64) {
        self.layout = self.sheet.layout(width);
        (self.layout.width, self.layout.height)
    }

    fn reveal(&self, row: i32, column: i32, window: Window) -> (f64, f64) {
        reveal(self.layout.place(row, column), (0.0, 0.0), window)
    }

    fn place(&self, row: i32, column: i32) -> [f64; 4] {
        self.layout.picture_at(row, column)
    }

    fn draw(&self, canvas: &Canvas, theme: &Theme) {
        let Canvas { dpr, window, .. } = *canvas;
        let pixels = self.sheet.pixels(&self.layout, theme, dpr);
        let (x, y) = ((window.x * dpr).round(), (window.y * dpr).round());
        let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels.rgba), pixels.width as u32);
        // A canvas that cannot take pixels leaves them out, as browsers do.
        let _ = image.and_then(|image| canvas.context.put_image_data(&image, -x, -y));
        self.sheet.draw_names(&self.layout, theme, &mut canvas.moved());
    }

    fn mark(&self, canvas: &Canvas, theme: &Theme, row: i32, column: i32) {
        if let Some(i) = self.index(row, column) {
            self.sheet.mark(&self.layout, theme, i, &mut canvas.moved());
        }
    }

    fn cell_at(&self, x: f64, y: f64, window: Window) -> Option<(i32, i32)> {
        let found = self.sheet.head_at(&self.layout, x + window.x, y + window.y);
        let columns = self.layout.columns;
        found.map(|i| ((i / columns) as i32, (i % columns) as i32))
    }

    fn write(&self, svg: &mut Svg, theme: &Theme, row: i32, column: i32) {
        self.sheet.draw_pictures(&self.layout, theme, svg);
        self.sheet.draw_names(&self.layout, theme, svg);
        if let Some(i) = self.index(row, column) {
            self.sheet.mark(&self.layout, theme, i, svg);
        }
    }
}

impl Canvas {
    fn new(context: CanvasRenderingContext2d, dpr: f64, window: Window) -> Self {
        // Only values that are not finite are refused, and then nothing is drawn.
        let _ = context.set_transform(dpr, 0.0, 0.0, dpr, 0.0, 0.0);
        Self { context, dpr, window }
    }

    /// The context with the window's corner in the canvas' corner.
    fn moved(&self) -> CanvasRenderingContext2d {
        let _ = self.context.translate(-self.window.x, -self.window.y);
        self.context.clone()
    }
}

fn pair(row: i32, column: i32) -> Option<(usize, usize)> {
    (row >= 0 && column >= 0).then_some((row as usize, column as usize))
}

fn relation(byte: u8) -> Relation {
    Relation::ALL.get(usize::from(byte)).copied().unwrap_or(Relation::Masked)
}
