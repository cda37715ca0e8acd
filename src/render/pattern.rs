//! One head's attention on one prompt: destinations down, sources across.

use super::color::ink_on;
use super::surface::{Surface, Text, likely_width, shorten};
use super::{Align, Palette, Scale, Theme};
use crate::prompts::Relation;
use serde::Deserialize;

const LABEL_SIZE: f64 = 12.0;
const CAPTION_SIZE: f64 = 11.0;
const LONGEST_LABEL: usize = 16;
/// Labels stay legible, so cells never get smaller than this; the page scrolls.
const SMALLEST_CELL: f64 = 16.0;
const LARGEST_CELL: f64 = 46.0;
/// From this size on a cell shows its value as a number.
const CELL_WITH_NUMBER: f64 = 30.0;
/// Side of a canvas that every browser can hold, in CSS pixels.
const LARGEST_SIDE: f64 = 4000.0;
const COLOR_BAR: f64 = 46.0;
const CAPTION: f64 = 18.0;

/// What the strongest colour stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Max {
    /// Attention of 1.
    One,
    /// The largest value of the row.
    Row,
    /// The largest value of the matrix.
    #[default]
    Matrix,
}

/// Whether the column of beginning-of-text is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bos {
    /// Like every other.
    #[default]
    Shown,
    /// Left empty, and left out when the maximum is taken.
    Hidden,
}

/// A heatmap of attention.
#[derive(Debug, Clone)]
pub struct PatternMap {
    /// Attention, (destination, source) row-major.
    pub pattern: Vec<f32>,
    /// Relations, likewise.
    pub relations: Vec<Relation>,
    /// The tokens as shown.
    pub tokens: Vec<String>,
    /// How values become colours.
    pub scale: Scale,
    /// What the strongest colour stands for.
    pub max: Max,
    /// The colours.
    pub palette: Palette,
    /// Whether the column of beginning-of-text is drawn.
    pub bos: Bos,
}

/// Where everything lies, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Side of a cell.
    pub cell: f64,
    /// Left edge of the cells; row labels stand before it.
    pub left: f64,
    /// Upper edge of the cells; column labels stand above it.
    pub top: f64,
    /// Width of the whole picture.
    pub width: f64,
    /// Height of the whole picture.
    pub height: f64,
}

/// What lies under a point. Labels give one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Cell {
    /// Destination, or -1.
    pub q: i32,
    /// Source, or -1.
    pub k: i32,
}

impl PatternMap {
    /// Number of tokens.
    #[must_use]
    pub fn n(&self) -> usize {
        self.tokens.len()
    }

    /// Layout for an available width. The picture may be wider: labels stay
    /// legible and the page scrolls.
    #[must_use]
    pub fn layout(&self, available: f64) -> Layout {
        let n = self.n().max(1) as f64;
        let longest = self.labels().iter().map(|label| likely_width(label, LABEL_SIZE)).fold(0.0, f64::max);
        let left = longest + 14.0;
        // Column labels lean to the right by 45 degrees.
        let lean = longest * std::f64::consts::FRAC_1_SQRT_2;
        let top = CAPTION + lean + 16.0;
        let right = lean + 8.0;
        let smallest = SMALLEST_CELL.min(LARGEST_SIDE / n);
        let cell = ((available - left - right) / n).floor().clamp(smallest, LARGEST_CELL);
        Layout { cell, left, top, width: left + n * cell + right, height: top + n * cell + COLOR_BAR }
    }

    /// What lies under a point of the picture.
    #[must_use]
    pub fn cell_at(&self, layout: &Layout, x: f64, y: f64) -> Option<Cell> {
        let place = |at: f64, from: f64| {
            let i = ((at - from) / layout.cell).floor();
            (i >= 0.0 && i < self.n() as f64).then_some(i as i32)
        };
        let below = layout.top + self.n() as f64 * layout.cell;
        match (place(y, layout.top), place(x, layout.left)) {
            (Some(q), Some(k)) => Some(Cell { q, k }),
            (Some(q), None) if x < layout.left => Some(Cell { q, k: -1 }),
            (None, Some(k)) if y < layout.top && y < below => Some(Cell { q: -1, k }),
            _ => None,
        }
    }

