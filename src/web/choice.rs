//! Choices that take more than one word: which components to ablate, and which
//! seeds to run. Both stand in links.

use super::Settings;
use crate::study::{Ablation, Component, Kind, full_sweep, notebook_preset, sweep};
use crate::weights::Config;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Most ablations that are named one by one.
const MOST_GROUPS: usize = 500;
/// Most seeds of one range.
const MOST_SEEDS: u32 = 200;

/// What to ablate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Components {
    /// `all`: everything that feeds the head, one by one.
    All,
    /// Named groups, each ablated together: `L0H1,L0H5+L0.mlp`.
    Groups(Vec<Vec<Component>>),
}

impl FromStr for Components {
    /// What would have been acceptable.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let component = |name: &str| {
            let wrong = || format!("has \"{name}\", which is no component such as embed, L0.mlp or L0H5");
            name.trim().parse::<Component>().map_err(|()| wrong())
        };
        let group = |group: &str| group.split('+').map(component).collect::<Result<Vec<_>, _>>();
        let groups = text.split(',').map(group).collect::<Result<Vec<_>, _>>()?;
        if groups.len() > MOST_GROUPS {
            return Err(format!("has more than {MOST_GROUPS} ablations"));
        }
        Ok(Self::Groups(groups))
    }
}

impl fmt::Display for Components {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Groups(groups) = self else { return f.write_str("all") };
        let join =
            |group: &Vec<Component>| group.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        f.write_str(&groups.iter().map(join).collect::<Vec<_>>().join(","))
    }
}

/// The ablations that the settings ask for, of what feeds a head of `layer`: of
/// each kind that is to be compared, one after the other.
#[must_use]
pub fn ablations(settings: &Settings, layer: usize, config: &Config) -> Vec<Ablation> {
    let kinds = std::iter::once(&settings.kind).chain(&settings.against);
    let mut all: Vec<Ablation> = Vec::new();
    for kind in kinds {
        // What takes one kind only need not run twice.
        let new = of_kind(settings, kind, layer, config);
        all.extend(new.into_iter().filter(|ablation| !all.contains(ablation)).collect::<Vec<_>>());
    }
    all
}

fn of_kind(settings: &Settings, kind: &str, layer: usize, config: &Config) -> Vec<Ablation> {
    let kind: Option<Kind> = kind.parse().ok();
    let wanted = kind.unwrap_or(Kind::PositionMean);
    let one_by_one = match (settings.components(), kind) {
        (Some(Components::Groups(groups)), _) => {
            let together = |group: Vec<Component>| {
                Ablation::together(group.into_iter().map(|component| (component, component.kind_for(wanted))))
            };
            return groups.into_iter().map(together).collect();
        }
        (Some(Components::All), _) => full_sweep(layer, wanted, config),
        (None, Some(kind)) => sweep(layer, kind, config),
        (None, None) => notebook_preset(layer),
    };
    one_by_one.into_iter().map(Ablation::from).collect()
}

/// One ablation of all components that the settings name, for runs of the whole
/// model, where nothing is too late to count. Nothing where none is named.
#[must_use]
pub fn all_together(settings: &Settings, config: &Config) -> Ablation {
    let wanted = settings.kind.parse().unwrap_or(Kind::PositionMean);
    let Some(Components::Groups(groups)) = settings.components() else { return Ablation::default() };
    let named = groups.into_iter().flatten().filter(|component| component.exists(config));
    Ablation::together(named.map(|component| (component, component.kind_for(wanted))))
}

/// Seeds from one to another, both included: `0-19`.
///
/// # Errors
///
/// What would have been acceptable.
pub fn seed_range(text: &str) -> Result<RangeInclusive<u32>, String> {
    let wanted = || "has to be two seeds joined by a hyphen, as in 0-19".to_owned();
    let (from, to) = text.split_once('-').ok_or_else(wanted)?;
    let seed = |digits: &str| digits.trim().parse::<u32>().map_err(|_| wanted());
    let (from, to) = (seed(from)?, seed(to)?);
    match to.checked_sub(from) {
        None => Err("has to go from a seed to a larger one".to_owned()),
        Some(more) if more >= MOST_SEEDS => Err(format!("has to hold at most {MOST_SEEDS} seeds")),
        Some(_) => Ok(from..=to),
    }
}
