//! What the site ships of Headscope: all of [`headscope::web`].
//!
//! A crate of its own, because it decides how the whole is put together: for speed,
//! while `headscope` itself is compiled for size.

pub use headscope::web;
