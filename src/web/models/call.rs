//! One call of the page: where it hears how far the work is, and how it cancels.

use crate::study::{StudyError, YieldPoint};
use crate::web::js::{breathe, set_property, to_js};
use crate::web::models::gate::Pause;
use crate::web::payload::{self, Progress, Unit};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

/// Who hears how far a call is.
#[derive(Clone)]
pub(crate) struct Listener(Rc<Told>);

/// What a listener was told last.
struct Told {
    on_progress: js_sys::Function,
    progress: RefCell<JsValue>,
    /// The pause under way, and how many seconds of it were left.
    pause: RefCell<JsValue>,
    seconds: Cell<Option<u32>>,
}

impl Listener {
    fn new(on_progress: js_sys::Function) -> Self {
        let (progress, pause) = (RefCell::new(JsValue::NULL), RefCell::new(JsValue::NULL));
        Self(Rc::new(Told { on_progress, progress, pause, seconds: Cell::default() }))
    }

    fn tell(&self, progress: JsValue) {
        set_property(&progress, "pause", &self.0.pause.borrow());
        self.0.progress.replace(progress.clone());
        // A page that fails to show progress must not stop the work.
        let _ = self.0.on_progress.call1(&JsValue::NULL, &progress);
    }

    /// Says who asked for a pause and how long it lasts still, second by second, or
    /// that it is over; how far the call is stays as it was told.
    pub(crate) fn pause(&self, pause: Option<Pause<'_>>) {
        let seconds = pause.map(|pause| pause.seconds);
        let last = self.0.progress.borrow().clone();
        if self.0.seconds.replace(seconds) == seconds || !last.is_object() {
            return;
        }
        let told = pause.map(|Pause { host, seconds }| payload::Pause { host: host.to_owned(), seconds });
        self.0.pause.replace(to_js(&told));
        self.tell(js_sys::Object::assign(&js_sys::Object::new(), last.unchecked_ref()).into());
    }
}

/// A call under way.
pub(crate) struct Call {
    stage: RefCell<String>,
    listener: Listener,
    /// What cancels it.
    pub(crate) signal: AbortSignal,
    /// Bytes that it took from the network and from the cache.
    pub(crate) network: Cell<u64>,
    pub(crate) cache: Cell<u64>,
    /// Bytes of all its fetches together, where it makes several.
    expected: Cell<u64>,
    /// What is known of its result already, for the page to show.
    partial: RefCell<JsValue>,
}

impl Call {
    pub(crate) fn new(on_progress: js_sys::Function, signal: AbortSignal) -> Self {
        let partial = RefCell::new(JsValue::NULL);
        let listener = Listener::new(on_progress);
        let (network, cache, expected) = (Cell::default(), Cell::default(), Cell::default());
        Self { stage: RefCell::default(), listener, signal, network, cache, expected, partial }
    }

    /// Who hears how far it is.
    pub(crate) fn listener(&self) -> Listener {
        self.listener.clone()
    }

    /// Says how many bytes its fetches come to together.
    pub(crate) fn expect(&self, bytes: u64) {
        self.expected.set(bytes);
    }

    /// Shows a part of the result.
    pub(crate) fn show(&self, partial: JsValue) {
        self.partial.replace(partial);
    }

    /// Tells the page of bytes that arrived: `done` of the running fetch's `total`,
    /// after `before` of earlier ones.
    pub(crate) fn arrived(&self, before: u64, done: u64, total: u64) {
        let total = self.expected.get().max(before + total);
        self.progress((before + done).min(total), total, Unit::Bytes);
    }

    /// Names what is done from here on.
    pub(crate) fn stage(&self, stage: impl Into<String>) {
        self.stage.replace(stage.into());
    }

    /// Tells the page how far it is.
    pub(crate) fn progress(&self, done: u64, total: u64, unit: Unit) {
        let progress = Progress {
            stage: &self.stage.borrow(),
            done: done as f64,
            total: total as f64,
            unit,
            network: self.network.get() as f64,
            cache: self.cache.get() as f64,
            partial: (),
            pause: (),
        };
        let progress = to_js(&progress);
        set_property(&progress, "partial", &self.partial.borrow());
        self.listener.tell(progress);
    }
}

impl YieldPoint for Call {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.progress(done as u64, total as u64, Unit::Runs);
        breathe().await;
        if self.signal.aborted() { Err(StudyError::Cancelled) } else { Ok(()) }
    }
}

/// Steps of another name than the model's runs.
pub(crate) struct Steps<'a> {
    pub(crate) call: &'a Call,
    pub(crate) unit: Unit,
}

impl YieldPoint for Steps<'_> {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        self.call.progress(done as u64, total as u64, self.unit);
        breathe().await;
        if self.call.signal.aborted() { Err(StudyError::Cancelled) } else { Ok(()) }
    }
}
