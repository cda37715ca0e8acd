//! Every Rust test, by what it is about, natively and in a browser: one program, since
//! each has to be linked, and in a browser started, by itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[cfg(target_arch = "wasm32")]
mod browser;
mod circuits;
mod fixtures;
#[cfg(not(target_arch = "wasm32"))]
mod goldens;
mod model;
mod prompts;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod study;
mod tokens;
mod web;
mod weights;

/// What marks a test where it runs: Rust's own harness, or wasm-pack's in a browser.
#[cfg(not(target_arch = "wasm32"))]
use core::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
