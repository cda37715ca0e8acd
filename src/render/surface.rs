//! What a picture is drawn on.

use super::Rgb;

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

/// The colours of a map from least, at 0, to most, at 1, left to right.
pub(super) fn color_bar([x, y, w, h]: [f64; 4], color: &dyn Fn(f64) -> Rgb, surface: &mut dyn Surface) {
    const STEPS: usize = 64;
    for step in 0..STEPS {
        let color = color((step as f64 + 0.5) / STEPS as f64);
        let left = x + w * step as f64 / STEPS as f64;
        // Each step goes on under the next, or a seam would show between them.
        surface.fill([left, y, (x + w - left).min(w / STEPS as f64 + 1.5), h], color);
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

/// What two rectangles have in common, if anything.
pub(super) fn overlap([x, y, w, h]: [f64; 4], [left, top, width, height]: [f64; 4]) -> Option<[f64; 4]> {
    let (x0, y0) = (x.max(left), y.max(top));
    let (x1, y1) = ((x + w).min(left + width), (y + h).min(top + height));
    (x1 > x0 && y1 > y0).then_some([x0, y0, x1 - x0, y1 - y0])
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
