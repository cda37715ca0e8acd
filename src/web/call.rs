//! One call of the page: where it hears how far the work is, and how it cancels.

use super::js::{breathe, set_property, to_js};
use crate::study::{Pace, StudyError};
use serde::Serialize;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

/// A call under way.
pub(super) struct Call {
    stage: RefCell<String>,
    on_progress: js_sys::Function,
    /// What cancels it.
    pub(super) signal: AbortSignal,
    /// Bytes that it took from the network and from the cache.
    pub(super) network: Cell<u64>,
    pub(super) cache: Cell<u64>,
    /// Bytes of all its fetches together, where it makes several.
    expected: Cell<u64>,
    /// What is known of its result already, for the page to show.
    partial: RefCell<JsValue>,
}

#[derive(Serialize)]
struct Progress<'a> {
    stage: &'a str,
    done: f64,
    total: f64,
    unit: &'a str,
    network: f64,
    cache: f64,
}

impl Call {
    pub(super) fn new(on_progress: js_sys::Function, signal: AbortSignal) -> Self {
        let partial = RefCell::new(JsValue::NULL);
        let (network, cache, expected) = (Cell::default(), Cell::default(), Cell::default());
        Self { stage: RefCell::default(), on_progress, signal, network, cache, expected, partial }
    }

    /// Says how many bytes its fetches come to together.
    pub(super) fn expect(&self, bytes: u64) {
        self.expected.set(bytes);
    }

    /// Shows a part of the result.
    pub(super) fn show(&self, partial: JsValue) {
        self.partial.replace(partial);
    }

    /// Tells the page of bytes that arrived: `done` of the running fetch's `total`,
    /// after `before` of earlier ones.
    pub(super) fn arrived(&self, before: u64, done: u64, total: u64) {
        let total = self.expected.get().max(before + total);
        self.progress((before + done).min(total), total, "bytes");
    }

    /// Names what is done from here on.
    pub(super) fn stage(&self, stage: impl Into<String>) {
        self.stage.replace(stage.into());
    }

    /// Tells the page how far it is.
    pub(super) fn progress(&self, done: u64, total: u64, unit: &str) {
        let progress = Progress {
            stage: &self.stage.borrow(),
            done: done as f64,
            total: total as f64,
            unit,
            network: self.network.get() as f64,
            cache: self.cache.get() as f64,
        };
        let progress = to_js(&progress);
        set_property(&progress, "partial", &self.partial.borrow());
        // A page that fails to show progress must not stop the work.
        let _ = self.on_progress.call1(&JsValue::NULL, &progress);
    }
}

impl Pace for Call {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.progress(done as u64, total as u64, "runs");
        breathe().await;
        if self.signal.aborted() { Err(StudyError::Cancelled) } else { Ok(()) }
    }
}
