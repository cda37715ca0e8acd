//! The shown head taken apart, kept by the engine.

use super::Engine;
use crate::model::Depth;
use crate::study::Head;
use crate::web::models::Open;
use crate::web::models::call::Call;
use crate::web::prompt_set::PromptSet;
use crate::web::taken_apart::{HeadTakenApart, kept_and_shown};
use crate::web::{Problem, Settings};
use std::rc::Rc;

impl Engine {
    /// The shown head of an open model, taken apart, with what it writes if that is wanted
    /// (`direct`) and loaded.
    pub(in crate::web) async fn taken_apart(
        &self,
        open: &Open,
        settings: &Settings,
        set: &PromptSet,
        head: Head,
        direct: bool,
        call: &Call,
    ) -> Result<Rc<HeadTakenApart>, Problem> {
        let known = self.taken_apart.borrow().clone();
        if let Some(kept) = known.filter(|kept| kept.is_of(head, settings, direct)) {
            return Ok(kept);
        }
        self.fetch(open, &kept_and_shown(set, settings)?, Depth::Pattern(head.layer), call).await?;
        call.stage("Taking the head apart");
        let model = open.model.lock().await;
        let kept = Rc::new(HeadTakenApart::of(&model, settings, set, head, call).await?);
        self.taken_apart.replace(Some(kept.clone()));
        Ok(kept)
    }

    /// Forgets what stands on the open model or on how it reads prompts.
    pub(super) fn forget_runs(&self) {
        self.baseline.replace(None);
        self.taken_apart.replace(None);
    }
}
