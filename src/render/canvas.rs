//! A browser's canvas as a surface. The only file here that names browser types.

use super::surface::FONT_FAMILY;
use super::{Align, Rgb, Surface, Text};
use web_sys::CanvasRenderingContext2d;

impl Surface for CanvasRenderingContext2d {
    fn fill(&mut self, [x, y, w, h]: [f64; 4], color: Rgb) {
        self.set_fill_style_str(&css(color));
        self.fill_rect(x, y, w, h);
    }

    fn outline(&mut self, [x, y, w, h]: [f64; 4], width: f64, color: Rgb) {
        self.set_stroke_style_str(&css(color));
        self.set_line_width(width);
        self.stroke_rect(x + width / 2.0, y + width / 2.0, w - width, h - width);
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, color: Rgb) {
        self.set_stroke_style_str(&css(color));
        self.set_line_width(width);
        self.begin_path();
        self.move_to(from.0, from.1);
        self.line_to(to.0, to.1);
        self.stroke();
    }

    fn text(&mut self, text: &Text<'_>) {
        let weight = if text.bold { "600 " } else { "" };
        self.set_font(&format!("{weight}{}px {FONT_FAMILY}", text.size));
        self.set_fill_style_str(&css(text.color));
        self.set_text_baseline("middle");
        self.set_text_align(match text.align {
            Align::Start => "left",
            Align::Middle => "center",
            Align::End => "right",
        });
        self.save();
        // A canvas that cannot turn or write leaves the text out, as browsers do.
        let _ = self.translate(text.at.0, text.at.1);
        let _ = self.rotate(text.turn.to_radians());
        let _ = self.fill_text(text.text, 0.0, 0.0);
        self.restore();
    }
}

fn css([r, g, b]: Rgb) -> String {
    format!("rgb({r} {g} {b})")
}
