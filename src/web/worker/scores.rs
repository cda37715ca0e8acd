//! The second step: the scores of all heads.

use super::Engine;
use crate::model::Depth;
use crate::study;
use crate::web::js::{breathe, to_js};
use crate::web::models::Open;
use crate::web::models::call::Call;
use crate::web::payload::{HeadScores, PartialScores, Unit, scored_cases};
use crate::web::prompt_set::PromptSet;
use crate::web::results::file::Tilings;
use crate::web::{Problem, Settings};
use futures_channel::mpsc::unbounded;
use futures_util::StreamExt;
use futures_util::future::{self, Either};
use std::pin::pin;
use wasm_bindgen::JsValue;

impl Engine {
    /// Scores every head on every kept prompt, and loads what that needs.
    pub(super) async fn score_heads(&self, settings: &Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(settings, call).await?;
        let scores = self.scores(&open, settings, &set, call).await?;
        Ok(to_js(&HeadScores::of(&scores, settings, &set)))
    }

    /// Scores the heads of the first layers, as far as they are loaded.
    pub(super) async fn score_loaded(&self, settings: &Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(settings, call).await?;
        let kept = set.cases();
        let cases = scored_cases(settings, &set);
        let mut scorer = study::HeadScorer::new(&cases, settings.measure())?;
        for l in 0..open.config.n_layer {
            breathe().await;
            if call.signal.aborted() {
                return Err(Problem::cancelled());
            }
            let model = open.model.lock().await;
            if !model.missing(&study::need(&kept, Depth::Pattern(l))).is_empty() {
                break;
            }
            scorer.run_layer(&model).await?;
        }
        let scores = scorer.scores();
        Ok(to_js(&PartialScores { mean: scores.mean(), chance: scores.chance }))
    }

    /// Scores of all heads, kept for the export; the shown head's are those under steering.
    pub(super) async fn scores(
        &self,
        open: &Open,
        settings: &Settings,
        set: &PromptSet,
        call: &Call,
    ) -> Result<study::HeadScores, Problem> {
        let known = self.results.borrow().head_scores.clone();
        if let Some(scores) = known {
            return Ok(scores);
        }
        let mut scores = self.model_scores(open, settings, set, call).await?;
        let head = settings.head;
        if settings.alpha.is_steered() && head.exists(&open.config) {
            let kept = self.taken_apart(open, settings, set, head, false, call).await?;
            kept.steer_scores(&mut scores, settings.alpha.factor());
        }
        self.results.borrow_mut().head_scores = Some(scores.clone());
        Ok(scores)
    }

    /// Scores of all heads as the model has them.
    async fn model_scores(
        &self,
        open: &Open,
        settings: &Settings,
        set: &PromptSet,
        call: &Call,
    ) -> Result<study::HeadScores, Problem> {
        let known = self.results.borrow().model_scores.clone();
        if let Some(scores) = known {
            return Ok(scores);
        }
        let cases = scored_cases(settings, set);
        let kept = set.cases();
        let last = open.config.n_layer - 1;
        let whole = self.models.cost(&open.id, |_| study::need(&kept, Depth::Pattern(last))).await?.1;
        let whole = whole.map_or(0, |cost| cost.network + cost.cache);
        call.expect(whole);
        let mut scorer = study::HeadScorer::new(&cases, settings.measure())?;
        let mut computing = 0.0;
        // All layers are on their way at once, in their order. Each is scored and shown as
        // soon as it is there, and the line is never idle meanwhile.
        let need = |l| study::need(&kept, Depth::Pattern(l));
        let (coming, mut come) = unbounded();
        let loading = async {
            let loaded = self.fetch_beside(open, &need(last), call, &coming).await;
            coming.close_channel();
            loaded
        };
        let scoring = async {
            for l in 0..=last {
                loop {
                    let mut model = open.model.lock().await;
                    if model.missing(&need(l)).is_empty() {
                        break;
                    }
                    drop(model);
                    // Where nothing more comes the load has failed, and says why.
                    let Some((part, numbers)) = come.next().await else { return Ok(()) };
                    model = open.model.lock().await;
                    model.insert(&part, numbers)?;
                }
                breathe().await;
                if call.signal.aborted() {
                    return Err(Problem::cancelled());
                }
                let started = js_sys::Date::now();
                scorer.run_layer(&*open.model.lock().await).await?;
                computing += js_sys::Date::now() - started;
                let scores = scorer.scores();
                call.show(to_js(&PartialScores { mean: scores.mean(), chance: scores.chance }));
                call.stage(format!("Scoring layer {l}"));
                call.progress(l as u64 + 1, last as u64 + 1, Unit::Runs);
            }
            Ok::<(), Problem>(())
        };
        {
            let (loading, scoring) = (pin!(loading), pin!(scoring));
            match future::select(loading, scoring).await {
                Either::Left((loaded, scoring)) => {
                    loaded?;
                    scoring.await?;
                }
                Either::Right((scored, loading)) => {
                    // After a cancel the load ends at once, and keeps what came.
                    let loaded = if scored.is_ok() || call.signal.aborted() { loading.await } else { Ok(()) };
                    scored.and(loaded)?;
                }
            }
        }
        let scores = scorer.scores();
        let mut results = self.results.borrow_mut();
        results.timings.detect = computing;
        results.timings.tiling = Tilings::chosen();
        results.model_scores = Some(scores.clone());
        Ok(scores)
    }
}
