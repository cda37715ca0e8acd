//! What a picture is drawn on.

use super::{Palette, Rgb, Theme};

/// Between the lines of a hatching, across and down.
pub(super) const HATCH_APART: f64 = 6.0;

/// Fonts of all texts, the first that a machine has.
pub(super) const FONT_FAMILY: &str =
    "system-ui, -apple-system, \"Segoe UI\", Roboto, \"DejaVu Sans\", sans-serif";

/// Where a text's anchor lies along its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At its beginning.
    Start,
    /// In its middle.
    Middle,
    /// At its end.
    End,
}

/// A line of text; its anchor is vertically in the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text<'a> {
    /// The text. It may come from a stranger and is only ever drawn.
    pub text: &'a str,
    /// The anchor.
    pub at: (f64, f64),
    /// Font size.
    pub size: f64,
    /// Bold rather than regular.
    pub bold: bool,
    /// Where the anchor lies.
    pub align: Align,
    /// Turn around the anchor, clockwise, in degrees.
    pub turn: f64,
    /// Colour.
    pub color: Rgb,
}

impl<'a> Text<'a> {
    /// Regular text that reads from left to right.
    #[must_use]
    pub fn plain(text: &'a str, at: (f64, f64), size: f64, align: Align, color: Rgb) -> Self {
        Self { text, at, size, bold: false, align, turn: 0.0, color }
    }
}

/// Something to draw on. Lengths are CSS pixels, y grows downwards.
pub trait Surface {
    /// A filled rectangle: x, y, width, height.
    fn fill(&mut self, rect: [f64; 4], color: Rgb);
    /// The outline of a rectangle, `width` wide and inside of it.
    fn outline(&mut self, rect: [f64; 4], width: f64, color: Rgb);
    /// A straight line from one point to another.
    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Rgb);
    /// A line of text.
    fn text(&mut self, text: &Text<'_>);
}

/// The part of a picture that is seen: x, y, width and height, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Window {
    /// All of a picture.
    #[must_use]
    pub fn whole(width: f64, height: f64) -> Self {
        Self { x: 0.0, y: 0.0, width, height }
    }
}

/// A double line, light on dark, so that it shows on every colour of a map.
pub(super) fn double_outline([x, y, w, h]: [f64; 4], outer: Rgb, surface: &mut dyn Surface) {
    let inner = outer.map(|channel| 255 - channel);
    // A small cell has to leave its colour some room.
    let width = if w.min(h) < 20.0 { 1.0 } else { 2.0 };
    surface.outline([x, y, w, h], width, outer);
    surface.outline([x + width, y + width, w - 2.0 * width, h - 2.0 * width], 1.0, inner);
}

/// The colours of a map from least to most, left to right.
pub(super) fn color_bar([x, y, w, h]: [f64; 4], palette: Palette, surface: &mut dyn Surface) {
    const STEPS: usize = 64;
    for step in 0..STEPS {
        let color = palette.color((step as f64 + 0.5) / STEPS as f64);
        let left = x + w * step as f64 / STEPS as f64;
        // Each step goes on under the next, or a seam would show between them.
        surface.fill([left, y, (x + w - left).min(w / STEPS as f64 + 1.5), h], color);
    }
}

/// Slanted lines over what the causal mask hides, which no colour map has. Only
/// those that the window shows are drawn; what lies below the diagonal is drawn
/// over them.
pub(super) fn hatch([x, y, w, h]: [f64; 4], window: Window, theme: &Theme, surface: &mut dyn Surface) {
    surface.fill([x, y, w, h], theme.empty);
    // The line i runs where (x - left) + (y - top) = i * HATCH_APART.
    let (left, top) = (x.max(0.0), y.max(0.0));
    let (right, bottom) = ((x + w).min(window.width), (y + h).min(window.height));
    let first = ((left - x + top - y) / HATCH_APART).ceil() as i64;
    let last = ((right - x + bottom - y) / HATCH_APART).floor() as i64;
    for i in first..=last {
        let sum = x + y + i as f64 * HATCH_APART;
        let from = (left.max(sum - bottom), bottom.min(sum - left));
        let to = (right.min(sum - top), top.max(sum - right));
        surface.line(from, to, 1.0, theme.hatch);
    }
}

/// Where a window has to begin to show a rectangle beside what stays in sight at
/// its left and upper edge.
#[must_use]
pub fn reveal([x, y, w, h]: [f64; 4], (left, top): (f64, f64), window: Window) -> (f64, f64) {
    let along = |at: f64, size: f64, edge: f64, from: f64, length: f64| {
        let most = (at - edge).max(0.0);
        from.clamp((at + size - length).max(0.0).min(most), most)
    };
    (along(x, w, left, window.x, window.width), along(y, h, top, window.y, window.height))
}

#[cfg(test)]
mod tests {
    use super::{Window, reveal};

    #[test]
    fn a_window_moves_only_as_far_as_it_has_to() {
        let window = Window { x: 100.0, y: 0.0, width: 200.0, height: 100.0 };
        assert_eq!(reveal([150.0, 20.0, 10.0, 10.0], (20.0, 20.0), window), (100.0, 0.0));
        assert_eq!(reveal([400.0, 300.0, 10.0, 10.0], (20.0, 20.0), window), (210.0, 210.0));
        assert_eq!(reveal([40.0, 20.0, 10.0, 10.0], (20.0, 20.0), window), (20.0, 0.0));
    }
}
