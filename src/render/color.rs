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

/// How many colours there are for categories; those beyond begin again.
const CATEGORIES: usize = 10;

/// Colours of everything but the values: those of the page's style sheets, which a
/// test holds them to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Behind everything.
    pub surface: Rgb,
    /// Labels.
    pub text: Rgb,
    /// Captions.
    pub muted: Rgb,
    /// Cells without a value.
    pub empty: Rgb,
    /// Fine lines.
    pub line: Rgb,
    /// Behind the label that the pointer is on.
    pub mark: Rgb,
    /// Far beyond chance.
    beyond: Rgb,
    /// Far below chance.
    below: Rgb,
    categories: [Rgb; CATEGORIES],
}

impl Theme {
    /// For the page's light or dark scheme.
    #[must_use]
    pub fn of(dark: bool) -> Self {
        if dark {
            Self {
                surface: rgb(0x17_1c24),
                text: rgb(0xe7_eaf0),
                muted: rgb(0xa7_b1c1),
                empty: rgb(0x26_2a33),
                line: rgb(0x4a_5262),
                mark: rgb(0x1c_2b42),
                beyond: rgb(0xf2_8f2e),
                below: rgb(0x4f_9be0),
                categories: [
                    0x8f_83e8, 0xe5_8a99, 0x4f_b870, 0xdd_cc77, 0x88_ccee, 0xd4_709f, 0x44_aa99, 0xb3_b34d,
                    0xcf_7fc2, 0xc9_8b4f,
                ]
                .map(rgb),
            }
        } else {
            Self {
                surface: rgb(0xff_ffff),
                text: rgb(0x18_1d26),
                muted: rgb(0x51_5b6b),
                empty: rgb(0xec_eef2),
                line: rgb(0xbf_c6d2),
                mark: rgb(0xe6_eefa),
                beyond: rgb(0xc2_4f00),
                below: rgb(0x1f_6ab0),
                categories: [
                    0x33_2288, 0xcc_6677, 0x11_7733, 0xc9_a227, 0x3a_9fd0, 0x88_2255, 0x2f_9688, 0x8a_8a20,
                    0xaa_4499, 0x9c_5a1d,
                ]
                .map(rgb),
            }
        }
    }

    /// The colour of a row of the word table.
    #[must_use]
    pub fn category(&self, row: usize) -> Rgb {
        self.categories[row % CATEGORIES]
    }

    /// Attention to beginning-of-text: from nearly the surface at 0 to a dark grey (in the
    /// dark theme a light one) at 1, so that it is not taken for one of a palette's colours.
    #[must_use]
    pub fn grey(&self, value: f64) -> Rgb {
        mix(self.empty, self.muted, value)
    }

    /// A score against the chance level: `place` is 0 at chance, 1 where as much more
    /// as any score has is attended to, -1 at nothing at all. Orange beyond chance, blue
    /// below it, which colour-blind people tell apart.
    #[must_use]
    pub fn against_chance(&self, place: f64) -> Rgb {
        let end = if place < 0.0 { self.below } else { self.beyond };
        // The middle of the way is more than half of the colour, or little could be seen of it.
        mix(self.empty, end, place.abs().powf(0.8))
    }

    /// A category's colour behind a letter: about a quarter of it on the surface.
    #[must_use]
    pub fn category_tint(&self, row: usize) -> Rgb {
        mix(self.surface, self.category(row), 0.26)
    }
}

/// The colour a share of the way from one to another.
fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    let channel = |i: usize| f64::from(from[i]) * (1.0 - share) + f64::from(to[i]) * share;
    std::array::from_fn(|i| channel(i).round() as u8)
}

/// A colour as style sheets write it.
fn rgb(hex: u32) -> Rgb {
    let [_, r, g, b] = hex.to_be_bytes();
    [r, g, b]
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

#[cfg(test)]
mod tests {
    use super::{CATEGORIES, Rgb, Theme};

    #[test]
    fn the_colours_are_those_of_the_style_sheets() {
        let base = include_str!("../../www/styles/base.css");
        let results = include_str!("../../www/styles/results.css");
        for (i, dark) in [false, true].into_iter().enumerate() {
            let theme = Theme::of(dark);
            let names = [
                ("--surface:", theme.surface),
                ("--ink:", theme.text),
                ("--ink-2:", theme.muted),
                ("--accent-soft:", theme.mark),
            ];
            for (name, color) in names {
                assert_eq!(light_dark(base, name)[i], hex(color), "{name}");
            }
            for row in 0..CATEGORIES {
                let rule = results.split_once(&format!(".cat-{row} {{")).map_or("", |(_, rest)| rest);
                assert_eq!(light_dark(rule, "--cat:")[i], hex(theme.category(row)), "category {row}");
            }
        }
    }

    /// Both colours of the first `light-dark()` after a name.
    fn light_dark<'a>(css: &'a str, name: &str) -> [&'a str; 2] {
        let value = css.split_once(name).map_or("", |(_, rest)| rest);
        let inside = value.split_once("light-dark(").and_then(|(_, rest)| rest.split_once(')'));
        let (light, dark) = inside.and_then(|(inside, _)| inside.split_once(", ")).unwrap_or_default();
        [light, dark]
    }

    fn hex([r, g, b]: Rgb) -> String {
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}
