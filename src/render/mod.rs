//! Heatmaps: what is drawn where, on any [`Surface`].
//!
//! Layout and drawing are pure; `canvas` alone names browser types.

pub mod color;
pub mod head_map;
pub mod pattern;
pub mod surface;

#[cfg(target_arch = "wasm32")]
mod canvas;

pub use color::{Palette, Rgb, Scale, Theme};
pub use head_map::HeadMap;
pub use pattern::{Bos, Max, PatternMap};
pub use surface::{Align, Surface, Text};
