//! Heatmaps: what is drawn where, on any [`Surface`].
//!
//! [`values`] says which numbers of a pattern are drawn, [`color`] in which colour.
//! [`pattern`] draws one head, [`thumbnails`] many, [`head_map`] the scores of all.
//! Layout and drawing are pure; `canvas` alone names browser types.

pub mod color;
pub mod head_map;
mod label;
pub mod pattern;
pub mod surface;
pub mod svg;
pub mod thumbnails;
pub mod values;

#[cfg(target_arch = "wasm32")]
mod canvas;

pub use color::{Palette, Rgb, Scale, Theme};
pub use head_map::HeadMap;
pub use pattern::PatternMap;
pub use surface::{Align, Surface, Text, Window};
pub use svg::Svg;
pub use thumbnails::Thumbnails;
pub use values::{Bos, Look, Max, Values};
