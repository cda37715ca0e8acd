//! The first step: the model is opened, and the shown head run on the shown prompt.

use super::Engine;
use crate::model::Depth;
use crate::study;
use crate::web::js::{set_property, to_js};
use crate::web::models::call::Call;
use crate::web::payload::{self, ModelInfo, PatternResult, can_be_scored};
use crate::web::prompt_set::PromptSet;
use crate::web::results::Shown;
use crate::web::results::file::Tilings;
use crate::web::steps::{self, Instead, head_depth, head_of, shown_prompt};
use crate::web::{Problem, Settings};
use crate::weights::Config;
use wasm_bindgen::JsValue;

impl Engine {
    /// Opens the model and loads what the shown head needs, or the best one if the
    /// model lacks that.
    pub(super) async fn load(&self, mut settings: Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(&settings, call).await?;
        let mut problems = Vec::new();
        let mut note = None;
        if !settings.head.exists(&open.config) {
            let best = if can_be_scored(&settings, &set) {
                Some(self.scores(&open, &settings, &set, call).await?.ranking()[0].0)
            } else {
                None
            };
            let instead = Instead::of(settings.head, best, &open.config);
            settings.head = instead.head;
            note = instead.note;
            problems.extend(instead.problem);
        }
        self.fetch(&open, &set.cases(), head_depth(&settings, &open.config), call).await?;
        let Config { n_layer, n_head, d_model, n_ctx, d_vocab, .. } = open.config;
        let notes = [
            note.as_deref(),
            self.models.assumption(&open.id),
            open.tokenizer_note.as_deref(),
            // Of the site's own the page has said that it is a demonstration.
            open.index.precision_note().filter(|_| open.id != "tiny"),
        ];
        Ok(to_js(&ModelInfo {
            id: open.id.clone(),
            name: open.shown_name(),
            n_layer,
            n_head,
            d_model,
            n_ctx,
            n_vocab: d_vocab,
            file_bytes: open.index.file_len,
            head: settings.head,
            problems,
            note: notes.into_iter().flatten().collect::<Vec<_>>().join(" "),
            prompt_set: open.tokens.as_ref().map(|_| payload::PromptSet::of(&set, &settings)),
            storage_note: open.note().or(self.models.cache().await.note().map(str::to_owned)),
        }))
    }

    /// The shown head's pattern on the shown prompt, with its score there.
    pub(super) async fn pattern(&self, settings: &Settings, call: &Call) -> Result<JsValue, Problem> {
        let (set, open) = self.begin(settings, call).await?;
        let head = head_of(settings, &open.config)?;
        let number = settings.shown_prompt();
        let prompt = shown_prompt(&set, settings)?;
        let cases = set.cases();
        self.fetch(&open, &cases, head_depth(settings, &open.config), call).await?;
        let started = js_sys::Date::now();
        if settings.alpha.is_steered() {
            let kept = self.taken_apart(&open, settings, &set, head, false, call).await?;
            let alpha = settings.alpha.factor();
            let pattern = kept.pattern(number, alpha).ok_or_else(|| Problem::bug("No such prompt"))?;
            let steered = kept.scores(&settings.measure(), alpha).into_iter();
            let shares = steered.take(cases.len()).map(|prompt| (prompt.sequence, prompt.shares)).collect();
            self.results.borrow_mut().timings.forward = js_sys::Date::now() - started;
            return self.show(Shown { head, prompt: number, pattern, shares }, &set, settings);
        }
        let kept = self.kept_baseline(&open, settings, &cases, head, call).await?;
        let place = cases.iter().position(|case| case.sequence == number);
        let pattern = match (place, &kept) {
            (Some(i), Some(kept)) => kept.baseline.pattern.patterns[i].clone(),
            // A dropped prompt is not part of any score, and run by itself.
            _ => {
                let case = prompt.case(number);
                self.fetch(&open, std::slice::from_ref(&case), Depth::Pattern(head.layer), call).await?;
                let model = open.model.lock().await;
                let alone = study::baseline(&model, &[case], head, call).await;
                alone?.pattern.patterns.swap_remove(0)
            }
        };
        {
            let timings = &mut self.results.borrow_mut().timings;
            timings.forward = js_sys::Date::now() - started;
            timings.tiling = Tilings::chosen();
        }
        let patterns = kept.as_ref().map_or(&[][..], |kept| &kept.baseline.pattern.patterns);
        self.show(steps::shown(head, number, pattern, &cases, patterns), &set, settings)
    }

    /// Keeps the shown head's pattern for the export, and gives it to the page.
    fn show(&self, shown: Shown, set: &PromptSet, settings: &Settings) -> Result<JsValue, Problem> {
        let result = PatternResult::of(&shown, shown_prompt(set, settings)?, settings, set);
        self.results.borrow_mut().shown = Some(shown);
        Ok(give_pattern(&result))
    }
}

/// A pattern as the page reads it, its numbers as arrays.
pub(super) fn give_pattern(result: &PatternResult) -> JsValue {
    let given = to_js(result);
    set_property(&given, "pattern", &js_sys::Float32Array::from(result.pattern.as_slice()));
    set_property(&given, "relations", &js_sys::Uint8Array::from(result.relations.as_slice()));
    given
}
