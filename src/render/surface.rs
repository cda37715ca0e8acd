//! What a picture is drawn on.

use super::Rgb;

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

/// Something to draw on. Lengths are CSS pixels, y grows downwards.
pub trait Surface {
    /// A filled rectangle: x, y, width, height.
    fn fill(&mut self, rect: [f64; 4], color: Rgb);
    /// The outline of a rectangle, `width` wide and inside of it.
    fn outline(&mut self, rect: [f64; 4], width: f64, color: Rgb);
    /// A line of text.
    fn text(&mut self, text: &Text<'_>);
}

/// The text cut to `limit` characters, with an ellipsis if any are lost.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Width that a text is likely to take. Layout must not depend on the fonts of a
/// machine, so this is an estimate on the safe side.
pub(super) fn likely_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.62
}
