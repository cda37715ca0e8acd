//! Why the shown head looks where it looks: its QK and OV form, the table's words alone,
//! what steering does to it, and the parts of one score.

use crate::circuits::words::{CategoryContrast, ShuffleTest};
use crate::circuits::{HeadForms, ScoreParts, Steered, WordsAlone};
use crate::study::Head;
use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A cell of the shown prompt whose score is to be cut into parts.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AskCircuits {
    /// Those in force.
    pub settings: crate::web::Settings,
    /// (destination, source); without one, the strongest cell of the target.
    #[serde(default)]
    pub cell: Option<(usize, usize)>,
    /// Whether the forms of all heads whose weights are here are wanted, which take a
    /// third of a second each.
    #[serde(default)]
    pub all_heads: bool,
    /// Whether what the head writes is wanted, which a study does not load for its own
    /// layer.
    #[serde(default)]
    pub direct: bool,
    /// Whether the parts of the scores of all cells of the target are wanted, over the kept
    /// prompts.
    #[serde(default)]
    pub mean: bool,
}

wire! {
    /// All of it.
    pub struct Circuits {
        /// The head.
        pub head: Head,
        /// What the negative eigenvalues of S are multiplied by; 1 is the model.
        pub alpha: f64,
        /// The head's own form.
        pub form: Form,
        /// Those of all heads whose weights are here, or of the shown one alone.
        pub forms: BTreeMap<String, Form>,
        /// The table's words, each alone after beginning-of-text; nothing where no word is
        /// one token, or there are too many.
        pub words: Option<Words>,
        /// The head on the kept prompts under `alpha`.
        pub steered: SteeredScores,
        /// And as the model has it.
        pub unsteered: SteeredScores,
        /// The parts of one score; nothing where the shown prompt has no cell of the target.
        pub score_parts: Option<Parts>,
        /// The mean parts over all cells of the target, where they were asked for.
        pub mean_parts: Option<MeanParts>,
    }

    /// QK and OV form of a head.
    pub struct Form {
        /// Of M = W_Q W_Kᵀ.
        pub trace: f64,
        /// How many of the d_head largest eigenvalues of S by size are negative.
        pub negative_of_d_head_largest: usize,
        /// The largest eigenvalues of S by size.
        pub largest_by_size: Vec<f64>,
        /// Largest singular value of S.
        pub max_singular_symmetric: f64,
        /// Largest singular value of K.
        pub max_singular_skew: f64,
        /// ‖S‖²/‖M‖².
        pub symmetric_share: f64,
        /// Σ Re λ / Σ |λ| of W_V W_O; null where W_O is not loaded.
        pub ov_copying: Option<f64>,
        /// Σ λ of the same.
        pub ov_trace: Option<f64>,
        /// All eigenvalues of S that need not be zero, the largest by size first; of the
        /// shown head alone, and absent of others.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub eigenvalues: Option<Vec<f64>>,
        /// Width of the head.
        pub d_head: usize,
        /// Whether 2 d_head < d_model: what chance gives holds only then.
        pub is_low_rank: bool,
    }

    /// Words against words; matrices are (query word, key word).
    pub struct Words {
        /// In the order of the table.
        pub words: Vec<String>,
        /// The row of the table of each.
        pub categories: Vec<usize>,
        /// q·k with biases over √d_head, of the model.
        pub qk: Vec<Vec<f64>>,
        /// The same under `alpha`.
        pub qk_steered: Vec<Vec<f64>>,
        /// Of S alone.
        pub qk_symmetric: Vec<Vec<f64>>,
        /// Of K alone.
        pub qk_skew: Vec<Vec<f64>>,
        /// (word attended to, word whose logit moves); null where a weight is not loaded.
        pub ov_direct: Option<Vec<Vec<f64>>>,
        /// What `qk_steered` holds by category of the query.
        pub contrasts: Vec<CategoryContrast>,
        /// Whether any grouping of the words would show the same; null where there is
        /// nothing to group.
        pub shuffled: Option<ShuffleTest>,
    }

    /// The head under `alpha`, by the number of the prompt.
    pub struct SteeredScores {
        /// As above.
        pub alpha: f64,
        /// Mean attention over the cells of the target; null without such a cell.
        pub cell_mean: BTreeMap<usize, Option<f64>>,
        /// Attention of words to themselves.
        pub self_share: BTreeMap<usize, f64>,
    }

    /// The mean score of some cells by the components at both ends.
    pub struct MeanParts {
        /// How many cells.
        pub cells: usize,
        /// Of the residual stream before the head; biases last.
        pub components: Vec<String>,
        /// The layer of each, where it has one.
        pub layers: Vec<Option<usize>>,
        /// (component of the query, component of the key)
        pub parts: Vec<Vec<f64>>,
        /// Their sum.
        pub score: f64,
    }

    /// One score by the components at both ends.
    pub struct Parts {
        /// The number of the prompt.
        pub prompt: usize,
        /// The destination.
        pub query: usize,
        /// The source.
        pub key: usize,
        /// Of the residual stream before the head; biases last.
        pub components: Vec<String>,
        /// The layer of each, where it has one.
        pub layers: Vec<Option<usize>>,
        /// (component of the query, component of the key)
        pub parts: Vec<Vec<f64>>,
        /// Their sum.
        pub score: f64,
    }
}

