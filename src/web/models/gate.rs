//! A host's gate: shut for a while when the host asks for a pause, and then open to
//! one request at a time until one goes well. All files of a host go through it.

use crate::web::js::sleep;
use crate::weights::SourceError;
use futures_util::lock::{Mutex, MutexGuard};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// A pause where the host does not say how long, in milliseconds. Hosts do not let
/// pages of other origins read how long.
const UNTOLD: f64 = 60_000.0;
/// Longest pause that is waited out, in milliseconds.
const LONGEST: f64 = 900_000.0;
/// Pauses in a row, without an answer between them, that are waited out.
const MOST: u32 = 10;

thread_local! {
    static GATES: RefCell<HashMap<String, Rc<Gate>>> = RefCell::default();
}

/// What one host asked of this page.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Until when it is shut, in milliseconds since 1970.
    until: Cell<f64>,
    /// Pauses since the last answer.
    pauses: Cell<u32>,
    /// Who asked for the pause: this host, or the one that it leads to.
    by: RefCell<String>,
    /// Held by the one request that tries whether the pause is over.
    turn: Mutex<()>,
}

/// A pause under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause<'a> {
    /// Who asked for it.
    pub(crate) host: &'a str,
    /// How long it lasts still.
    pub(crate) seconds: u32,
}

/// The gate of a host.
pub(crate) fn of(host: &str) -> Rc<Gate> {
    GATES.with_borrow_mut(|gates| gates.entry(host.to_owned()).or_default().clone())
}

/// The pause that an answer asks for, in milliseconds: seconds or a date.
pub(crate) fn asked_for(status: u16, retry_after: Option<&str>) -> Option<f64> {
    if status != 429 && status < 500 {
        return None;
    }
    let told = retry_after.map(|told| match told.trim().parse::<f64>() {
        Ok(seconds) => seconds * 1000.0,
        Err(_) => js_sys::Date::parse(told) - js_sys::Date::now(),
    });
    let told = told.filter(|milliseconds| milliseconds.is_finite()).map(|milliseconds| milliseconds.max(0.0));
    told.or((status == 429).then_some(UNTOLD))
}

impl Gate {
    /// Shuts the gate for so many milliseconds. False if that is not worth waiting
    /// for, or was waited for too often.
    pub(crate) fn shut(&self, by: &str, milliseconds: f64) -> bool {
        // Not all pages behind one address come back at the same moment.
        let more = 1.0 + 0.05 * js_sys::Math::random();
        self.until.set(self.until.get().max(js_sys::Date::now() + milliseconds.min(LONGEST) * more));
        self.by.replace(by.to_owned());
        self.pauses.set(self.pauses.get() + 1);
        if milliseconds > LONGEST || self.pauses.get() > MOST {
            // Whoever tries again wants an answer, not to wait.
            self.until.set(0.0);
            self.pauses.set(0);
            return false;
        }
        true
    }

    /// Opens the gate after an answer.
    pub(crate) fn open(&self) {
        self.pauses.set(0);
    }

    /// Waits until requests may go on; `on_pause` hears of a pause, of its end by
    /// nothing, and may give up. The turn is to be held until the answer is there.
    pub(crate) async fn enter(
        &self,
        on_pause: impl Fn(Option<Pause<'_>>) -> Result<(), SourceError>,
    ) -> Result<Option<MutexGuard<'_, ()>>, SourceError> {
        loop {
            self.wait(&on_pause).await?;
            if self.pauses.get() == 0 {
                return Ok(None);
            }
            let turn = self.turn.lock().await;
            if self.left() <= 0.0 {
                return Ok((self.pauses.get() > 0).then_some(turn));
            }
        }
    }

    async fn wait(
        &self,
        on_pause: &impl Fn(Option<Pause<'_>>) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        if self.left() <= 0.0 {
            return Ok(());
        }
        while self.left() > 0.0 {
            let host = self.by.borrow().clone();
            on_pause(Some(Pause { host: &host, seconds: (self.left() / 1000.0).ceil() as u32 }))?;
            sleep(self.left().clamp(0.0, 100.0)).await;
        }
        on_pause(None)
    }

    fn left(&self) -> f64 {
        self.until.get() - js_sys::Date::now()
    }
}
