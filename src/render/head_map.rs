//! All heads' scores: layers down, heads across.

use super::color::ink_on;
use super::surface::{Surface, Text, color_bar, double_outline};
use super::{Align, Rgb, Theme};

const LABEL_SIZE: f64 = 12.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 26.0;
const COLOR_BAR: f64 = 62.0;
const CAPTION_SIZE: f64 = 11.0;
const SMALLEST_CELL: f64 = 21.0;
/// Names of heads take this much.
const CELL_WITH_NAME: f64 = 28.0;
const WIDEST_CELL: f64 = 76.0;
const HIGHEST_CELL: f64 = 40.0;
/// A cell of this width has room for a score.
const CELL_WITH_NUMBER: f64 = 38.0;

/// A map of scores.
#[derive(Debug, Clone)]
pub struct HeadMap {
    /// Layers.
    pub n_layer: usize,
    /// Heads in each.
    pub n_head: usize,
    /// Scores, (layer, head) row-major; NaN where there is none yet.
    pub scores: Vec<f64>,
    /// The chance level, around which the colours part.
    pub chance: Option<f64>,
    /// Whether a higher score is more of the attention that is scored.
    pub higher_is_more: bool,
    /// The head with the best score.
    pub best: Option<(usize, usize)>,
    /// The head whose pattern is shown, if it is one of these.
    pub shown: Option<(usize, usize)>,
}

fn text(text: &str, at: (f64, f64), align: Align, bold: bool, color: Rgb) -> Text<'_> {
    Text { bold, ..Text::plain(text, at, LABEL_SIZE, align, color) }
}

/// Where everything lies, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Width and height of a cell.
    pub cell: (f64, f64),
    /// Width of the whole picture.
    pub width: f64,
    /// Height of the whole picture.
    pub height: f64,
}

impl HeadMap {
    /// Layout for an available width; the picture may be wider.
    #[must_use]
    pub fn layout(&self, available: f64) -> Layout {
        let wide = ((available - LEFT) / self.n_head.max(1) as f64).floor().clamp(SMALLEST_CELL, WIDEST_CELL);
        let high = wide.min(HIGHEST_CELL);
        Layout {
            cell: (wide, high),
            width: LEFT + self.n_head as f64 * wide,
            height: TOP + self.n_layer as f64 * high + COLOR_BAR,
        }
    }

    /// Layer and head under a point.
    #[must_use]
    pub fn head_at(&self, layout: &Layout, x: f64, y: f64) -> Option<(usize, usize)> {
        let head = ((x - LEFT) / layout.cell.0).floor();
        let layer = ((y - TOP) / layout.cell.1).floor();
        let inside = |i: f64, n: usize| i >= 0.0 && i < n as f64;
        (inside(layer, self.n_layer) && inside(head, self.n_head)).then_some((layer as usize, head as usize))
    }

    /// The rectangle of a head.
    #[must_use]
    pub fn place(&self, layout: &Layout, layer: i32, head: i32) -> [f64; 4] {
        let (wide, high) = layout.cell;
        [LEFT + f64::from(head) * wide, TOP + f64::from(layer) * high, wide, high]
    }

    /// Draws the picture.
    pub fn draw(&self, layout: &Layout, theme: &Theme, surface: &mut dyn Surface) {
        let (wide, high) = layout.cell;
        for head in 0..self.n_head {
            label_head(layout, theme, head, false, surface);
        }
        for layer in 0..self.n_layer {
            let y = TOP + layer as f64 * high;
            label_layer(layout, theme, layer, false, surface);
            for head in 0..self.n_head {
                let x = LEFT + head as f64 * wide;
                let score = self.scores[layer * self.n_head + head];
                let color = if score.is_nan() { theme.empty } else { self.color(score, theme) };
                surface.fill([x, y, wide - 1.0, high - 1.0], color);
                let middle = (x + wide / 2.0, y + high / 2.0);
                if !score.is_nan() && wide >= CELL_WITH_NUMBER {
                    let number = format!("{score:.2}");
                    surface.text(&text(&number, middle, Align::Middle, false, ink_on(color)));
                }
            }
        }
        if let Some(best) = self.best {
            double_outline(around(layout, best, 1.0), [0, 0, 0], surface);
            let [x, y, w, _] = around(layout, best, 0.0);
            let ink = ink_on(self.color(self.scores[best.0 * self.n_head + best.1], theme));
            let star = Text { size: 9.0, ..text("★", (x + w - 7.0, y + 8.0), Align::Middle, false, ink) };
            surface.text(&star);
        }
        if let Some(shown) = self.shown {
            surface.outline(around(layout, shown, 2.0), 3.0, theme.text);
        }
        self.draw_color_bar(layout, theme, surface);
    }