pub(super) const IN_FILES: Option<InFiles> =
    Some(InFiles { fits: |found| fit(found), ..InFiles::of(Circuits::SHAPE) });

/// Whether matrices are as large as the lists that name their rows and columns.
fn fit(found: &Value) -> bool {
    let square = |matrix: &Value, n: usize| {
        let rows = list(matrix);
        matrix.is_null() || (rows.len() == n && rows.iter().all(|row| list(row).len() == n))
    };
    let words = &found["words"];
    let n = list(&words["words"]).len();
    let matrices = ["qk", "qk_steered", "qk_symmetric", "qk_skew", "ov_direct"];
    let fits = |parts: &Value| {
        let components = list(&parts["components"]).len();
        square(&parts["parts"], components) && list(&parts["layers"]).len() == components
    };
    matrices.iter().all(|name| square(&words[*name], n))
        && list(&words["categories"]).len() == n
        && fits(&found["score_parts"])
        && fits(&found["mean_parts"])
}

impl Form {
    /// How many eigenvalues of each head are given.
    const LARGEST: usize = 8;

    /// As the page is given it.
    #[must_use]
    pub fn of(forms: &HeadForms) -> Self {
        let qk = &forms.qk;
        Self {
            trace: qk.trace,
            negative_of_d_head_largest: qk.negative_of_d_head_largest(),
            largest_by_size: qk.eigenvalues.iter().copied().take(Self::LARGEST).collect(),
            max_singular_symmetric: qk.max_singular_symmetric,
            max_singular_skew: qk.max_singular_skew,
            symmetric_share: qk.symmetric_share,
            ov_copying: forms.ov.as_ref().map(|ov| ov.copying),
            ov_trace: forms.ov.as_ref().map(|ov| ov.trace),
            eigenvalues: None,
            d_head: qk.d_head,
            is_low_rank: qk.is_low_rank,
        }
    }
}

impl Words {
    /// As the page is given it.
    #[must_use]
    pub fn of(
        found: &WordsAlone,
        alpha: f64,
        contrasts: &[CategoryContrast],
        test: Option<&ShuffleTest>,
    ) -> Self {
        Self {
            words: found.words.iter().map(|word| word.word.clone()).collect(),
            categories: found.categories(),
            qk: found.qk.clone(),
            qk_steered: found.steered(alpha),
            qk_symmetric: found.qk_symmetric.clone(),
            qk_skew: found.qk_skew.clone(),
            ov_direct: found.ov_direct.clone(),
            contrasts: contrasts.to_vec(),
            shuffled: test.copied(),
        }
    }
}

impl SteeredScores {
    /// As the page is given it.
    #[must_use]
    pub fn of(alpha: f64, steered: &[Steered]) -> Self {
        let (mut cell_mean, mut self_share) = (BTreeMap::new(), BTreeMap::new());
        for prompt in steered {
            cell_mean.insert(prompt.sequence, prompt.score);
            self_share.insert(prompt.sequence, prompt.shares.itself);
        }
        Self { alpha, cell_mean, self_share }
    }
}

impl From<ScoreParts> for MeanParts {
    fn from(ScoreParts { components, layers, parts, score, cells }: ScoreParts) -> Self {
        Self { cells, components, layers, parts, score }
    }
}

impl Parts {
    /// As the page is given it.
    #[must_use]
    pub fn of(found: &ScoreParts, prompt: usize, (query, key): (usize, usize)) -> Self {
        let ScoreParts { components, layers, parts, score, .. } = found.clone();
        Self { prompt, query, key, components, layers, parts, score }
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::AskCircuits;
    use crate::web::Problem;
    use crate::web::models::call::Call;
    use crate::web::payload::Estimate;
    use crate::web::request::AskCost;
    use crate::web::steps::head_of;
    use crate::web::taken_apart::{need, need_of_head};
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        let settings = &ask.settings;
        let (tokens, _) = engine.tokens_for(settings, &call.signal).await?;
        let set = engine.prompt_set(settings, &call.signal).await?;
        let need = need_of_head(&set, settings, &tokens, false)?;
        engine.cost_of(settings, |config| need(config)).await
    }

    pub async fn run(ask: &AskCircuits, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (set, open) = engine.begin(settings, call).await?;
        let tokens = engine.tokens_of_prompts(&open, settings, &call.signal).await?;
        let head = head_of(settings, &open.config)?;
        let need = need(&set, settings, &tokens, head.layer, ask.direct)?;
        engine.fetch_needed(&open, &need, call).await?;
        let kept = engine.taken_apart(&open, settings, &set, head, ask.direct, call).await?;
        call.stage("Taking the head apart");
        let model = open.model.lock().await;
        let found = kept.found(&model, &tokens, (&set, settings), ask.into(), call).await?;
        Ok(engine.keep(Tool::Circuits, &found))
    }
}
