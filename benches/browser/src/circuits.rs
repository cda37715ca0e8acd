//! A head taken apart, and what the whole model makes of a text.

use crate::failure;
use crate::ours::Ours;
use headscope::circuits::{FoldedHead, Spectrum, forms_of, lens, single_words, words_alone};
use headscope::study::component::Ablation;
use headscope::study::text_loss::{Sampler, continue_text};
use headscope::study::{Head, Uninterrupted};
use headscope::web::Settings;
use headscope::web::taken_apart::{HeadTakenApart, Wanted};
use wasm_bindgen::prelude::*;

const HEAD: Head = Head { layer: 1, head: 5 };

/// L1H5 of a model, taken apart.
#[wasm_bindgen]
pub struct TakenApart(HeadTakenApart);

#[wasm_bindgen]
impl Ours {
    /// The head's forms: eigenvalues, traces and shares.
    ///
    /// # Errors
    ///
    /// The circuits'.
    pub async fn form(&self) -> Result<(), JsValue> {
        forms_of(&self.model, &[HEAD], &Uninterrupted).await.map(drop).map_err(failure)
    }

    /// The words of the table by each other.
    ///
    /// # Errors
    ///
    /// The circuits'.
    pub async fn words(&self) -> Result<(), JsValue> {
        let words = single_words(&Settings::default().table(), &self.tokens).map_err(failure)?;
        let folded = FoldedHead::of(&self.model, HEAD).await.map_err(failure)?;
        let spectrum = Spectrum::of(&folded).map_err(failure)?;
        let bos = self.tokens.bos();
        let alone = words_alone(&self.model, bos, &words, &folded, &spectrum, &Uninterrupted).await;
        alone.map(drop).map_err(failure)
    }

    /// Takes the head apart, on all kept prompts.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn take_apart(&self) -> Result<TakenApart, JsValue> {
        let settings = Settings::default();
        let apart = HeadTakenApart::of(&self.model, &settings, &self.set, HEAD, &Uninterrupted).await;
        let apart = apart.map_err(|problem| failure(problem.what))?;
        let found = (&self.set, &settings);
        // So that the words are there, as they are on the page before the slider is moved.
        apart
            .found(&self.model, &self.tokens, found, Wanted::default(), &Uninterrupted)
            .await
            .map_err(|problem| failure(problem.what))?;
        Ok(TakenApart(apart))
    }

    /// What the page computes at a step of the slider, on all kept prompts, the shuffles of
    /// the words' test included.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn slide(&self, apart: &TakenApart, alpha: f64) -> Result<(), JsValue> {
        let TakenApart(apart) = apart;
        let mut settings = Settings::default();
        let patch = serde_json::Map::from_iter([("alpha".to_owned(), alpha.into())]);
        settings = settings.change(&patch).settings;
        let _ = apart.pattern(settings.shown_prompt(), alpha);
        let found = (&self.set, &settings);
        let found = apart.found(&self.model, &self.tokens, found, Wanted::default(), &Uninterrupted).await;
        found.map(drop).map_err(|problem| failure(problem.what))
    }

    /// The pattern of the shown prompt at a step of the slider.
    #[must_use]
    pub fn slide_shown(&self, apart: &TakenApart, alpha: f64) -> usize {
        let TakenApart(apart) = apart;
        apart.pattern(Settings::default().shown_prompt(), alpha).map_or(0, |pattern| pattern.len())
    }

    /// What every layer would say of a text.
    ///
    /// # Errors
    ///
    /// The circuits'.
    pub async fn lens(&self, ids: Vec<u32>) -> Result<(), JsValue> {
        lens(&self.model, &ids, &Uninterrupted).await.map(drop).map_err(failure)
    }

    /// Lets a text go on by so many tokens.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn go_on(&self, ids: Vec<u32>, most: usize) -> Result<usize, JsValue> {
        let mut sampler = Sampler::new(1, 1.0, 1.0);
        let none = Ablation::default();
        let Self { model, tokens, .. } = self;
        let all = continue_text(model, tokens, &ids, &none, &mut sampler, most, &Uninterrupted).await;
        all.map(|all| all.len()).map_err(failure)
    }
}
