//! Headscope runs GPT-2 in the visitor's browser and studies its attention
//! heads. This page is the map; the rooms are best read in this order.
//!
//! 1. [`prompts`]: the word table, the seeded draw, and which token relates to
//!    which.
//! 2. [`tokens`]: byte-level BPE, GPT-2's and a model's own, and how tokens are shown.
//! 3. [`weights`]: what a model file holds, which of its bytes a study needs,
//!    and where they come from.
//! 4. [`model`]: GPT-2 with TransformerLens' hook points. The forward pass
//!    stands in [`model::gpt2`], top to bottom; its arithmetic is the crate
//!    [`headscope_kernels`].
//! 5. [`study`]: scores of heads and ablations of what feeds them. A new metric
//!    goes into [`study::metric`], a new target into [`study::target`], a new
//!    component or kind of ablation into [`study::component`].
//! 6. [`circuits`]: why a head looks where it looks, and what that does.
//! 7. [`render`]: heatmaps, drawn on the page or into a file.
//! 8. [`web`]: links, results files, and the edge where all of this meets the page.
//!
//! Imports run one way, `web` → `render`, `circuits` → `study` → `model` → `weights`;
//! `prompts` imports none of the others, and `tokens` only `prompts`. Only `web` and the edge of
//! `render` name browser types, so that everything else is tested natively.

pub mod circuits;
pub mod model;
pub mod prompts;
pub mod render;
pub mod study;
pub mod tokens;
pub mod weights;

pub mod web;
