//! The site's own model and studies.

use crate::{failure, outputs, prompts};
use headscope::model::{ActivationCache, Gpt2, HookPoint, NoHooks, WorkerPool};
use headscope::study::component::{full_sweep, notebook_preset};
use headscope::study::{AblationKind, Baseline, Head, Metric, TokenizedPrompt, Uninterrupted};
use headscope::study::{baseline, effects, score_heads};
use headscope::tokens::Tokens;
use headscope::web::Settings;
use headscope::web::models::pool::{BrowserPool, Workers};
use headscope::web::prompt_set::PromptSet;
use headscope::weights::{Config, Part};
use js_sys::{Array, Float64Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// GPT-2 small, and the notebook's kept prompts.
#[wasm_bindgen]
pub struct Ours {
    pub(crate) model: Gpt2,
    pub(crate) tokens: Tokens,
    pub(crate) set: PromptSet,
    cases: Vec<TokenizedPrompt>,
}

#[wasm_bindgen]
impl Ours {
    /// A model of the sizes in a `config.json`, with nothing loaded; the
    /// tokenizer comes from GPT-2's `vocab.bpe`, and `workers` share the weights if
    /// there are any.
    ///
    /// # Errors
    ///
    /// What is wrong with either file.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, merges: &str, workers: Option<Workers>) -> Result<Self, JsValue> {
        let config = Config::from_json(config.as_bytes()).map_err(failure)?;
        let tokens = Tokens::from_merges(merges).map_err(failure)?;
        let set = PromptSet::of(&Settings::default(), &tokens).map_err(failure)?;
        let pool = workers.map(|workers| Rc::new(BrowserPool::new(workers)) as Rc<dyn WorkerPool>);
        Ok(Self { model: Gpt2::shared(config, pool), tokens, cases: set.cases(), set })
    }

    /// Puts a tensor of `rows` rows in its place.
    ///
    /// # Errors
    ///
    /// The model's.
    pub fn insert(&mut self, tensor: &str, rows: usize, numbers: Vec<f32>) -> Result<(), JsValue> {
        let part = Part { tensor: tensor.to_owned(), rows: 0..rows };
        self.model.insert(&part, numbers).map_err(failure)
    }

    /// Runs all layers: their patterns, and the residual stream after the last.
    ///
    /// # Errors
    ///
    /// The model's.
    pub async fn forward(&self, ids: Vec<u32>, batch: usize) -> Result<Array, JsValue> {
        let mut resid = self.model.embed(&prompts(&ids, batch), &NoHooks).await.map_err(failure)?;
        let mut patterns = Vec::new();
        for l in 0..self.model.config().n_layer {
            let recorder = ActivationCache::of(&[HookPoint::Pattern(l)]);
            resid = self.model.block(l, &resid, &recorder).await.map_err(failure)?;
            patterns.extend(recorder.into_activations().into_values());
        }
        outputs(&patterns, &resid)
    }

    /// The notebook's study: every head's score, L1H5's score on each prompt, and
    /// its scores under the four ablations, one after another in one list.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn notebook(&self) -> Result<Float64Array, JsValue> {
        let mut all = self.scores_of_heads().await?;
        let base = self.baseline(1, 5).await?;
        all.extend(self.effects_of_four(&base).await?);
        Ok(Float64Array::from(all.as_slice()))
    }

    /// The first step of it alone: every head's score.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn scores(&self) -> Result<(), JsValue> {
        self.scores_of_heads().await.map(drop)
    }

    /// The second step alone: the notebook's ablations of the baseline's head.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn four(&self, base: &OursBaseline) -> Result<(), JsValue> {
        self.effects_of_four(base).await.map(drop)
    }

    /// The un-ablated run that a head's ablations start from.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn baseline(&self, layer: usize, head: usize) -> Result<OursBaseline, JsValue> {
        let head = Head { layer, head };
        let baseline = baseline(&self.model, &self.cases, head, &Uninterrupted).await.map_err(failure)?;
        Ok(OursBaseline { head, baseline })
    }

    /// Ablates every component upstream of the baseline's head; returns how many
    /// there are.
    ///
    /// # Errors
    ///
    /// The study's.
    pub async fn sweep(&self, base: &OursBaseline) -> Result<usize, JsValue> {
        let Self { model, cases, .. } = self;
        let sweep = full_sweep(base.head.layer, AblationKind::PositionMean, model.config());
        let effects = effects(model, cases, &base.baseline, Metric::CellMean, &sweep, &Uninterrupted).await;
        effects.map(|effects| effects.len()).map_err(failure)
    }

    /// Runs the prompts through the first `layers` layers, for the time of one.
    ///
    /// # Errors
    ///
    /// The model's.
    pub async fn layers(&self, layers: usize) -> Result<(), JsValue> {
        let ids: Vec<Vec<u32>> = self.cases.iter().map(|case| case.ids.clone()).collect();
        let mut resid = self.model.embed(&ids, &NoHooks).await.map_err(failure)?;
        for l in 0..layers {
            resid = self.model.block(l, &resid, &NoHooks).await.map_err(failure)?;
        }
        Ok(())
    }
}

impl Ours {
    async fn scores_of_heads(&self) -> Result<Vec<f64>, JsValue> {
        let scores = score_heads(&self.model, &self.cases, Metric::CellMean, &Uninterrupted).await;
        Ok(scores.map_err(failure)?.mean().concat())
    }

    async fn effects_of_four(&self, base: &OursBaseline) -> Result<Vec<f64>, JsValue> {
        let Self { model, cases, .. } = self;
        let preset = notebook_preset(base.head.layer);
        let effects = effects(model, cases, &base.baseline, Metric::CellMean, &preset, &Uninterrupted).await;
        let effects = effects.map_err(failure)?;
        let ablated = effects.iter().flat_map(|effect| effect.ablated.clone());
        Ok(effects[0].baseline.iter().copied().chain(ablated).collect())
    }
}

/// What [`Ours::baseline`] computed.
#[wasm_bindgen]
pub struct OursBaseline {
    head: Head,
    baseline: Baseline,
}
