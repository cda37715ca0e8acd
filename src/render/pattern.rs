//! One head's attention on one prompt: destinations down, sources across.

use super::color::ink_on;
use super::label::{label_of, likely_width};
use super::surface::{Surface, Text, Window, color_bar, double_outline, hatch, reveal};
use super::{Align, Bos, Look, Max, Theme, Values};
use crate::prompts::Relation;

const CAPTION_SIZE: f64 = 11.0;
const CAPTION: f64 = 18.0;
const LONGEST_LABEL: usize = 16;
/// Where there is less width than this, columns are labelled straight upwards and
/// labels are shorter, so that the cells get what there is.
const NARROW: f64 = 480.0;
/// Labels stay legible, so cells never get smaller than this; the page scrolls.
const SMALLEST_CELL: f64 = 12.0;
const LARGEST_CELL: f64 = 46.0;
/// From this size on columns are labelled at a slant.
const CELL_WITH_LEANING_LABEL: f64 = 18.0;
/// From this size on a cell shows its value as a number.
const CELL_WITH_NUMBER: f64 = 30.0;
/// Side of the square that says a token's category, and what it takes in all.
const BADGE: f64 = 11.0;
const BADGE_ROOM: f64 = 17.0;
/// Colour bar with its numbers, key, and share of beginning-of-text.
const LEGEND: f64 = 76.0;
const LEGEND_WIDTH: f64 = 274.0;
/// The caption of the rows stands there.
const NARROWEST_LEFT: f64 = 88.0;

/// A token of the prompt, as its row and its column are labelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub text: String,
    /// The row of the word table that its word belongs to, and its letter.
    pub category: Option<(usize, String)>,
    /// Whether it goes on with the word of the token before.
    pub joined: bool,
}

/// A heatmap of attention.
#[derive(Debug, Clone)]
pub struct PatternMap {
    /// Attention, (destination, source) row-major.
    pub pattern: Vec<f32>,
    /// Relations, likewise.
    pub relations: Vec<Relation>,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// How values become colours.
    pub look: Look,
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
    /// Size of the labels.
    label_size: f64,
    /// Most characters of a label.
    label_limit: usize,
    /// Turn of the column labels, in degrees.
    turn: f64,
    /// Left edge of the legend.
    legend: f64,
}

/// What lies under a point. Labels give one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Cell {
    /// Destination, or -1.
    pub q: i32,
    /// Source, or -1.
    pub k: i32,
}

