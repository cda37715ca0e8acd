//! Headscope runs GPT-2 in the visitor's browser and studies its attention
//! heads. This page is the map; the rooms are best read in this order.
//!
//! 1. [`prompts`]: the word table, the seeded draw, and which token relates to
//!    which.
//! 2. [`tokens`]: GPT-2's byte-level BPE.
//! 3. [`weights`]: what a model file holds, which of its bytes a study needs,
//!    and where they come from.
//! 4. [`model`]: GPT-2 with TransformerLens' hook points. The forward pass
//!    stands in [`model::gpt2`], top to bottom.
//! 5. [`study`]: scores of heads and ablations of what feeds them. A new metric
//!    goes into [`study::metric`], a new ablation into [`study::ablation`].
//! 6. Heatmaps are drawn in [`render`].
//! 7. `web` (in the browser only): the edge where all of this meets the page.
//!
//! Imports run one way, `web` → `render`, `study` → `model` → `weights`;
//! `prompts` and `tokens` import none of the others. Only `web` and the edge of
//! `render` name browser types, so that everything else is tested natively.

pub mod model;
pub mod prompts;
pub mod render;
pub mod study;
pub mod tokens;
pub mod weights;

pub mod web;
