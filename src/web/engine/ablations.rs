//! The shown head without what feeds it.

use super::super::js::to_js;
use super::super::{Problem, Settings, choice};
use super::{Engine, Step, given, head_of};
use crate::study::{self, Head, StudyError};
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

#[wasm_bindgen]
impl Engine {
    /// Runs the ablations that `{settings}` ask for on the shown head.
    ///
    /// # Errors
    ///
    /// A [`Problem`] as an object.
    pub async fn run_ablations(
        &self,
        args: JsValue,
        on_progress: js_sys::Function,
        signal: AbortSignal,
    ) -> Result<JsValue, JsValue> {
        let (settings, call, set, open) = self.begin(&args, on_progress, signal).await?;
        let head = head_of(&settings, &open.config)?;
        let ablations = choice::ablations(&settings, head.layer, &open.config);
        let named = ablations.iter().flat_map(|ablation| ablation.parts().iter().map(|(c, _)| *c));
        if let Some(component) = named.into_iter().find(|component| !component.exists(&open.config)) {
            let what = format!("the model has no component {component}");
            let next = "Choose other components, or those of the kind.";
            return Err(Problem::new(what, "The results so far are kept.", next).about("ablate").into());
        }
        if ablations.is_empty() {
            return Err(nothing_to_ablate(&settings, head).into());
        }
        self.ensure(&open, &set, Step::Ablations, &settings, &call).await?;
        let started = js_sys::Date::now();
        let cases = set.cases();
        let kept = self.kept_baseline(&open, &settings, &cases, head, &call).await?;
        let kept = kept.ok_or_else(|| Problem::from(StudyError::NothingToScore))?;
        call.stage("Ablating");
        let measure = settings.measure();
        let model = open.model.lock().await;
        let effects = study::effects(&model, &cases, &kept.baseline, measure, &ablations, &call).await;
        let effects = effects.map_err(Problem::from)?;
        let result = to_js(&given::ablations(&effects, &settings, &set));
        let mut results = self.results.borrow_mut();
        results.timings.ablate = js_sys::Date::now() - started;
        results.ablations = effects;
        Ok(result)
    }
}

fn nothing_to_ablate(settings: &Settings, head: Head) -> Problem {
    let what = format!("nothing that feeds {head} can be ablated by {}", settings.kind);
    Problem::new(what, "The results so far are kept.", "Choose another kind, or a head of a later layer.")
}
