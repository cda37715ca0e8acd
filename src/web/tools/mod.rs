//! What goes beyond the three steps: one file a tool, with what it is asked, what it
//! finds, how a file holds that, what it costs and how it is run. A new tool is such a
//! file and a line of the table below.

pub mod attribution;
pub mod categories;
pub mod check;
pub mod circuits;
pub mod continuation;
pub mod contrasts;
pub mod lens;
pub mod output;
pub mod pins;
pub mod seeds;
pub mod text;
pub mod thumbnails;

use crate::web::request::{AskPrompt, Study};
use crate::web::results::shape::Shape;
use serde::Deserialize;
use serde_json::Value;

#[cfg(target_arch = "wasm32")]
use crate::web::Problem;
#[cfg(target_arch = "wasm32")]
use crate::web::models::call::Call;
#[cfg(target_arch = "wasm32")]
use crate::web::payload::Estimate;
#[cfg(target_arch = "wasm32")]
use crate::web::request::AskCost;
#[cfg(target_arch = "wasm32")]
use crate::web::worker::Engine;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::JsValue;

/// How a results file holds what a tool found.
pub struct InFiles {
    /// What it looks like.
    pub(in crate::web) shape: &'static Shape,
    /// What it went by before every tool had one name.
    pub(in crate::web) once: Option<&'static str>,
    /// Whether the lists of what has that shape agree in their lengths.
    pub(in crate::web) fits: fn(&Value) -> bool,
}

impl InFiles {
    /// Something of this shape, whatever it holds.
    const fn of(shape: &'static Shape) -> Self {
        Self { shape, once: None, fits: |_| true }
    }
}

/// Makes the registry of tools: each by its name, which is that of its file, of its
/// requests, of its results in the page's state and in files, and of its section's parts.
macro_rules! tools {
    ($($(#[$about:meta])* $tool:ident $name:ident: $ask:ty => $found:ty;)*) => {
        /// What goes beyond the three steps.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Tool {
            $($(#[$about])* $tool,)*
        }

        impl Tool {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$tool,)*];

            /// Its one name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$tool => stringify!($name),)*
                }
            }

            /// How files hold what it found; nothing of a tool whose results they do not.
            #[must_use]
            pub fn in_files(self) -> Option<InFiles> {
                match self {
                    $(Self::$tool => $name::IN_FILES,)*
                }
            }
        }

        /// A request for a tool, under its name.
        #[derive(Debug, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[serde(rename_all = "lowercase")]
        pub enum AskTool {
            $($(#[$about])* $tool($ask),)*
        }

        /// What each of them finds.
        #[cfg(test)]
        #[derive(ts_rs::TS)]
        #[allow(dead_code, reason = "the page's types are made of it")]
        pub(in crate::web) struct ToolResults {
            $($name: $found,)*
        }

        #[cfg(target_arch = "wasm32")]
        impl AskTool {
            /// Runs the tool. What files hold of its result is kept for the export.
            pub(in crate::web) async fn run(&self, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
                match self {
                    $(Self::$tool(ask) => $name::run(ask, engine, call).await,)*
                }
            }
        }

        #[cfg(target_arch = "wasm32")]
        impl Tool {
            /// What the tool would fetch now. Asks nobody.
            pub(in crate::web) async fn cost(
                self,
                ask: &AskCost,
                engine: &Engine,
                call: &Call,
            ) -> Result<Estimate, Problem> {
                match self {
                    $(Self::$tool => $name::cost(ask, engine, call).await,)*
                }
            }
        }
    };
}

tools! {
    /// The pinned heads on the shown prompt.
    Pins pins: AskPrompt => pins::Pins;
    /// All heads on the shown prompt, made small.
    Thumbnails thumbnails: AskPrompt => thumbnails::ThumbnailSheet;
    /// Attention from category to category.
    Categories categories: Study => categories::Categories;
    /// Heads and prompts side by side.
    Contrasts contrasts: contrasts::AskContrasts => contrasts::Contrasts;
    /// The study over many seeds.
    Seeds seeds: Study => seeds::Seeds;
    /// The loss of each token of the shown prompt.
    Text text: Study => text::TextReading;
    /// How the shown prompt goes on.
    Continuation continuation: continuation::AskContinuation => continuation::Continuation;
    /// The model held against published figures.
    Check check: check::AskCheck => check::SelfCheck;
    /// Why the shown head looks where it looks.
    Circuits circuits: circuits::AskCircuits => circuits::Circuits;
    /// What each layer would say of the shown prompt.
    Lens lens: Study => lens::Lens;
    /// A logit of the shown prompt by component.
    Attribution attribution: Study => attribution::Attribution;
    /// The output without each component.
    Output output: Study => output::Output;
}
