//! Small bridges between Rust values and the browser's.

use super::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::pin::Pin;
use std::task::{Context, Poll};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

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
    // Everything that is passed is plain data, which always has a form in JSON. All of it
    // becomes a `Value` first, so that little code is made for each type.
    serde_json::to_value(value).map_or(JsValue::NULL, |value| parsed(&value))
}

/// The browser reads a text faster than an object can be put together by calls.
fn parsed(value: &Value) -> JsValue {
    let text = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&text).unwrap_or(JsValue::NULL)
}

/// A value as a text for people: the browser indents it.
pub(super) fn pretty(value: &Value) -> JsValue {
    let text = js_sys::JSON::stringify_with_replacer_and_space(&parsed(value), &JsValue::NULL, &2.into());
    text.map_or(JsValue::NULL, Into::into)
}

/// A value that the page passed.
pub(super) fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, Problem> {
    serde_json::from_value(plain(value, MOST_DEEP)).map_err(Problem::bug)
}

/// Deepest nesting of what is read; what lies deeper is left out.
const MOST_DEEP: usize = 100;

/// Plain data of the page's. Arrays of numbers for the module's memory are none, nor is
/// what is not data; they read as null.
fn plain(value: &JsValue, deep: usize) -> Value {
    if let Some(text) = value.as_string() {
        return Value::String(text);
    }
    if let Some(truth) = value.as_bool() {
        return Value::Bool(truth);
    }
    if let Some(number) = value.as_f64() {
        let whole = number as i64;
        let is_whole = whole as f64 == number && whole.unsigned_abs() <= MOST_EXACT;
        return if is_whole { whole.into() } else { number.into() };
    }
    if deep == 0 || js_sys::ArrayBuffer::is_view(value) {
        return Value::Null;
    }
    let list = |value: &JsValue| js_sys::Array::from(value).into_iter();
    if js_sys::Array::is_array(value) {
        return Value::Array(list(value).map(|each| plain(&each, deep - 1)).collect());
    }
    let mut map = Map::new();
    if let Some(object) = value.dyn_ref::<js_sys::Object>() {
        // One by one: to collect would bring a sort of its own into the first load.
        for entry in list(&js_sys::Object::entries(object)) {
            let entry: js_sys::Array = entry.unchecked_into();
            let (name, value) = (entry.get(0).as_string(), entry.get(1));
            if let Some(name) = name.filter(|_| !value.is_undefined()) {
                map.insert(name, plain(&value, deep - 1));
            }
        }
        return Value::Object(map);
    }
    Value::Null
}

/// Whole numbers up to this are exact in the page.
const MOST_EXACT: u64 = 1 << 53;

/// A property of an object that the page passed.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of a plain object, which does not fail.
pub(super) fn set_property(object: &JsValue, name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(object, &name.into(), value);
}

/// Lets the browser handle what has happened meanwhile, a Cancel for one. By a message,
/// which takes its turn behind those that are there: a timer set by a timer waits four
/// milliseconds at least.
pub(super) async fn breathe() {
    let Ok(channel) = MessageChannel::new() else { return sleep(0.0).await };
    let (here, there) = (channel.port1(), channel.port2());
    let came = js_sys::Promise::new(&mut |came, _| here.set_onmessage(Some(&came)));
    if there.post_message(&JsValue::NULL).is_ok() {
        // A promise that is only ever kept.
        let _ = JsFuture::from(came).await;
    }
    here.close();
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