impl Cell {
    /// No cell, and no label.
    pub const NONE: Self = Self { q: -1, k: -1 };
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
        let leaning = self.layout_with(available, available < NARROW);
        // Labels that lean run into each other where columns are as close as this.
        if leaning.cell < CELL_WITH_LEANING_LABEL { self.layout_with(available, true) } else { leaning }
    }

    /// With column labels that lean, or upright ones of a smaller size.
    fn layout_with(&self, available: f64, upright: bool) -> Layout {
        let n = self.n().max(1) as f64;
        let label_size = if upright { 11.0 } else { 12.0 };
        let room = available * 0.22 / likely_width("m", label_size);
        let label_limit = (room as usize).clamp(7, LONGEST_LABEL);
        let longest =
            self.labels(label_limit).iter().map(|label| likely_width(label, label_size)).fold(0.0, f64::max);
        let turn: f64 = if upright { -90.0 } else { -45.0 };
        let (rise, lean) = (-longest * turn.to_radians().sin(), longest * turn.to_radians().cos());
        let left = (longest + BADGE_ROOM + 8.0).max(NARROWEST_LEFT);
        let top = CAPTION + rise + BADGE_ROOM + 10.0;
        let right = lean + 8.0;
        let cell = ((available - left - right) / n).floor().clamp(SMALLEST_CELL, LARGEST_CELL);
        let legend = if available < NARROW { 4.0 } else { left };
        let width = (left + n * cell + right).max(legend + LEGEND_WIDTH);
        let height = top + n * cell + LEGEND;
        Layout { cell, left, top, width, height, label_size, label_limit, turn, legend }
    }

    /// What lies under a point of the window, seen from the window's corner.
    #[must_use]
    pub fn cell_at(&self, layout: &Layout, window: Window, x: f64, y: f64) -> Option<Cell> {
        let place = |at: f64, edge: f64, scrolled: f64| {
            let i = ((at - edge + scrolled) / layout.cell).floor();
            (at >= edge && i < self.n() as f64).then_some(i as i32)
        };
        match (place(y, layout.top, window.y), place(x, layout.left, window.x)) {
            (Some(q), Some(k)) => Some(Cell { q, k }),
            (Some(q), None) if x < layout.left => Some(Cell { q, k: -1 }),
            (None, Some(k)) if y < layout.top => Some(Cell { q: -1, k }),
            _ => None,
        }
    }

    /// Where the window has to begin to show a cell; a label moves it one way only.
    #[must_use]
    pub fn reveal(&self, layout: &Layout, window: Window, marked: Cell) -> (f64, f64) {
        let Layout { cell, left, top, .. } = *layout;
        let at = [left + f64::from(marked.k) * cell, top + f64::from(marked.q) * cell, cell, cell];
        let (x, y) = reveal(at, (left, top), window);
        (if marked.k < 0 { window.x } else { x }, if marked.q < 0 { window.y } else { y })
    }

    /// Draws what the window shows, with a crosshair on `marked`. Labels stay in
    /// sight however far the window has moved.
    pub fn draw(
        &self,
        layout: &Layout,
        theme: &Theme,
        marked: Cell,
        window: Window,
        surface: &mut dyn Surface,
    ) {
        let Layout { cell, left, top, .. } = *layout;
        let values = Values::new(&self.pattern, self.n(), self.look);
        let rows = self.seen(cell, window.y, window.height - top);
        let columns = self.seen(cell, window.x, window.width - left);
        let (x0, y0) = (left - window.x, top - window.y);
        let gap = if cell > SMALLEST_CELL { 1.0 } else { 0.0 };
        let rect = |q: usize, k: usize| [x0 + k as f64 * cell, y0 + q as f64 * cell, cell - gap, cell - gap];
        let side = self.n() as f64 * cell;
        hatch([x0, y0, side, side], window, theme, surface);
        for q in rows.clone() {
            for k in columns.clone().take_while(|&k| k <= q) {
                let [x, y, ..] = rect(q, k);
                surface.fill([x, y, cell, cell], theme.surface);
                surface.fill(rect(q, k), values.color(q, k).unwrap_or(theme.empty));
                self.draw_inside(rect(q, k), q, k, &values, surface);
            }
        }
        draw_crosshair(layout, (x0, y0), side, theme, marked, surface);
        if window.y > 0.0 {
            surface.fill([0.0, 0.0, window.width, top], theme.surface);
        }
        if window.x > 0.0 {
            surface.fill([0.0, top, left, window.height - top], theme.surface);
        }
        self.draw_labels(layout, theme, marked, (x0, y0), rows, columns, surface);
        let y = y0 + side + 12.0;
        if y < window.height {
            self.draw_legend((layout.legend, y), theme, &values, surface);
        }
    }

    /// What a cell holds beside its colour.
    fn draw_inside(
        &self,
        rect: [f64; 4],
        q: usize,
        k: usize,
        values: &Values<'_>,
        surface: &mut dyn Surface,
    ) {
        let [x, y, w, h] = rect;
        if self.relations[q * self.n() + k] == Relation::SameCategory {
            double_outline(rect, [255, 255, 255], surface);
        }
        if w + 1.0 >= CELL_WITH_NUMBER
            && let (Some(value), Some(color)) = (values.get(q, k), values.color(q, k))
        {
            let number = short_number(value);
            let middle = (x + w / 2.0, y + h / 2.0);
            surface.text(&Text::plain(&number, middle, CAPTION_SIZE, Align::Middle, ink_on(color)));
        }
    }

    /// The rows or columns that a stretch of the picture shows.
    fn seen(&self, cell: f64, from: f64, length: f64) -> std::ops::Range<usize> {
        let first = (from / cell).floor().max(0.0) as usize;
        let end = ((from + length) / cell).ceil().max(0.0) as usize;
        first.min(self.n())..end.min(self.n())
    }

    #[allow(clippy::too_many_arguments, reason = "one picture's parts, drawn one after the other")]
    fn draw_labels(
        &self,
        layout: &Layout,
        theme: &Theme,
        marked: Cell,
        (x0, y0): (f64, f64),
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        surface: &mut dyn Surface,
    ) {
        let Layout { cell, left, top, label_size, turn, .. } = *layout;
        let labels = self.labels(layout.label_limit);
        let caption = |text, at, align| Text::plain(text, at, CAPTION_SIZE, align, theme.muted);
        surface.text(&caption("source (attended to) →", (left, CAPTION / 2.0), Align::Start));
        surface.text(&caption("destination ↓", (left - 8.0, top - 9.0), Align::End));
        for q in rows {
            let middle = y0 + (q as f64 + 0.5) * cell;
            if middle < top - 1.0 {
                continue;
            }
            let lit = marked.q == q as i32;
            if lit {
                surface.line((0.0, middle), (left - BADGE_ROOM - 2.0, middle), cell.min(18.0), theme.mark);
            }
            let at = (left - BADGE_ROOM - 4.0, middle);
            let label = Text::plain(&labels[q], at, label_size, Align::End, theme.text);
            surface.text(&Text { bold: lit, ..label });
            self.draw_badge(q, (left - BADGE_ROOM + 6.0, middle), theme, surface);
            if self.tokens[q].joined {
                surface.fill([left - 4.0, middle - cell, 2.0, cell], theme.muted);
            }
        }
        let lean = turn.to_radians();
        for k in columns {
            let middle = x0 + (k as f64 + 0.5) * cell;
            if middle < left - 1.0 {
                continue;
            }
            let lit = marked.k == k as i32;
            let foot = (middle, top - BADGE_ROOM - 2.0);
            if lit {
                let length = likely_width(&labels[k], label_size) + 4.0;
                let end = (foot.0 + length * lean.cos(), foot.1 + length * lean.sin());
                surface.line(foot, end, cell.min(18.0), theme.mark);
            }
            let label = Text::plain(&labels[k], foot, label_size, Align::Start, theme.text);
            surface.text(&Text { bold: lit, turn, ..label });
            self.draw_badge(k, (middle, top - BADGE_ROOM + 6.0), theme, surface);
            if self.tokens[k].joined {
                surface.fill([middle - cell, top - 4.0, cell, 2.0], theme.muted);
            }
        }
    }

    /// The letter of a token's category on its colour.
    fn draw_badge(&self, i: usize, (x, y): (f64, f64), theme: &Theme, surface: &mut dyn Surface) {
        let Some((row, letter)) = &self.tokens[i].category else { return };
        let square = [x - BADGE / 2.0, y - BADGE / 2.0, BADGE, BADGE];
        surface.fill(square, theme.category_tint(*row));
        surface.outline(square, 1.0, theme.category(*row));
        let size = if letter.len() > 1 { 7.0 } else { 8.5 };
        let letter = Text::plain(letter, (x, y), size, Align::Middle, theme.text);
        surface.text(&Text { bold: true, ..letter });
    }

    fn draw_legend(&self, (x, y): (f64, f64), theme: &Theme, values: &Values<'_>, surface: &mut dyn Surface) {
        let width = 220.0;
        color_bar([x, y, width, 8.0], self.look.palette, surface);
        let most = match self.look.max {
            Max::Row => "row’s maximum".to_owned(),
            _ => format!("{:.3}", values.max_of_row(0)),
        };
        let how = match self.look.bos {
            Bos::Shown => "",
            Bos::Hidden => " (hidden)",
            Bos::Renormalised => " (left out)",
        };
        let share = format!("<bos> gets {:.1} % of attention{how}", 100.0 * values.bos_share());
        let captions = [
            ("0", (x, y + 17.0), Align::Start),
            (&most, (x + width, y + 17.0), Align::End),
            ("comes later", (x + 17.0, y + 36.0), Align::Start),
            ("same category", (x + 109.0, y + 36.0), Align::Start),
            (&share, (x, y + 54.0), Align::Start),
        ];
        for (text, at, align) in captions {
            surface.text(&Text::plain(text, at, CAPTION_SIZE, align, theme.muted));
        }
        if self.tokens.iter().any(|token| token.joined) {
            let at = (x + 211.0, y + 36.0);
            surface.text(&Text::plain("split word", at, CAPTION_SIZE, Align::Start, theme.muted));
            surface.fill([x + 203.0, y + 30.0, 2.0, 12.0], theme.muted);
        }
        let later = [x, y + 30.0, 12.0, 12.0];
        hatch(later, Window::whole(x + 12.0, y + 42.0), theme, surface);
        surface.outline(later, 1.0, theme.hatch);
        let same = [x + 92.0, y + 30.0, 12.0, 12.0];
        surface.fill(same, self.look.palette.color(0.4));
        double_outline(same, [255, 255, 255], surface);
        surface.outline([x + 91.0, y + 29.0, 14.0, 14.0], 1.0, theme.hatch);
    }

    fn labels(&self, limit: usize) -> Vec<String> {
        self.tokens.iter().map(|token| label_of(&token.text, limit)).collect()
    }
}

