//! What the model's output loses without a component: ablations measured on the loss and
//! the next tokens of the shown prompt.

use crate::circuits::OutputChange;
use crate::circuits::output::heads_and_mlps;
use crate::study::{AblationKind, Component};
use crate::web::Settings;
use crate::web::link::ablation_choice::{Components, wanted};
use crate::web::results::shape::{Shaped, wire};
use crate::web::tools::InFiles;
use crate::weights::Config;

/// The output without each of some components, un-ablated first.
pub type Output = Vec<OutputRow>;

wire! {
    /// The output without one component.
    pub struct OutputRow {
        /// What was ablated; `none` in the first row.
        pub component: String,
        /// By what it was replaced.
        pub kind: String,
        /// Mean loss of the next token, in nats.
        pub loss: f64,
        /// KL(un-ablated ‖ ablated) of the next token, mean over the positions, in nats.
        pub kl: f64,
        /// The same at the last position.
        pub kl_last: f64,
        /// The logit difference of the attribution.
        pub logit_difference: Option<f64>,
    }
}

pub(super) const IN_FILES: Option<InFiles> = Some(InFiles::of(Output::SHAPE));

impl From<&OutputChange> for OutputRow {
    fn from(change: &OutputChange) -> Self {
        let named = |name: String| if name.is_empty() { "none".to_owned() } else { name };
        Self {
            component: named(change.ablation.components()),
            kind: named(change.ablation.kinds()),
            loss: change.loss,
            kl: change.kl,
            kl_last: change.kl_last,
            logit_difference: change.logit_difference,
        }
    }
}

/// What is ablated, each alone: the settings' components, else every head and MLP.
#[must_use]
pub fn asked(settings: &Settings, config: &Config) -> Vec<(Component, AblationKind)> {
    let kind = wanted(settings.kind);
    let mut components: Vec<Component> = match &settings.ablate {
        Some(Components::Groups(groups)) => groups.iter().flatten().copied().collect(),
        _ => heads_and_mlps(config),
    };
    components.retain(|component| component.exists(config));
    components.into_iter().map(|component| (component, component.kind_for(kind))).collect()
}

#[cfg(target_arch = "wasm32")]
pub(super) use crate::web::tools::text::cost;
#[cfg(target_arch = "wasm32")]
pub(super) use here::run;

#[cfg(target_arch = "wasm32")]
mod here {
    use super::{Output, OutputRow, asked};
    use crate::circuits::output_under_ablation;
    use crate::web::Problem;
    use crate::web::models::call::Call;
    use crate::web::request::Study;
    use crate::web::tools::Tool;
    use crate::web::tools::attribution::asked_logit;
    use crate::web::tools::text::whole_model;
    use crate::web::worker::Engine;
    use wasm_bindgen::JsValue;

    pub async fn run(ask: &Study, engine: &Engine, call: &Call) -> Result<JsValue, Problem> {
        let settings = &ask.settings;
        let (open, case) = whole_model(engine, settings, 0, call).await?;
        let ablations = asked(settings, &open.config);
        call.stage("Ablating");
        let logit = asked_logit(settings, &case.ids);
        let model = open.model.lock().await;
        let rows = output_under_ablation(&model, &case.ids, &ablations, logit, call).await?;
        let rows: Output = rows.iter().map(OutputRow::from).collect();
        Ok(engine.keep(Tool::Output, &rows))
    }
}
