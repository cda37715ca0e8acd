//! Results from a file, shown as if they had been computed here.

use super::Engine;
use super::head::give_pattern;
use crate::web::Problem;
use crate::web::js::{from_js, property, set_property, to_js};
use crate::web::models::call::Call;
use crate::web::payload::ImportedResults;
use crate::web::results::import;
use wasm_bindgen::prelude::*;

impl Engine {
    /// Reads a results file and makes its results the engine's own. A problem leaves
    /// everything as it was.
    pub(super) async fn import_results(&self, text: &str, call: &Call) -> Result<JsValue, Problem> {
        // The browser's own parser reads every number as it was written.
        let file = js_sys::JSON::parse(text).map_err(not_json)?;
        let tokens = self.tokens(&call.signal).await?;
        let results = import::read(&from_js(&file)?, &tokens)?;
        let Some(given) = ImportedResults::of(&results) else { return Err(Problem::bug("No prompts")) };
        let page = to_js(&given);
        let pattern = given.pattern.as_ref().map_or(JsValue::NULL, give_pattern);
        set_property(&page, "pattern", &pattern);
        self.forget_runs();
        self.results.replace(results);
        Ok(page)
    }
}

/// What the browser says of a text that it could not parse.
fn not_json(error: JsValue) -> Problem {
    let why = property(&error, "message").as_string().unwrap_or_default();
    Problem::of_file(format!("the file is not JSON: {why}"))
}
