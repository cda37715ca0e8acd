//! Results from a file, shown as if they had been computed here.

use super::super::js::{from_js, property, set_property, to_js};
use super::super::{Problem, import};
use super::{Engine, given};
use serde_json::json;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[wasm_bindgen]
impl Engine {
    /// Reads the `{text}` of a results file and makes its results the engine's own,
    /// for the page to show and export until a model is run.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object, which leaves everything as it was.
    pub async fn import_results(
        &self,
        args: JsValue,
        _on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let text = property(&args, "text").as_string().unwrap_or_default();
        // The browser's own parser reads every number as it was written.
        let file = js_sys::JSON::parse(&text).map_err(not_json)?;
        let tokens = self.tokens(&signal).await?;
        let results = import::read(&from_js(file)?, &tokens).map_err(Problem::from)?;
        let Some(set) = &results.prompts else { return Err(Problem::bug("No prompts").into()) };
        let settings = &results.settings;
        let page = to_js(&json!({
            "build": results.build,
            "model": results.model.as_ref().map(|model| json!({
                "id": model.id,
                "n_layer": model.config.n_layer,
                "n_head": model.config.n_head,
            })),
            "settings": settings,
            "promptSet": given::prompts(set),
            "scores": results.head_scores.as_ref().map(|scores| given::head_scores(scores, settings, set)),
            "ablations": (!results.ablations.is_empty())
                .then(|| given::ablations(&results.ablations, settings, set)),
            "further": results.further,
        }));
        let shown = results.shown.as_ref().and_then(|shown| Some((shown, set.prompts.get(shown.prompt)?)));
        let pattern =
            shown.map_or(JsValue::NULL, |(shown, prompt)| given::pattern(shown, prompt, settings.measure()));
        set_property(&page, "pattern", &pattern);
        self.baseline.replace(None);
        self.results.replace(results);
        Ok(page)
    }
}

/// What the browser says of a text that it could not parse.
fn not_json(error: JsValue) -> Problem {
    let why = property(&error, "message").as_string().unwrap_or_default();
    Problem::of_file(format!("the file is not JSON: {why}"))
}