    /// Draws the mark of a head, layer first, over what [`Self::draw`] drew.
    pub fn mark(
        &self,
        layout: &Layout,
        theme: &Theme,
        (layer, head): (usize, usize),
        surface: &mut dyn Surface,
    ) {
        if layer < self.n_layer && head < self.n_head {
            label_layer(layout, theme, layer, true, surface);
            label_head(layout, theme, head, true, surface);
            surface.outline(around(layout, (layer, head), 1.0), 2.0, theme.text);
        }
    }

    fn draw_color_bar(&self, layout: &Layout, theme: &Theme, surface: &mut dyn Surface) {
        let width = (self.n_head as f64 * layout.cell.0).min(260.0);
        let y = TOP + self.n_layer as f64 * layout.cell.1 + 14.0;
        let max = self.max();
        color_bar([LEFT, y, width, 8.0], &|place| self.color(place * max, theme), surface);
        let mut caption = |text: &str, x: f64, y: f64, align, color| {
            surface.text(&Text::plain(text, (x, y), CAPTION_SIZE, align, color));
        };
        caption("0", LEFT, y + 17.0, Align::Start, theme.muted);
        caption(&format!("{max:.3}"), LEFT + width, y + 17.0, Align::End, theme.muted);
        if let Some(chance) = self.chance {
            // On a line of its own, begun or ended at the mark, so that it neither
            // runs into the ends of the scale nor out of the picture.
            let x = LEFT + width * chance / max;
            let align = if x < LEFT + width / 2.0 { Align::Start } else { Align::End };
            caption(&format!("chance {chance:.3}"), x, y + 33.0, align, theme.text);
            surface.fill([x - 1.0, y - 3.0, 2.0, 29.0], theme.text);
        }
    }

    /// The colour of a score: it parts at chance, or at nothing where no chance is known,
    /// and is full on one side at 0, on the other at the largest score.
    fn color(&self, score: f64, theme: &Theme) -> Rgb {
        let chance = self.chance.unwrap_or(0.0);
        let beyond = score - chance;
        let room = if beyond < 0.0 { chance } else { self.max() - chance };
        let place = if room > 0.0 { beyond / room } else { 0.0 };
        theme.against_chance(if self.higher_is_more { place } else { -place })
    }

    /// The largest score, or the chance level where that is larger.
    fn max(&self) -> f64 {
        let known = self.scores.iter().copied().chain(self.chance);
        known.filter(|score| !score.is_nan()).fold(1e-9, f64::max)
    }
}

/// The rectangle of a head's colour, grown by so much on each side.
fn around(layout: &Layout, (layer, head): (usize, usize), grow: f64) -> [f64; 4] {
    let (wide, high) = layout.cell;
    let (x, y) = (LEFT + head as f64 * wide, TOP + layer as f64 * high);
    [x - grow, y - grow, wide - 1.0 + 2.0 * grow, high - 1.0 + 2.0 * grow]
}

/// The name of a row; one that is lit covers the plain one.
fn label_layer(layout: &Layout, theme: &Theme, layer: usize, lit: bool, surface: &mut dyn Surface) {
    let high = layout.cell.1;
    let middle = TOP + (layer as f64 + 0.5) * high;
    if lit {
        surface.fill([0.0, middle - 8.0, LEFT - 4.0, 16.0], theme.surface);
    }
    let name = format!("L{layer}");
    surface.text(&text(&name, (LEFT - 8.0, middle), Align::End, lit, theme.muted));
}

/// The name of a column, likewise.
fn label_head(layout: &Layout, theme: &Theme, head: usize, lit: bool, surface: &mut dyn Surface) {
    let wide = layout.cell.0;
    let x = LEFT + head as f64 * wide;
    if lit {
        surface.fill([x, TOP - 20.0, wide, 16.0], theme.surface);
    }
    let size = if wide < CELL_WITH_NAME { 10.0 } else { LABEL_SIZE };
    let name = format!("H{head}");
    let name = text(&name, (x + wide / 2.0, TOP - 12.0), Align::Middle, lit, theme.muted);
    surface.text(&Text { size, ..name });
}
