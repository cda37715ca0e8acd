//! The third step: the shown head without what feeds it.

use super::Engine;
use crate::study::{self, StudyError};
use crate::web::js::to_js;
use crate::web::models::call::Call;
use crate::web::payload::Ablations;
use crate::web::results::file::Tilings;
use crate::web::steps::{asked_ablations, head_depth, head_of};
use crate::web::{Problem, Settings};
use wasm_bindgen::JsValue;

impl Engine {
    /// Runs the ablations that the settings ask for on the shown head.
    pub(super) async fn run_ablations(&self, settings: &Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(settings, call).await?;
        let head = head_of(settings, &open.config)?;
        let ablations = asked_ablations(settings, head, &open.config)?;
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
        results.timings.tiling = Tilings::chosen();
        results.ablations = effects;
        Ok(result)
    }
}
