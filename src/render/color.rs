//! From numbers to colours.

use serde::Deserialize;

/// A colour, red, green and blue.
pub type Rgb = [u8; 3];

/// Perceptually even colour maps that colour-blind people can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Palette {
    /// Dark violet to yellow.
    #[default]
    Viridis,
    /// Black to pale yellow.
    Magma,
    /// Blue to yellow, alike for most kinds of colour-blindness.
    Cividis,
    /// White to dark blue.
    Blues,
}

impl Palette {
    /// The colour of a value from 0 to 1.
    #[must_use]
    pub fn color(self, value: f64) -> Rgb {
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Cividis => colorous::CIVIDIS,
            Self::Blues => colorous::BLUES,
        };
        gradient.eval_continuous(value.clamp(0.0, 1.0)).as_array()
    }
}

/// How values spread over the colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// In proportion.
    #[default]
    Linear,
    /// By their square root, which shows small values better.
    Sqrt,
    /// By their logarithm, from a thousandth of the maximum on.
    Log,
}

impl Scale {
    /// Where a value between 0 and `max` falls on the colours, from 0 to 1.
    #[must_use]
    pub fn place(self, value: f64, max: f64) -> f64 {
        if max <= 0.0 || value <= 0.0 || value.is_nan() {
            return 0.0;
        }
        let part = (value / max).min(1.0);
        match self {
            Self::Linear => part,
            Self::Sqrt => part.sqrt(),
            Self::Log => (part.log10() / 3.0 + 1.0).max(0.0),
        }
    }

    /// The value at a place: the inverse of [`Scale::place`].
    #[must_use]
    pub fn value(self, place: f64, max: f64) -> f64 {
        match self {
            Self::Linear => place * max,
            Self::Sqrt => place * place * max,
            Self::Log => 10_f64.powf(3.0 * (place - 1.0)) * max,
        }
    }
}

/// Colours of everything but the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Labels.
    pub text: Rgb,
    /// Captions.
    pub muted: Rgb,
    /// Cells without a value: the masked triangle.
    pub empty: Rgb,
    /// Behind the label that the pointer is on.
    pub mark: Rgb,
}

impl Theme {
    /// For the page's light or dark scheme.
    #[must_use]
    pub fn of(dark: bool) -> Self {
        if dark {
            Self { text: [232, 234, 240], muted: [160, 166, 180], empty: [38, 42, 51], mark: [70, 80, 105] }
        } else {
            Self { text: [28, 31, 38], muted: [92, 98, 112], empty: [236, 238, 242], mark: [205, 218, 250] }
        }
    }
}

/// Black or white, whichever reads better on a colour.
#[must_use]
pub fn ink_on(color: Rgb) -> Rgb {
    // Relative luminance as WCAG defines it; the two contrasts are equal at 0.179.
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = color.map(linear);
    if 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 { [0, 0, 0] } else { [255, 255, 255] }
}
