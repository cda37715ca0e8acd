//! Many seeds: the scorer and the notebook preset over the settings' range of seeds.

use crate::study::{Head, Measure, Metric, SeedResult, Target, TokenizedPrompt, YieldPoint};
use crate::tokens::Tokens;
use crate::web::payload::AblationRow;
use crate::web::prompt_set::PromptSet;
use crate::web::results::shape::{Shaped, wire};
use crate::web::tools::InFiles;
use crate::web::{Problem, Settings};
use crate::weights::Config;

wire! {
    /// The study of one head, seed by seed.
    pub struct Seeds {
        /// The head.
        pub head: Head,
        /// What was measured.
        pub metric: Metric,
        /// Attention on what.
        pub target: Target,
        /// Whether a higher score means more attention.
        pub higher_is_more: bool,
        /// How many heads the model has.
        pub heads: usize,
        /// How many seeds were asked for.
        pub asked: usize,
        /// Those that drew a prompt that can be scored.
        pub seeds: Vec<OneSeed>,
    }

    /// What one seed gives.
    #[cfg_attr(test, ts(rename = "SeedResult"))]
    pub struct OneSeed {
        /// The seed.
        pub seed: u32,
        /// How many prompts were scored.
        pub prompts: usize,
        /// The head's mean score.
        pub score: f64,
        /// The chance level.
        pub chance: f64,
        /// The head's place among all heads, from 1.
        pub rank: usize,
        /// The head in the first place.
        pub best: Head,
        /// Whether the head comes first, and beyond chance.
        pub holds: bool,
        /// The notebook preset on the head.
        pub effects: Vec<AblationRow>,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles::of(Seeds::SHAPE));

impl Seeds {
    /// As the page is given it, of so many seeds that were asked for.
    #[must_use]
    pub fn of(results: &[SeedResult], head: Head, measure: &Measure, config: &Config, asked: usize) -> Self {
        Self {
            head,
            metric: measure.metric,
            target: measure.target.clone(),
            higher_is_more: measure.metric.higher_is_more(),
            heads: config.n_layer * config.n_head,
            asked,
            seeds: results.iter().map(|result| OneSeed::of(result, measure)).collect(),
        }
    }
}

impl OneSeed {
    /// As the page is given it.
    #[must_use]
    pub fn of(result: &SeedResult, measure: &Measure) -> Self {
        Self {
            seed: result.seed,
            prompts: result.prompts,
            score: result.score,
            chance: result.chance,
            rank: result.rank,
            best: result.best,
            holds: result.holds(measure),
            effects: result.effects.iter().map(AblationRow::of).collect(),
        }
    }
}

/// Most cells of one head's attention over the prompts of all seeds.
const MOST_CELLS: usize = 64 << 20;

/// The kept prompts of every seed of the range, drawn seed by seed at a `pace`. A
/// text is no draw.
///
/// # Errors
///
/// A [`Problem`] if there are too many, or if the draw is impossible.
pub async fn draws(
    settings: &Settings,
    tokens: &Tokens,
    pace: &impl YieldPoint,
) -> Result<Vec<(u32, Vec<TokenizedPrompt>)>, Problem> {
    let seeds = settings.seeds.seeds();
    let total = seeds.clone().count();
    let mut cells = 0;
    let mut all = Vec::with_capacity(total);
    for seed in seeds {
        pace.step(all.len(), total).await?;
        let own = Settings { seed, text: None, ..settings.clone() };
        let cases = PromptSet::of(&own, tokens)?.cases();
        cells += cases.iter().map(|case| case.ids.len().pow(2)).sum::<usize>();
        if cells > MOST_CELLS {
            let what = format!("the prompts of more than {} seeds are too much to hold at once", all.len());
            let next = "Ask for fewer seeds, or for fewer or shorter sequences.";
            return Err(Problem::new(what, "The settings are kept.", next).about("seeds"));
        }
        all.push((seed, cases));
    }
    Ok(all)
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{Seeds, draws};
    use crate::study::{self, TokenizedPrompt};
    use crate::web::Problem;
    use crate::web::models::call::{Call, Steps};
    use crate::web::payload::{Estimate, Unit};
    use crate::web::request::{AskCost, Study};
    use crate::web::steps::{every_pattern, head_of, needs_no_painting};
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        let settings = &ask.settings;
        let (tokens, _) = engine.tokens_for(settings, &call.signal).await?;
        let draws = draws(settings, &tokens, &Steps { call, unit: Unit::Seeds }).await?;
        let cases: Vec<TokenizedPrompt> = draws.into_iter().flat_map(|(_, cases)| cases).collect();
        engine.cost(settings, &cases, every_pattern).await
    }

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        needs_no_painting(settings)?;
        let (_, open) = engine.begin(settings, call).await?;
        let head = head_of(settings, &open.config)?;
        let steps = Steps { call, unit: Unit::Seeds };
        call.stage("Drawing the prompts");
        let draws =
            draws(settings, &*engine.tokens_of_prompts(&open, settings, &call.signal).await?, &steps).await?;
        let cases: Vec<TokenizedPrompt> = draws.iter().flat_map(|(_, cases)| cases.iter().cloned()).collect();
        engine.fetch(&open, &cases, every_pattern(&open.config), call).await?;
        call.stage("Running seed by seed");
        let measure = settings.measure();
        let model = open.model.lock().await;
        let results = study::over_seeds(&model, &draws, head, measure.clone(), &steps).await?;
        let found = Seeds::of(&results, head, &measure, &open.config, draws.len());
        Ok(engine.keep(Tool::Seeds, &found))
    }
}
