//! Web Locks: of two tabs that want the same download, one makes it and the
//! other finds it in the cache.

use crate::web::js::property;
use futures_util::future::{Either, select};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// A lock that is held until it is dropped.
pub(crate) struct Lock {
    release: Function,
}

impl Lock {
    /// Waits for the lock of that name. Browsers without locks, and a cancel
    /// while waiting, give none, and the work goes on without.
    pub(crate) async fn wait(name: &str, signal: &AbortSignal) -> Option<Self> {
        let locks = property(&property(&js_sys::global(), "navigator"), "locks");
        let request: Function = property(&locks, "request").dyn_into().ok()?;
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), signal).ok()?;
        let mut hold = JsValue::UNDEFINED;
        let held = Promise::new(&mut |granted, _| {
            // The lock is held while the promise that this returns is open.
            hold = Closure::once_into_js(move |_lock: JsValue| {
                Promise::new(&mut |release, _| {
                    let _ = granted.call1(&JsValue::NULL, &release);
                })
            });
        });
        let asked = request.call3(&locks, &name.into(), &options, &hold).ok()?.dyn_into::<Promise>().ok()?;
        let release = match select(JsFuture::from(held), JsFuture::from(asked)).await {
            Either::Left((release, _)) => release.ok()?.dyn_into().ok()?,
            // The request ends first only when it is refused.
            Either::Right(_) => return None,
        };
        Some(Self { release })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::NULL);
    }
}
