//! Small bridges between Rust values and the browser's.

use super::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`, which pages and workers both have.
    #[wasm_bindgen(js_name = fetch)]
    pub(super) fn fetch(request: &web_sys::Request) -> js_sys::Promise;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// A value as the page reads it: objects for maps, null for nothing.
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    // Everything that is passed is plain data, which always has a JavaScript form.
    value.serialize(&serializer).unwrap_or(JsValue::NULL)
}

/// A value that the page passed.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Problem> {
    serde_wasm_bindgen::from_value(value).map_err(Problem::bug)
}

/// A property of an object that the page passed.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of a plain object, which does not fail.
pub(super) fn set_property(object: &JsValue, name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(object, &name.into(), value);
}

/// Lets the browser handle what has happened meanwhile, a Cancel for one.
pub(super) async fn breathe() {
    sleep(0.0).await;
}

/// Waits so many milliseconds.
pub(super) async fn sleep(milliseconds: f64) {
    Timer::new(milliseconds).await;
}

/// A wait that leaves no timer behind when nobody waits any more.
pub(super) struct Timer {
    timer: JsValue,
    rings: JsFuture,
}

impl Timer {
    pub(super) fn new(milliseconds: f64) -> Self {
        let mut timer = JsValue::UNDEFINED;
        let rings =
            js_sys::Promise::new(&mut |resolve, _| timer = set_timeout(&resolve, milliseconds as i32));
        Self { timer, rings: rings.into() }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // A timer does not fail.
        Pin::new(&mut self.rings).poll(context).map(|_| ())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.timer);
    }
}

/// The host of an address.
pub(super) fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest).to_owned()
}

impl From<Problem> for JsValue {
    fn from(problem: Problem) -> Self {
        to_js(&problem)
    }
}
