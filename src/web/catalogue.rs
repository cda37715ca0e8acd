//! All that can be chosen on the page and what is said of it. The page spells none of
//! it: its selects, hints and formulas are made of this.

use crate::prompts::Relation;
use crate::study::{
    AblationKind, AboutKind, AboutMetric, AboutTarget, AttentionBreakdown, KindChoice, Metric, Target,
};
use crate::web::Settings;
use crate::web::link::field::Field;
use crate::web::tools::Tool;
use serde::Serialize;

/// Everything in one object, for the page to ask for once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Catalogue {
    /// What a score may be.
    pub metrics: Vec<AboutMetric>,
    /// What ablations may put in an activation's place, the notebook's preset first.
    pub kinds: Vec<AboutKind>,
    /// Attention on what, whatever the word table.
    pub targets: Vec<AboutTarget>,
    /// Attention from one row of the word table to another, whose numbers follow the
    /// name, as in `pair-0-4`.
    pub pair: AboutTarget,
    /// Cells painted on the shown prompt; in links their numbers follow, as in `cells-q5k1_3`.
    pub cells: AboutTarget,
    /// What a source may be to a destination, each in the place of its code.
    pub relations: Vec<Named>,
    /// The parts of a head's attention, in the order in which they are stacked.
    #[cfg_attr(test, ts(type = "{ name: keyof AttentionBreakdown, label: string }[]"))]
    pub breakdown: Vec<Named>,
    /// What goes beyond the three steps.
    #[cfg_attr(test, ts(type = "Tool[]"))]
    pub tools: Vec<&'static str>,
    /// The settings, in the order in which links carry them.
    pub settings: Vec<AboutSetting>,
    /// What they are in a link that names none.
    pub defaults: Settings,
    /// Metrics and ablations that belong together.
    pub presets: Presets,
}

/// Something with a name in files and one for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Named {
    /// In files.
    pub name: &'static str,
    /// On the page.
    pub label: &'static str,
}

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AboutSetting {
    /// In links and files.
    #[cfg_attr(test, ts(type = "keyof Settings"))]
    pub key: &'static str,
    /// In links, where it is packed.
    pub packed: Option<&'static str>,
    /// The least of a number, of a list's length or of a text's bytes.
    pub least: Option<u32>,
    /// The most of the same.
    pub most: Option<u32>,
}

/// How earlier studies measured and ablated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Presets {
    /// L. Gott's notebook.
    pub notebook: Preset,
    /// M. Migliarini's post.
    pub post: Preset,
}

/// How one study measured and ablated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Preset {
    /// Its metric.
    pub metric: Metric,
    /// Its ablations.
    pub kind: KindChoice,
}

impl Catalogue {
    /// All there is.
    #[must_use]
    pub fn new() -> Self {
        let setting = |field: &Field| AboutSetting {
            key: field.key,
            packed: field.packed,
            least: field.limits.map(|(least, _)| least),
            most: field.limits.map(|(_, most)| most),
        };
        Self {
            metrics: Metric::ALL.map(Metric::about).to_vec(),
            kinds: KindChoice::ALL.map(KindChoice::about).to_vec(),
            targets: Target::NAMED.map(|target| target.about()).to_vec(),
            pair: Target::Pair { from: 0, to: 0 }.about(),
            cells: Target::ABOUT_CELLS,
            relations: Relation::ALL.map(|each| Named { name: each.name(), label: each.label() }).to_vec(),
            breakdown: AttentionBreakdown::PARTS.map(|(name, label)| Named { name, label }).to_vec(),
            tools: Tool::ALL.iter().map(|tool| tool.name()).collect(),
            settings: Settings::fields().iter().map(setting).collect(),
            defaults: Settings::default(),
            presets: Presets {
                notebook: Preset { metric: Metric::CellMean, kind: KindChoice::Notebook },
                post: Preset { metric: Metric::Surprisal, kind: KindChoice::Kind(AblationKind::GlobalMean) },
            },
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new()
    }
}