/// Row, column and the cell where they meet.
fn draw_crosshair(
    layout: &Layout,
    (x0, y0): (f64, f64),
    side: f64,
    theme: &Theme,
    marked: Cell,
    surface: &mut dyn Surface,
) {
    let cell = layout.cell;
    let (x, y) = (x0 + f64::from(marked.k) * cell, y0 + f64::from(marked.q) * cell);
    if marked.q >= 0 {
        double_outline([x0 - 1.0, y - 1.0, side + 1.0, cell + 1.0], theme.text, surface);
    }
    if marked.k >= 0 {
        double_outline([x - 1.0, y0 - 1.0, cell + 1.0, side + 1.0], theme.text, surface);
    }
    if marked.q >= 0 && marked.k >= 0 {
        surface.outline([x - 2.0, y - 2.0, cell + 3.0, cell + 3.0], 3.0, theme.text);
    }
}

/// Two decimals without the leading zero, as there is little room: ".18".
fn short_number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_prefix('0').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{Cell, Look, PatternMap, Relation, Theme, Token, Window};
    use crate::render::{Rgb, Surface, Text};

    /// Keeps what is drawn.
    #[derive(Default)]
    struct Record {
        fills: Vec<([f64; 4], Rgb)>,
        texts: Vec<(String, bool)>,
    }

    impl Surface for Record {
        fn fill(&mut self, rect: [f64; 4], color: Rgb) {
            self.fills.push((rect, color));
        }
        fn outline(&mut self, _: [f64; 4], _: f64, _: Rgb) {}
        fn line(&mut self, _: (f64, f64), _: (f64, f64), _: f64, _: Rgb) {}
        fn text(&mut self, text: &Text<'_>) {
            self.texts.push((text.text.to_owned(), text.bold));
        }
    }

    /// Uniform attention of tokens t0, t1, ...
    fn map(n: usize) -> PatternMap {
        let token = |i: usize| Token { text: format!("t{i}"), category: None, joined: false };
        PatternMap {
            pattern: crate::study::metric::uniform(n),
            relations: vec![Relation::Other; n * n],
            tokens: (0..n).map(token).collect(),
            look: Look::default(),
        }
    }

    #[test]
    fn a_window_draws_what_it_shows_and_labels_it() {
        let map = map(1000);
        let layout = map.layout(700.0);
        assert!(layout.cell >= 12.0 && layout.height > 12_000.0);
        let window = Window { x: 3000.0, y: 6000.0, width: 700.0, height: 500.0 };
        let mut record = Record::default();
        let marked = Cell { q: 510, k: 260 };
        map.draw(&layout, &Theme::of(false), marked, window, &mut record);
        assert!(record.fills.len() < 10_000, "{} rectangles", record.fills.len());
        let first = (window.y / layout.cell) as usize;
        let rows = ((window.height - layout.top) / layout.cell) as usize;
        for q in first + 1..first + rows {
            assert!(record.texts.iter().any(|(text, _)| *text == format!("t{q}")), "row {q} has no label");
        }
        let lit: Vec<&str> =
            record.texts.iter().filter(|(_, bold)| *bold).map(|(text, _)| text.as_str()).collect();
        assert_eq!(lit, ["t510", "t260"]);
        assert!(!record.texts.iter().any(|(text, _)| text == "t0"));
    }

    #[test]
    fn a_pointer_finds_the_cell_that_lies_under_it_wherever_the_window_is() {
        let map = map(300);
        let layout = map.layout(700.0);
        for (x, y) in [(0.0, 0.0), (700.0, 1300.0), (1234.0, 2001.0)] {
            let window = Window { x, y, width: 700.0, height: 600.0 };
            let cell = Cell { q: ((y + 245.0) / layout.cell) as i32, k: ((x + 335.0) / layout.cell) as i32 };
            let at = (layout.left + 335.0, layout.top + 245.0);
            assert_eq!(map.cell_at(&layout, window, at.0, at.1), Some(cell));
            let row = Cell { k: -1, ..cell };
            assert_eq!(map.cell_at(&layout, window, 5.0, at.1), Some(row));
            let column = Cell { q: -1, ..cell };
            assert_eq!(map.cell_at(&layout, window, at.0, layout.top - 5.0), Some(column));
            assert_eq!(map.cell_at(&layout, window, 5.0, 5.0), None);
        }
    }

    #[test]
    fn a_heatmap_of_the_default_prompt_fits_a_phone() {
        assert!(map(13).layout(294.0).width <= 294.0);
    }
}
