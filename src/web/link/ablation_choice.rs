//! Choices that take more than one word: which components to ablate, and which
//! seeds to run. Both stand in links.

use crate::study::{Ablation, AblationKind, Component, KindChoice, full_sweep, notebook_preset, sweep};
use crate::web::Settings;
use crate::weights::Config;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Most ablations that are named one by one.
pub(super) const MOST_GROUPS: u32 = 500;
/// Most seeds of one range.
pub(super) const MOST_SEEDS: u32 = 200;

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
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let component = |name: &str| {
            let wrong = || {
                format!(
                    "has “{name}”, which is no component; embed, pos_embed, L0.attn, L0.pattern, L0.mlp, \
                     L0.mlp-only and L0H5 are"
                )
            };
            let cased = as_written(name);
            name.parse::<Component>().or_else(|()| cased.parse()).map_err(|()| wrong())
        };
        // In a link typed by hand a `+` reads as a space.
        let group = |group: &str| {
            let parts = group.split('+').flat_map(|part| {
                let part = part.trim();
                part.split_whitespace().chain(part.is_empty().then_some(""))
            });
            parts.map(component).collect::<Result<Vec<_>, _>>()
        };
        let groups = text.split(',').map(group).collect::<Result<Vec<_>, _>>()?;
        if groups.len() > MOST_GROUPS as usize {
            return Err(format!("has more than {MOST_GROUPS} ablations"));
        }
        Ok(Self::Groups(groups))
    }
}

/// A component's name in the case that links have: `l0h5` is `L0H5`.
fn as_written(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    match lower.strip_prefix('l') {
        Some(rest) if rest.contains('.') => format!("L{rest}"),
        Some(rest) => format!("L{}", rest.replace('h', "H")),
        None => lower,
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
    let kinds = std::iter::once(settings.kind).chain(settings.against);
    let mut all: Vec<Ablation> = Vec::new();
    for kind in kinds {
        // What takes one kind only need not run twice.
        let new = of_kind(settings, kind, layer, config);
        all.extend(new.into_iter().filter(|ablation| !all.contains(ablation)).collect::<Vec<_>>());
    }
    all
}

fn of_kind(settings: &Settings, kind: KindChoice, layer: usize, config: &Config) -> Vec<Ablation> {
    let wanted = wanted(kind);
    let one_by_one = match (&settings.ablate, kind) {
        (Some(Components::Groups(groups)), _) => {
            let together = |group: &Vec<Component>| {
                Ablation::together(group.iter().map(|component| (*component, component.kind_for(wanted))))
            };
            return groups.iter().map(together).collect();
        }
        (Some(Components::All), _) => full_sweep(layer, wanted, config),
        (None, KindChoice::Kind(kind)) => sweep(layer, kind, config),
        (None, KindChoice::Notebook) => notebook_preset(layer),
    };
    one_by_one.into_iter().map(Ablation::from).collect()
}

/// One ablation of all components that the settings name, for runs of the whole
/// model, where nothing is too late to count. Nothing where none is named.
#[must_use]
pub fn all_together(settings: &Settings, config: &Config) -> Ablation {
    let wanted = wanted(settings.kind);
    let Some(Components::Groups(groups)) = &settings.ablate else { return Ablation::default() };
    let named = groups.iter().flatten().filter(|component| component.exists(config));
    Ablation::together(named.map(|component| (*component, component.kind_for(wanted))))
}

/// The kind that named components are ablated by, where they take it.
#[must_use]
pub fn wanted(kind: KindChoice) -> AblationKind {
    match kind {
        KindChoice::Notebook => AblationKind::PositionMean,
        KindChoice::Kind(kind) => kind,
    }
}

/// Seeds from one to another, both included: `0-19`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedRange {
    /// The first.
    pub first: u32,
    /// The last, no smaller.
    pub last: u32,
}

impl SeedRange {
    /// The seeds.
    #[must_use]
    pub fn seeds(self) -> RangeInclusive<u32> {
        self.first..=self.last
    }
}

impl FromStr for SeedRange {
    /// What would have been acceptable.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "has to be two seeds joined by a hyphen, as in 0-19".to_owned();
        let (first, last) = text.split_once('-').ok_or_else(wanted)?;
        let seed = |digits: &str| digits.trim().parse::<u32>().map_err(|_| wanted());
        let (first, last) = (seed(first)?, seed(last)?);
        match last.checked_sub(first) {
            None => Err("has to go from a seed to a larger one".to_owned()),
            Some(more) if more >= MOST_SEEDS => Err(format!("has to hold at most {MOST_SEEDS} seeds")),
            Some(_) => Ok(Self { first, last }),
        }
    }
}

impl fmt::Display for SeedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