    /// Draws the picture, with a crosshair on `marked`.
    pub fn draw(&self, layout: &Layout, theme: &Theme, marked: Option<Cell>, surface: &mut impl Surface) {
        let Layout { cell, left, top, .. } = *layout;
        let n = self.n();
        let side = n as f64 * cell;
        let marked = marked.unwrap_or(Cell { q: -1, k: -1 });
        self.draw_labels(layout, theme, marked, surface);
        surface.fill([left, top, side, side], theme.empty);
        let gap = if cell >= 12.0 { 1.0 } else { 0.0 };
        for q in 0..n {
            let max = self.max_of_row(q);
            for k in 0..=q {
                if k == 0 && self.bos == Bos::Hidden {
                    continue;
                }
                let value = f64::from(self.pattern[q * n + k]);
                let color = self.palette.color(self.scale.place(value, max));
                let (x, y) = (left + k as f64 * cell, top + q as f64 * cell);
                surface.fill([x, y, cell - gap, cell - gap], color);
                if self.relations[q * n + k] == Relation::SameCategory {
                    outline_target([x, y, cell - gap, cell - gap], surface);
                }
                if cell >= CELL_WITH_NUMBER {
                    surface.text(&Text {
                        text: short_number(value).as_str(),
                        at: (x + (cell - gap) / 2.0, y + (cell - gap) / 2.0),
                        size: CAPTION_SIZE,
                        bold: false,
                        align: Align::Middle,
                        turn: 0.0,
                        color: ink_on(color),
                    });
                }
            }
        }
        if marked.q >= 0 {
            surface.outline([left, top + f64::from(marked.q) * cell, side, cell - gap], 1.0, theme.text);
        }
        if marked.k >= 0 {
            surface.outline([left + f64::from(marked.k) * cell, top, cell - gap, side], 1.0, theme.text);
        }
        if marked.q >= 0 && marked.k >= 0 {
            let (x, y) = (left + f64::from(marked.k) * cell, top + f64::from(marked.q) * cell);
            surface.outline([x - 2.0, y - 2.0, cell + 3.0, cell + 3.0], 3.0, theme.text);
        }
        self.draw_color_bar(layout, theme, surface);
    }

    fn draw_labels(&self, layout: &Layout, theme: &Theme, marked: Cell, surface: &mut impl Surface) {
        let Layout { cell, left, top, .. } = *layout;
        let caption = |text, at, align| Text {
            text,
            at,
            size: CAPTION_SIZE,
            bold: false,
            align,
            turn: 0.0,
            color: theme.muted,
        };
        let side = self.n() as f64 * cell;
        surface.text(&caption("source (attended to) →", (left + side / 2.0, CAPTION / 2.0), Align::Middle));
        surface.text(&caption("destination ↓", (left - 8.0, top - 10.0), Align::End));
        // Where cells are smaller than a line of text, only every so many get a label.
        let every = (LABEL_SIZE / cell).ceil().max(1.0) as usize;
        for (i, label) in self.labels().iter().enumerate().filter(|(i, _)| i % every == 0) {
            let middle = (i as f64 + 0.5) * cell;
            let (row, column) = (marked.q == i as i32, marked.k == i as i32);
            if row {
                surface.fill([0.0, top + middle - 9.0, left - 6.0, 18.0], theme.mark);
            }
            let label = |at, bold, align, turn| Text {
                text: label.as_str(),
                at,
                size: LABEL_SIZE,
                bold,
                align,
                turn,
                color: theme.text,
            };
            surface.text(&label((left - 8.0, top + middle), row, Align::End, 0.0));
            surface.text(&label((left + middle, top - 8.0), column, Align::Start, -45.0));
        }
    }

    fn draw_color_bar(&self, layout: &Layout, theme: &Theme, surface: &mut impl Surface) {
        const STEPS: usize = 64;
        let Layout { cell, left, top, .. } = *layout;
        let width = (self.n() as f64 * cell).min(260.0);
        let y = top + self.n() as f64 * cell + 12.0;
        for step in 0..STEPS {
            let x = left + width * step as f64 / STEPS as f64;
            let color = self.palette.color((step as f64 + 0.5) / STEPS as f64);
            surface.fill([x, y, width / STEPS as f64 + 0.5, 8.0], color);
        }
        let number = |place: f64| match self.max {
            Max::Row => format!("{:.0} % of row's max", 100.0 * self.scale.value(place, 1.0)),
            _ => format!("{:.3}", self.scale.value(place, self.max_of_row(0))),
        };
        let ends = [(0.0, Align::Start), (1.0, Align::End)];
        for (place, align) in ends {
            // A row's maximum has one number for every row, so only the end is told.
            let text = if place == 0.0 { "0".to_owned() } else { number(place) };
            surface.text(&Text {
                text: &text,
                at: (left + width * place, y + 18.0),
                size: CAPTION_SIZE,
                bold: false,
                align,
                turn: 0.0,
                color: theme.muted,
            });
        }
    }

    /// The tokens with their leading spaces made visible.
    fn labels(&self) -> Vec<String> {
        let visible = |token: &String| shorten(&token.replace(' ', "·").replace('\n', "⏎"), LONGEST_LABEL);
        self.tokens.iter().map(visible).collect()
    }

    fn max_of_row(&self, q: usize) -> f64 {
        let n = self.n();
        let from = usize::from(self.bos == Bos::Hidden);
        let largest = |rows: std::ops::Range<usize>| {
            let cells = rows.flat_map(|q| (from..=q).map(move |k| q * n + k));
            cells.map(|i| f64::from(self.pattern[i])).fold(0.0, f64::max)
        };
        match self.max {
            Max::One => 1.0,
            Max::Row => largest(q..q + 1),
            Max::Matrix => largest(0..n),
        }
    }
}

/// A double line, light on dark, so that it shows on every colour of a map.
fn outline_target([x, y, w, h]: [f64; 4], surface: &mut impl Surface) {
    surface.outline([x, y, w, h], 2.0, [255, 255, 255]);
    surface.outline([x + 2.0, y + 2.0, w - 4.0, h - 4.0], 1.0, [0, 0, 0]);
}

/// Two decimals without the leading zero, as there is little room: ".18".
fn short_number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_prefix('0').map(str::to_owned).unwrap_or(text)
}
