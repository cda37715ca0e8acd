//! A surface that writes SVG, for pictures that stay sharp at every size.

use super::surface::FONT_FAMILY;
use super::{Align, Rgb, Surface, Text};
use std::fmt::Write;

/// What has been drawn so far. Writing to a string does not fail.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Svg {
    elements: String,
}

impl Svg {
    /// The picture as a document of this size, in CSS pixels.
    #[must_use]
    pub fn into_document(self, width: f64, height: f64) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{}\">{}</svg>",
            escape(FONT_FAMILY),
            self.elements
        )
    }
}

impl Surface for Svg {
    fn fill(&mut self, [x, y, w, h]: [f64; 4], color: Rgb) {
        let _ = write!(
            self.elements,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            number(x),
            number(y),
            number(w),
            number(h),
            hex(color)
        );
    }

    fn outline(&mut self, [x, y, w, h]: [f64; 4], width: f64, color: Rgb) {
        let _ = write!(
            self.elements,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"/>",
            number(x + width / 2.0),
            number(y + width / 2.0),
            number((w - width).max(0.0)),
            number((h - width).max(0.0)),
            hex(color),
            number(width)
        );
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Rgb) {
        let _ = write!(
            self.elements,
            "<path d=\"M{} {}L{} {}\" stroke=\"{}\" stroke-width=\"{}\"/>",
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1),
            hex(color),
            number(width)
        );
    }

    fn text(&mut self, text: &Text<'_>) {
        let anchor = match text.align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let _ = write!(
            self.elements,
            "<text transform=\"translate({} {}) rotate({})\" font-size=\"{}\" text-anchor=\"{anchor}\" \
             dominant-baseline=\"central\" fill=\"{}\"{}>{}</text>",
            number(text.at.0),
            number(text.at.1),
            number(text.turn),
            number(text.size),
            hex(text.color),
            if text.bold { " font-weight=\"600\"" } else { "" },
            escape(text.text)
        );
    }
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Hundredths of a pixel are more than anybody sees.
fn number(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Text that stays text, whoever wrote it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no such characters, not even escaped ones.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Align, Surface, Svg, Text};

    #[test]
    fn text_cannot_become_markup() {
        let mut svg = Svg::default();
        let hostile = "</text><script>alert('&\"')</script>\u{1}";
        svg.text(&Text::plain(hostile, (1.0, 2.0), 12.0, Align::End, [0, 0, 0]));
        let document = svg.into_document(10.0, 10.0);
        assert!(
            document
                .contains("&lt;/text&gt;&lt;script&gt;alert('&amp;&quot;')&lt;/script&gt;\u{fffd}</text>")
        );
    }

    #[test]
    fn an_outline_lies_inside_its_rectangle() {
        let mut svg = Svg::default();
        svg.outline([0.0, 0.0, 10.0, 10.0], 2.0, [255, 0, 16]);
        let wanted = "<rect x=\"1\" y=\"1\" width=\"8\" height=\"8\" fill=\"none\" stroke=\"#ff0010\" stroke-width=\"2\"/>";
        assert!(svg.into_document(10.0, 10.0).contains(wanted));
    }
}
