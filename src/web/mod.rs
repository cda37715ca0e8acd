//! The edge where the study meets the page.
//!
//! [`settings`] is what a link carries, [`link`] its text form, [`choice`] the
//! longer of its values, [`packed`] how a link carries texts, [`prompt_set`] what
//! the settings draw, [`results`] what was computed and the file it is exported to,
//! [`import`] how that file is read back, [`problem`] an error that a person can
//! act on. These are plain Rust and tested natively. In the browser `page` and
//! `csv_text` parse and write and `views` draw for the page's thread, and `engine`
//! computes for its worker. It has its models from
//! the `library`, which reads them by `http`, from `disk` or out of the `cache`,
//! under a `lock` that all tabs share, and spreads the work over a `crew`.

pub mod choice;
pub mod import;
pub mod link;
pub mod packed;
pub mod problem;
pub mod prompt_set;
pub mod results;
pub mod settings;

#[cfg(target_arch = "wasm32")]
mod cache;
#[cfg(target_arch = "wasm32")]
mod call;
#[cfg(target_arch = "wasm32")]
mod crew;
#[cfg(target_arch = "wasm32")]
mod csv_text;
#[cfg(target_arch = "wasm32")]
mod disk;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(target_arch = "wasm32")]
mod js;
#[cfg(target_arch = "wasm32")]
mod library;
#[cfg(target_arch = "wasm32")]
mod lock;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod views;

#[cfg(target_arch = "wasm32")]
pub use crew::{CrewMember, WorkerCrew, Workers};
#[cfg(target_arch = "wasm32")]
pub use csv_text::{format_csv, split_csv_line};
#[cfg(target_arch = "wasm32")]
pub use engine::Engine;
#[cfg(target_arch = "wasm32")]
pub use page::{
    check_settings, default_settings, format_link, format_words, parse_link, parse_words, reconcile,
};
#[cfg(target_arch = "wasm32")]
pub use views::{View, head_map_view, pattern_view, thumbnails_view};

pub use problem::Problem;
pub use settings::{SettingProblem, Settings};
