//! Many heads at a glance: each one's pattern as a small picture under its name.

use super::label::likely_width;
use super::surface::{Surface, Text};
use super::{Align, Look, Rgb, Theme, Values};

const NAME_SIZE: f64 = 11.0;
/// Room for a name above its picture, and between the pictures.
const NAME: f64 = 16.0;
const GAP: f64 = 6.0;
/// Around the sheet, for the outline of a picture at its edge.
const MARGIN: f64 = 3.0;
/// Between two names beside one another, of which one may be bold.
const APART: f64 = 4.0;
/// Nothing can be made out in smaller pictures, and long names need larger ones.
const SMALLEST: f64 = 34.0;
/// Heads of one layer stand in rows of pictures of about this side.
const COMFORTABLE: f64 = 112.0;
const LARGEST: f64 = 150.0;

/// A sheet of small pictures.
#[derive(Debug, Clone)]
pub struct Thumbnails {
    /// The heads' names, in the order of their patterns.
    pub names: Vec<String>,
    /// Pictures in a row; none for as many as fit.
    pub columns: Option<usize>,
    /// Rows and columns of each pattern.
    pub side: usize,
    /// Patterns, (head, destination, source) row-major.
    pub cells: Vec<f32>,
    /// How values become colours.
    pub look: Look,
    /// The place of the head that is on show, if it is among them.
    pub shown: Option<usize>,
}

/// Where everything lies, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Pictures in a row.
    pub columns: usize,
    /// Rows of pictures.
    pub rows: usize,
    /// Side of a picture.
    pub picture: f64,
    /// Width of the whole sheet.
    pub width: f64,
    /// Height of the whole sheet.
    pub height: f64,
}

/// Pixels, four bytes each: red, green, blue and opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// In a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// All of them, row by row.
    pub rgba: Vec<u8>,
}

impl Layout {
    /// The rectangle of a picture with its name.
    #[must_use]
    pub fn place(&self, row: i32, column: i32) -> [f64; 4] {
        let (wide, high) = (self.picture + GAP, self.picture + NAME + GAP);
        [f64::from(column) * wide, f64::from(row) * high, wide, high]
    }

    /// The rectangle of a picture alone.
    #[must_use]
    pub fn picture_at(&self, row: i32, column: i32) -> [f64; 4] {
        let [x, y, ..] = self.place(row, column);
        [MARGIN + x, MARGIN + NAME + y, self.picture, self.picture]
    }
}

impl Thumbnails {
    /// Layout for an available width; the sheet may be wider.
    #[must_use]
    pub fn layout(&self, available: f64) -> Layout {
        let n = self.names.len().max(1);
        let available = available - 2.0 * MARGIN + GAP;
        let fitting = (available / (COMFORTABLE + GAP)).floor().max(2.0) as usize;
        let columns = self.columns.unwrap_or(fitting).clamp(1, n);
        let rows = n.div_ceil(columns);
        let each = (available / columns as f64).floor() - GAP;
        let longest = self.names.iter().map(|name| likely_width(name, NAME_SIZE)).fold(0.0, f64::max);
        let smallest = (longest + APART - GAP).clamp(SMALLEST, LARGEST);
        let picture = each.clamp(smallest.ceil(), LARGEST);
        Layout {
            columns,
            rows,
            picture,
            width: columns as f64 * (picture + GAP) - GAP + 2.0 * MARGIN,
            height: rows as f64 * (picture + NAME + GAP) - GAP + 2.0 * MARGIN,
        }
    }

    /// The place of the head under a point.
    #[must_use]
    pub fn head_at(&self, layout: &Layout, x: f64, y: f64) -> Option<usize> {
        let column = ((x - MARGIN) / (layout.picture + GAP)).floor();
        let row = ((y - MARGIN) / (layout.picture + NAME + GAP)).floor();
        let inside = column >= 0.0 && row >= 0.0 && column < layout.columns as f64;
        let i = inside.then_some(row as usize * layout.columns + column as usize)?;
        (i < self.names.len()).then_some(i)
    }

    /// The sheet without its names, `ratio` pixels to a CSS pixel. Thousands of
    /// cells are filled at once, which a canvas would take one by one.
    #[must_use]
    pub fn pixels(&self, layout: &Layout, theme: &Theme, ratio: f64) -> Pixels {
        let width = (layout.width * ratio).round() as usize;
        let height = (layout.height * ratio).round() as usize;
        let mut rgba = vec![0; width * height * 4];
        let side = (layout.picture * ratio).floor() as usize;
        for i in 0..self.names.len() {
            let (x, y) = corner(layout, i);
            let (left, top) = ((x * ratio).round() as usize, (y * ratio).round() as usize);
            let colors = self.colors(i, theme);
            for row in 0..side.min(height.saturating_sub(top)) {
                let cells = &colors[row * self.side / side * self.side..][..self.side];
                let begin = ((top + row) * width + left) * 4;
                let end = begin + 4 * side.min(width - left);
                for (column, pixel) in rgba[begin..end].chunks_exact_mut(4).enumerate() {
                    let [r, g, b] = cells[column * self.side / side];
                    pixel.copy_from_slice(&[r, g, b, 255]);
                }
            }
        }
        Pixels { width, height, rgba }
    }

    /// Draws the pictures cell by cell, where there is no place for pixels.
    pub fn draw_pictures(&self, layout: &Layout, theme: &Theme, surface: &mut dyn Surface) {
        let cell = layout.picture / self.side.max(1) as f64;
        for i in 0..self.names.len() {
            let (x, y) = corner(layout, i);
            surface.fill([x, y, layout.picture, layout.picture], theme.empty);
            let values = self.values(i);
            for q in 0..self.side {
                for k in 0..=q {
                    let color = values.color(q, k, theme).unwrap_or(theme.empty);
                    surface.fill([x + k as f64 * cell, y + q as f64 * cell, cell, cell], color);
                }
            }
        }
    }

