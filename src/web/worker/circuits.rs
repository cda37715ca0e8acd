//! The shown head taken apart, kept for as long as its prompts stay the same, so that a
//! step of the steering costs no more than the patterns.

use super::Engine;
use crate::circuits::{FoldedHead, HeadForms, Spectrum, Steered, Steering, WordsAlone};
use crate::model::Depth;
use crate::study::{Head, Measure, TokenizedPrompt};
use crate::web::models::Open;
use crate::web::models::call::Call;
use crate::web::prompt_set::PromptSet;
use crate::web::steps::shown_case;
use crate::web::{Problem, Settings};
use std::cell::RefCell;
use std::rc::Rc;

/// A head on the kept prompts, and on the shown one where that is not among them.
pub(in crate::web) struct KeptCircuits {
    settings: Settings,
    pub(in crate::web) folded: FoldedHead,
    pub(in crate::web) spectrum: Spectrum,
    pub(in crate::web) cases: Vec<TokenizedPrompt>,
    pub(in crate::web) steering: Steering,
    /// Forms of the heads whose weights were here when they were computed.
    pub(in crate::web) forms: RefCell<Vec<HeadForms>>,
    pub(in crate::web) words: RefCell<Option<WordsAlone>>,
}

impl KeptCircuits {
    /// The head's pattern on a prompt, by its number, under steering.
    pub(in crate::web) fn pattern(&self, sequence: usize, alpha: f64) -> Option<Vec<f32>> {
        let place = self.cases.iter().position(|case| case.sequence == sequence)?;
        self.steering.pattern(place, alpha)
    }

    /// The head's scores under steering.
    pub(in crate::web) fn scores(&self, measure: &Measure, alpha: f64) -> Vec<Steered> {
        self.steering.scores(&self.cases, measure, alpha)
    }
}

impl Engine {
    /// The shown head of an open model, taken apart.
    pub(in crate::web) async fn kept_circuits(
        &self,
        open: &Open,
        settings: &Settings,
        set: &PromptSet,
        head: Head,
        call: &Call,
    ) -> Result<Rc<KeptCircuits>, Problem> {
        let known = self.circuits.borrow().clone();
        let shown = shown_case(set, settings)?;
        let same = |kept: &Rc<KeptCircuits>| {
            kept.folded.head == head
                && kept.settings.model == settings.model
                && kept.settings.same_prompts(settings)
                && (!settings.is_painted() || kept.settings.prompt == settings.prompt)
                && kept.cases.iter().any(|case| case.sequence == shown.sequence)
        };
        if let Some(kept) = known.filter(same) {
            return Ok(kept);
        }
        let mut cases = set.cases();
        if cases.iter().all(|case| case.sequence != shown.sequence) {
            cases.push(shown);
        }
        self.fetch(open, &cases, Depth::Pattern(head.layer), call).await?;
        call.stage("Taking the head apart");
        let model = open.model.lock().await;
        let folded = FoldedHead::of(&model, head).await?;
        let spectrum = Spectrum::of(&folded)?;
        let prompts: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
        let steering = Steering::of(&model, &prompts, &folded, &spectrum, call).await?;
        let (settings, forms, words) = (settings.clone(), RefCell::default(), RefCell::default());
        let kept = Rc::new(KeptCircuits { settings, folded, spectrum, cases, steering, forms, words });
        self.circuits.replace(Some(kept.clone()));
        Ok(kept)
    }

    /// Forgets what stands on the open model or on how it reads prompts.
    pub(super) fn forget_runs(&self) {
        self.baseline.replace(None);
        self.circuits.replace(None);
    }
}
