//! One head's attention on one prompt: destinations down, sources across.

use super::color::ink_on;
use super::label::{label_of, likely_width};
use super::surface::{Surface, Text, Window, color_bar, double_outline, overlap, reveal};
use super::{Align, Bos, Look, Max, Rgb, Theme, Values};
use std::ops::Range;

const CAPTION_SIZE: f64 = 11.0;
const CAPTION: f64 = 18.0;
const LONGEST_LABEL: usize = 16;
/// Where there is less width than this, columns are labelled straight upwards, and rows in
/// the masked half, behind their last cell, so that the cells get what there is.
const NARROW: f64 = 480.0;
/// What the labels of the last rows may take there, behind which nothing is masked.
const LAST_LABELS: f64 = 36.0;
/// Labels stay legible, so cells never get smaller than this; the page scrolls.
const SMALLEST_CELL: f64 = 12.0;
const LARGEST_CELL: f64 = 46.0;
/// From this size on columns are labelled at a slant.
const CELL_WITH_LEANING_LABEL: f64 = 18.0;
/// From this size on a cell shows its value as a number, in small figures at first.
const CELL_WITH_NUMBER: f64 = 24.0;
const CELL_WITH_LARGE_NUMBER: f64 = 30.0;
const SMALL_NUMBER: f64 = 9.0;
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
    /// Attention, and how it becomes colours.
    pub values: Values,
    /// Which cells are outlined, (destination, source) row-major.
    pub outlined: Vec<bool>,
    /// What those are.
    pub outline: &'static str,
    /// The tokens.
    pub tokens: Vec<Token>,
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
    /// Whether rows are labelled behind their last cell.
    behind: bool,
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
        self.values.n()
    }

    /// Layout for an available width. The picture may be wider: labels stay
    /// legible and the page scrolls.
    #[must_use]
    pub fn layout(&self, available: f64) -> Layout {
        if available < NARROW {
            // Behind cells that are scrolled away a label would be out of sight.
            let behind = self.layout_with(available, true, true);
            return if behind.width <= available { behind } else { self.layout_with(available, true, false) };
        }
        let leaning = self.layout_with(available, false, false);
        // Labels that lean run into each other where columns are as close as this.
        if leaning.cell < CELL_WITH_LEANING_LABEL {
            return self.layout_with(available, true, false);
        }
        leaning
    }

    /// With column labels that lean, or upright ones of a smaller size; and with row labels
    /// before the rows or behind their last cells.
    fn layout_with(&self, available: f64, upright: bool, behind: bool) -> Layout {
        let n = self.n().max(1) as f64;
        let label_size = if upright { 11.0 } else { 12.0 };
        let room = available * 0.22 / likely_width("m", label_size);
        let label_limit = (room as usize).clamp(7, LONGEST_LABEL);
        let longest =
            self.labels(label_limit).iter().map(|label| likely_width(label, label_size)).fold(0.0, f64::max);
        let turn: f64 = if upright { -90.0 } else { -45.0 };
        let (rise, lean) = (-longest * turn.to_radians().sin(), longest * turn.to_radians().cos());
        let left = if behind { BADGE_ROOM + 2.0 } else { (longest + BADGE_ROOM + 8.0).max(NARROWEST_LEFT) };
        let top = CAPTION + rise + BADGE_ROOM + 10.0;
        let right = if behind { LAST_LABELS } else { lean + 8.0 };
        let cell = ((available - left - right) / n).floor().clamp(SMALLEST_CELL, LARGEST_CELL);
        let legend = if available < NARROW { 2.0 } else { left };
        let width = (left + n * cell + right).max(legend + LEGEND_WIDTH);
        let height = top + n * cell + LEGEND;
        Layout { cell, left, top, width, height, label_size, label_limit, turn, behind, legend }
    }

    /// What lies under a point of the window, seen from the window's corner.
    #[must_use]
    pub fn cell_at(&self, layout: &Layout, window: Window, x: f64, y: f64) -> Option<Cell> {
        let place = |at: f64, edge: f64, scrolled: f64| {
            let i = ((at - edge + scrolled) / layout.cell).floor();
            (at >= edge && i < self.n() as f64).then_some(i as i32)
        };
        match (place(y, layout.top, window.y), place(x, layout.left, window.x)) {
            (Some(q), Some(k)) if layout.behind && k > q => Some(Cell { q, k: -1 }),
            (Some(q), Some(k)) => Some(Cell { q, k }),
            (Some(q), None) if layout.behind => Some(Cell { q, k: -1 }),
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

    /// Draws what the window shows. Labels stay in sight however far it has moved.
    pub fn draw(&self, layout: &Layout, theme: &Theme, window: Window, surface: &mut dyn Surface) {
        let Layout { cell, left, top, .. } = *layout;
        let (rows, columns) = self.in_sight(layout, window);
        let (x0, y0) = (left - window.x, top - window.y);
        let gap = if cell > SMALLEST_CELL { 1.0 } else { 0.0 };
        let side = self.n() as f64 * cell;
        // What the causal mask hides stays as the surface is: half of the picture is quiet.
        for q in rows.clone() {
            let y = y0 + q as f64 * cell;
            let seen = columns.start..columns.end.min(q + 1);
            if seen.is_empty() {
                continue;
            }
            let x = x0 + seen.start as f64 * cell;
            surface.fill([x, y, seen.len() as f64 * cell, cell], theme.surface);
            for k in seen {
                let rect = [x0 + k as f64 * cell, y, cell - gap, cell - gap];
                let color = self.values.color(q, k, theme);
                surface.fill(rect, color.unwrap_or(theme.empty));
                self.draw_inside(rect, q, k, color, surface);
            }
        }
        if window.y > 0.0 {
            surface.fill([0.0, 0.0, window.width, top], theme.surface);
        }
        if window.x > 0.0 {
            surface.fill([0.0, top, left, window.height - top], theme.surface);
        }
        let caption = |text, at, align| Text::plain(text, at, CAPTION_SIZE, align, theme.muted);
        if layout.behind {
            let both = "source (attended to) →   destination ↓";
            surface.text(&caption(both, (layout.legend, CAPTION / 2.0), Align::Start));
        } else {
            surface.text(&caption("source (attended to) →", (left, CAPTION / 2.0), Align::Start));
            surface.text(&caption("destination ↓", (left - 8.0, top - 9.0), Align::End));
        }
        for q in rows {
            self.label_row(layout, theme, q, y0, false, surface);
        }
        for k in columns {
            self.label_column(layout, theme, k, x0, false, surface);
        }
        let y = y0 + side + 12.0;
        if y < window.height {
            self.draw_legend((layout.legend, y), theme, surface);
        }
    }

    /// Draws a crosshair over what [`Self::draw`] drew: the outlines of a row, of a
    /// column and of the cell where they meet, and their labels lit.
    pub fn mark(
        &self,
        layout: &Layout,
        theme: &Theme,
        marked: Cell,
        window: Window,
        surface: &mut dyn Surface,
    ) {
        let Layout { cell, left, top, .. } = *layout;
        let (x0, y0) = (left - window.x, top - window.y);
        let (x, y) = (x0 + f64::from(marked.k) * cell, y0 + f64::from(marked.q) * cell);
        let side = self.n() as f64 * cell;
        let inside = |index: i32| usize::try_from(index).ok().filter(|&index| index < self.n());
        let (q, k) = (inside(marked.q), inside(marked.k));
        // Labels and what is scrolled away below them have no part in it.
        let cells = [left - 3.0, top - 3.0, window.width - left + 3.0, window.height - top + 3.0];
        if let Some(row) = q.and_then(|_| overlap([x0 - 1.0, y - 1.0, side + 1.0, cell + 1.0], cells)) {
            double_outline(row, theme.text, surface);
        }
        // Above the diagonal there may be labels of rows.
        let above = if layout.behind { f64::from(marked.k) * cell } else { 0.0 };
        let column = [x - 1.0, y0 + above - 1.0, cell + 1.0, side - above + 1.0];
        if let Some(column) = k.and_then(|_| overlap(column, cells)) {
            double_outline(column, theme.text, surface);
        }
        let both = q.zip(k).and_then(|_| overlap([x - 2.0, y - 2.0, cell + 3.0, cell + 3.0], cells));
        if let Some(both) = both {
            surface.outline(both, 3.0, theme.text);
        }
        let (rows, columns) = self.in_sight(layout, window);
        if let Some(q) = q.filter(|q| rows.contains(q)) {
            self.label_row(layout, theme, q, y0, true, surface);
        }
        if let Some(k) = k.filter(|k| columns.contains(k)) {
            self.label_column(layout, theme, k, x0, true, surface);
        }
    }

    /// What a cell holds beside its colour.
    fn draw_inside(&self, rect: [f64; 4], q: usize, k: usize, color: Option<Rgb>, surface: &mut dyn Surface) {
        let [x, y, w, h] = rect;
        if self.outlined[q * self.n() + k] {
            double_outline(rect, [255, 255, 255], surface);
        }
        if w + 1.0 >= CELL_WITH_NUMBER
            && let Some((value, color)) = self.values.get(q, k).zip(color)
        {
            let number = short_number(value);
            let middle = (x + w / 2.0, y + h / 2.0);
            let size = if w + 1.0 < CELL_WITH_LARGE_NUMBER { SMALL_NUMBER } else { CAPTION_SIZE };
            surface.text(&Text::plain(&number, middle, size, Align::Middle, ink_on(color)));
        }
    }

    /// The rows and the columns that the window shows.
    fn in_sight(&self, layout: &Layout, window: Window) -> (Range<usize>, Range<usize>) {
        let Layout { cell, left, top, .. } = *layout;
        let seen = |from: f64, length: f64| {
            let first = (from / cell).floor().max(0.0) as usize;
            let end = ((from + length) / cell).ceil().max(0.0) as usize;
            first.min(self.n())..end.min(self.n())
        };
        (seen(window.y, window.height - top), seen(window.x, window.width - left))
    }

    /// The label of a row, `y0` being where the first one begins. One that is lit
    /// covers the plain one.
    fn label_row(
        &self,
        layout: &Layout,
        theme: &Theme,
        q: usize,
        y0: f64,
        lit: bool,
        surface: &mut dyn Surface,
    ) {
        let Layout { cell, left, top, label_size, label_limit, .. } = *layout;
        let middle = y0 + (q as f64 + 0.5) * cell;
        if middle < top - 1.0 {
            return;
        }
        let (x, align, limit) = if layout.behind {
            let x = left + (q as f64 + 1.0) * cell + 4.0;
            let room = (layout.width - x) / likely_width("n", label_size);
            (x, Align::Start, label_limit.min(room as usize))
        } else {
            (left - BADGE_ROOM - 4.0, Align::End, label_limit)
        };
        let label = label_of(&self.tokens[q].text, limit);
        if lit {
            let ends = match align {
                Align::Start => (x - 2.0, x + likely_width(&label, label_size) + 4.0),
                _ => (0.0, x + 2.0),
            };
            surface.line((ends.0, middle), (ends.1, middle), cell.min(18.0), theme.mark);
        }
        let label = Text::plain(&label, (x, middle), label_size, align, theme.text);
        surface.text(&Text { bold: lit, ..label });
        self.draw_badge(q, (left - BADGE_ROOM + 6.0, middle), theme, surface);
        if self.tokens[q].joined {
            surface.fill([left - 4.0, middle - cell, 2.0, cell], theme.muted);
        }
    }

    /// The label of a column, `x0` being where the first one begins.
    fn label_column(
        &self,
        layout: &Layout,
        theme: &Theme,
        k: usize,
        x0: f64,
        lit: bool,
        surface: &mut dyn Surface,
    ) {
        let Layout { cell, left, top, label_size, label_limit, turn, .. } = *layout;
        let middle = x0 + (k as f64 + 0.5) * cell;
        if middle < left - 1.0 {
            return;
        }
        let foot = (middle, top - BADGE_ROOM - 2.0);
        let label = label_of(&self.tokens[k].text, label_limit);
        if lit {
            let lean = turn.to_radians();
            let length = likely_width(&label, label_size) + 4.0;
            let end = (foot.0 + length * lean.cos(), foot.1 + length * lean.sin());
            // Labels that lean are closer together than their columns.
            let width = (cell * lean.sin().abs()).min(18.0);
            surface.line(foot, end, width, theme.mark);
        }
        let label = Text::plain(&label, foot, label_size, Align::Start, theme.text);
        surface.text(&Text { bold: lit, turn, ..label });
        self.draw_badge(k, (middle, top - BADGE_ROOM + 6.0), theme, surface);
        if self.tokens[k].joined {
            surface.fill([middle - cell, top - 4.0, cell, 2.0], theme.muted);
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

    fn draw_legend(&self, (x, y): (f64, f64), theme: &Theme, surface: &mut dyn Surface) {
        let width = 220.0;
        let Look { palette, max, bos, .. } = self.values.look();
        color_bar([x, y, width, 8.0], &|value| palette.color(value), surface);
        let most = match max {
            Max::Row => "row’s maximum".to_owned(),
            _ => format!("{:.3}", self.values.max_of_row(0)),
        };
        let percent = 100.0 * self.values.bos_share();
        let share = match bos {
            Bos::Shown => format!("grey, 0 to 1: {percent:.1} % goes to BOS"),
            Bos::Hidden => format!("{percent:.1} % goes to BOS (hidden)"),
            Bos::Renormalised => format!("{percent:.1} % goes to BOS (left out)"),
        };
        let captions = [
            ("0", (x, y + 17.0), Align::Start),
            (&most, (x + width, y + 17.0), Align::End),
            (self.outline, (x + 17.0, y + 36.0), Align::Start),
            (&share, (x + if bos == Bos::Shown { 17.0 } else { 0.0 }, y + 54.0), Align::Start),
        ];
        for (text, at, align) in captions {
            surface.text(&Text::plain(text, at, CAPTION_SIZE, align, theme.muted));
        }
        if self.tokens.iter().any(|token| token.joined) {
            let at = (x + 131.0, y + 36.0);
            surface.text(&Text::plain("split word", at, CAPTION_SIZE, Align::Start, theme.muted));
            surface.fill([x + 123.0, y + 30.0, 2.0, 12.0], theme.muted);
        }
        let same = [x + 1.0, y + 30.0, 12.0, 12.0];
        surface.fill(same, palette.color(0.4));
        double_outline(same, [255, 255, 255], surface);
        surface.outline([x, y + 29.0, 14.0, 14.0], 1.0, theme.line);
        if bos == Bos::Shown {
            let grey = [x, y + 48.0, 12.0, 12.0];
            surface.fill(grey, theme.grey(0.6));
            surface.outline(grey, 1.0, theme.line);
        }
    }

    fn labels(&self, limit: usize) -> Vec<String> {
        self.tokens.iter().map(|token| label_of(&token.text, limit)).collect()
    }
}

/// Two decimals without the leading zero, as there is little room: ".18".
fn short_number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_prefix('0').map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{Cell, Look, PatternMap, Theme, Token, Values, Window};
    use crate::render::{Rgb, Surface, Text};

    /// Keeps what is drawn.
    #[derive(Debug, Default)]
    struct Record {
        fills: Vec<([f64; 4], Rgb)>,
        outlines: Vec<[f64; 4]>,
        texts: Vec<(String, bool)>,
    }

    impl Surface for Record {
        fn fill(&mut self, rect: [f64; 4], color: Rgb) {
            self.fills.push((rect, color));
        }
        fn outline(&mut self, rect: [f64; 4], _: f64, _: Rgb) {
            self.outlines.push(rect);
        }
        fn line(&mut self, _: (f64, f64), _: (f64, f64), _: f64, _: Rgb) {}
        fn text(&mut self, text: &Text<'_>) {
            self.texts.push((text.text.to_owned(), text.bold));
        }
    }

    /// Uniform attention of tokens t0, t1, ...
    fn map(n: usize) -> PatternMap {
        let token = |i: usize| Token { text: format!("t{i}"), category: None, joined: false };
        PatternMap {
            values: Values::new(crate::study::metric::uniform(n), n, Look::default()),
            outlined: vec![false; n * n],
            outline: "same category",
            tokens: (0..n).map(token).collect(),
        }
    }

    #[test]
    fn a_window_draws_what_it_shows_and_labels_it() {
        let map = map(1000);
        let layout = map.layout(700.0);
        assert!(layout.cell >= 12.0 && layout.height > 12_000.0);
        let window = Window { x: 3000.0, y: 6000.0, width: 700.0, height: 500.0 };
        let mut record = Record::default();
        map.draw(&layout, &Theme::of(false), window, &mut record);
        assert!(record.fills.len() < 10_000, "{} rectangles", record.fills.len());
        let first = (window.y / layout.cell) as usize;
        let rows = ((window.height - layout.top) / layout.cell) as usize;
        for q in first + 1..first + rows {
            assert!(record.texts.iter().any(|(text, _)| *text == format!("t{q}")), "row {q} has no label");
        }
        assert!(!record.texts.iter().any(|(text, bold)| text == "t0" || *bold));
    }

    #[test]
    fn a_mark_draws_itself_alone_and_stays_among_the_cells() {
        let map = map(1000);
        let layout = map.layout(700.0);
        let window = Window { x: 3000.0, y: 6000.0, width: 700.0, height: 500.0 };
        let marks = |q, k| {
            let mut record = Record::default();
            map.mark(&layout, &Theme::of(false), Cell { q, k }, window, &mut record);
            record
        };
        let both = marks(510, 260);
        assert_eq!(both.texts, [("t510".to_owned(), true), ("t260".to_owned(), true)]);
        assert!(both.outlines.len() == 5 && both.fills.len() <= 2, "{both:?}");
        // Scrolled away, cut by the labels, on no cell, and of a longer prompt.
        for (q, k, labels) in [(0, 0, 0), (500, 250, 2), (510, -1, 1), (-1, -1, 0), (1000, 1000, 0)] {
            let Record { outlines, texts, .. } = marks(q, k);
            assert_eq!(texts.len(), labels, "{q}, {k}: {texts:?}");
            for [x, y, w, h] in outlines {
                assert!(x >= layout.left - 3.0 && y >= layout.top - 3.0, "{q}, {k}: {x}, {y}");
                assert!(x + w <= window.width && y + h <= window.height, "{q}, {k}: {w}, {h}");
            }
        }
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
    fn on_a_phone_rows_are_labelled_in_the_masked_half() {
        let map = map(13);
        for (available, least) in [(294.0, 18.0), (342.0, 22.0)] {
            let layout = map.layout(available);
            assert!(layout.width <= available && layout.cell >= least, "{available}: {layout:?}");
            let window = Window { x: 0.0, y: 0.0, width: available, height: layout.height };
            let mut record = Record::default();
            map.draw(&layout, &Theme::of(false), window, &mut record);
            for i in 0..13 {
                let labels = record.texts.iter().filter(|(text, _)| *text == format!("t{i}")).count();
                assert_eq!(labels, 2, "token {i} is labelled as a row and as a column");
            }
            let at = |q: f64, k: f64| {
                map.cell_at(&layout, window, layout.left + k * layout.cell, layout.top + q * layout.cell)
            };
            assert_eq!(at(5.5, 5.5), Some(Cell { q: 5, k: 5 }));
            assert_eq!(at(5.5, 6.5), Some(Cell { q: 5, k: -1 }), "its label");
            assert_eq!(at(12.5, 13.5), Some(Cell { q: 12, k: -1 }), "its label");
        }
        // A text that has to be scrolled keeps its labels in sight.
        assert!(self::map(64).layout(342.0).left > 80.0);
    }
}