    /// Draws the names, and the head on show.
    pub fn draw_names(&self, layout: &Layout, theme: &Theme, surface: &mut dyn Surface) {
        for i in 0..self.names.len() {
            self.draw_name(layout, theme, i, self.shown == Some(i), surface);
        }
        if let Some(shown) = self.shown {
            outline(layout, theme, shown, 2.0, surface);
        }
    }

    /// Draws the mark of a head over what is drawn.
    pub fn mark(&self, layout: &Layout, theme: &Theme, i: usize, surface: &mut dyn Surface) {
        if i < self.names.len() {
            let (x, y) = corner(layout, i);
            surface.fill([x, y - NAME, layout.picture, NAME - 2.0], theme.surface);
            self.draw_name(layout, theme, i, true, surface);
            outline(layout, theme, i, 3.0, surface);
        }
    }

    fn draw_name(&self, layout: &Layout, theme: &Theme, i: usize, bold: bool, surface: &mut dyn Surface) {
        let (x, y) = corner(layout, i);
        let at = (x + layout.picture / 2.0, y - NAME / 2.0);
        let name = Text::plain(&self.names[i], at, NAME_SIZE, Align::Middle, theme.text);
        surface.text(&Text { bold, ..name });
    }

    fn values(&self, i: usize) -> Values {
        let cells = self.side * self.side;
        Values::new(self.cells[i * cells..][..cells].to_vec(), self.side, self.look)
    }

    fn colors(&self, i: usize, theme: &Theme) -> Vec<Rgb> {
        let values = self.values(i);
        let cell = |at: usize| values.color(at / self.side, at % self.side, theme).unwrap_or(theme.empty);
        (0..self.side * self.side).map(cell).collect()
    }
}

/// The upper left corner of a picture, below its name.
fn corner(layout: &Layout, i: usize) -> (f64, f64) {
    let (row, column) = (i / layout.columns, i % layout.columns);
    let [x, y, ..] = layout.picture_at(row as i32, column as i32);
    (x, y)
}

/// Outlines a picture.
fn outline(layout: &Layout, theme: &Theme, i: usize, width: f64, surface: &mut dyn Surface) {
    let (x, y) = corner(layout, i);
    let side = layout.picture + 4.0;
    surface.outline([x - 2.0, y - 2.0, side, side], width, theme.text);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Look, NAME_SIZE, Theme, Thumbnails, corner, likely_width};
    use crate::render::{Max, Palette};

    fn sheet(heads: usize, columns: Option<usize>) -> Thumbnails {
        let cells = [1.0, 0.0, 0.75, 0.25].repeat(heads);
        let look = Look { max: Max::One, ..Look::default() };
        let names = (0..heads).map(|head| format!("L0H{head}")).collect();
        Thumbnails { names, columns, side: 2, cells, look, shown: None }
    }

    #[test]
    fn every_pixel_of_a_picture_has_the_colour_of_its_cell() {
        let sheet = sheet(144, Some(12));
        let theme = Theme::of(false);
        for (available, ratio) in [(900.0, 1.0), (900.0, 2.0), (300.0, 1.5)] {
            let layout = sheet.layout(available);
            let pixels = sheet.pixels(&layout, &theme, ratio);
            let at = |x: f64, y: f64| {
                let i = ((y * ratio) as usize * pixels.width + (x * ratio) as usize) * 4;
                [pixels.rgba[i], pixels.rgba[i + 1], pixels.rgba[i + 2]]
            };
            for head in 0..144 {
                let (x, y) = corner(&layout, head);
                let (near, far) = (layout.picture * 0.25, layout.picture * 0.75);
                assert_eq!(at(x + near, y + near), theme.grey(1.0));
                assert_eq!(at(x + near, y + far), theme.grey(0.75));
                assert_eq!(at(x + far, y + far), Palette::Viridis.color(0.25));
                assert_eq!(at(x + far, y + near), theme.empty, "what comes later");
                assert_eq!(sheet.head_at(&layout, x + near, y + far), Some(head));
            }
        }
    }

    #[test]
    fn names_beside_one_another_stay_apart() {
        for (layers, heads) in [(3, 4), (12, 12), (48, 25), (100, 100)] {
            for available in [280.0, 540.0, 900.0] {
                let names: Vec<_> =
                    (0..layers).flat_map(|l| (0..heads).map(move |h| format!("L{l}H{h}"))).collect();
                let cells = vec![0.0; names.len()];
                let sheet = Thumbnails { names, side: 1, cells, ..sheet(0, Some(heads)) };
                let layout = sheet.layout(available);
                for (i, pair) in sheet.names.windows(2).enumerate().filter(|(i, _)| (i + 1) % heads > 0) {
                    let middle = |i| corner(&layout, i).0 + layout.picture / 2.0;
                    let half = |name: &str| likely_width(name, NAME_SIZE) / 2.0;
                    let apart = middle(i + 1) - half(&pair[1]) - middle(i) - half(&pair[0]);
                    assert!(apart >= 3.0, "{pair:?} are {apart} apart at {available}");
                }
            }
        }
    }

    #[test]
    fn heads_of_one_layer_wrap_and_an_empty_place_is_no_head() {
        let sheet = sheet(5, None);
        let layout = sheet.layout(360.0);
        assert_eq!((layout.columns, layout.rows), (3, 2));
        let (x, y) = corner(&layout, 5);
        assert_eq!(sheet.head_at(&layout, x + 1.0, y + 1.0), None);
        assert!(layout.width <= 360.0);
    }
}
