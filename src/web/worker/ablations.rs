//! The third step: the shown head without what feeds it.

use super::{Engine, head_depth, head_of};
use crate::study::{self, Head, StudyError};
use crate::web::js::to_js;
use crate::web::link::ablation_choice;
use crate::web::models::call::Call;
use crate::web::payload::Ablations;
use crate::web::{Problem, Settings};
use wasm_bindgen::JsValue;

impl Engine {
    /// Runs the ablations that the settings ask for on the shown head.
    pub(super) async fn run_ablations(&self, settings: &Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(settings, call).await?;
        let head = head_of(settings, &open.config)?;
        let ablations = ablation_choice::ablations(settings, head.layer, &open.config);
        let named = ablations.iter().flat_map(|ablation| ablation.parts().iter().map(|(c, _)| *c));
        if let Some(component) = named.into_iter().find(|component| !component.exists(&open.config)) {
            let what = format!("the model has no component {component}");
            let next = "Choose other components, or those of the kind.";
            return Err(Problem::new(what, "The results so far are kept.", next).about("ablate"));
        }
        if ablations.is_empty() {
            return Err(nothing_to_ablate(settings, head));
        }
        let cases = set.cases();
        self.fetch(&open, &cases, head_depth(settings, &open.config), call).await?;
        let started = js_sys::Date::now();
        let kept = self.kept_baseline(&open, settings, &cases, head, call).await?;
        let kept = kept.ok_or_else(|| Problem::from(StudyError::NothingToScore))?;
        call.stage("Ablating");
        let measure = settings.measure();
        let model = open.model.lock().await;
        let effects = study::effects(&model, &cases, &kept.baseline, measure, &ablations, call).await?;
        let result = to_js(&Ablations::of(&effects, settings, &set));
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
