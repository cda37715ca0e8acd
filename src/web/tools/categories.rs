//! Attention from category to category: where the words of each row of the word table look.

use crate::study::{CategoryMatrix, Head};
use crate::web::results::shape::{Shaped, list, wire};
use crate::web::tools::InFiles;
use serde_json::Value;

wire! {
    /// Category by category attention of one head over the kept prompts.
    pub struct Categories {
        /// The head.
        pub head: Head,
        /// How many prompts were pooled.
        pub n: usize,
        /// What it does.
        pub attention: CategoryMatrix,
        /// What uniform attention would.
        pub chance: CategoryMatrix,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles {
    fits: |found| is_square(&found["attention"]) && is_square(&found["chance"]),
    ..InFiles::of(Categories::SHAPE)
});

fn is_square(matrix: &Value) -> bool {
    let n = list(&matrix["categories"]).len();
    let rows = list(&matrix["rows"]);
    let full = |row: &Value| list(&row["mass"]).len() == n && list(&row["cell_mean"]).len() == n;
    rows.len() == n && rows.iter().all(full)
}

#[cfg(target_arch = "wasm32")]
pub(super) use here::{cost, run};

#[cfg(target_arch = "wasm32")]
mod here {
    use super::Categories;
    use crate::study::CategoryMatrix;
    use crate::web::Problem;
    use crate::web::models::call::Call;
    use crate::web::payload::Estimate;
    use crate::web::request::{AskCost, Study};
    use crate::web::steps::{head_depth, head_of};
    use crate::web::tools::Tool;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    /// As much as the shown head.
    pub async fn cost(ask: &AskCost, engine: &Engine, call: &Call) -> Result<Estimate, Problem> {
        engine.cost_of_head(&ask.settings, call).await
    }

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (set, open) = engine.begin(settings, call).await?;
        let head = head_of(settings, &open.config)?;
        let cases = set.cases();
        engine.fetch(&open, &cases, head_depth(settings, &open.config), call).await?;
        let kept = engine.kept_baseline(&open, settings, &cases, head, call).await?;
        let patterns = kept.as_ref().map_or(&[][..], |kept| &kept.baseline.pattern.patterns);
        Ok(engine.keep(
            Tool::Categories,
            &Categories {
                head,
                n: cases.len(),
                attention: CategoryMatrix::of(&cases, patterns),
                chance: CategoryMatrix::chance(&cases),
            },
        ))
    }
}
