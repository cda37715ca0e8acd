//! What a sweep is told to run.

use anyhow::{Result, bail};
use headscope::study::{AblationKind, Component, Head, KindChoice, notebook_preset, sweep};
use headscope::weights::Config;
use std::fmt;
use std::str::FromStr;

/// Most seeds of one sweep.
const MOST_SEEDS: usize = 10_000_000;

/// `all`, or heads by their names.
#[derive(Debug, Clone)]
pub enum Heads {
    All,
    Named(Vec<Head>),
}

impl FromStr for Heads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let head = |name: &str| {
            name.trim().to_ascii_uppercase().parse().map_err(|()| format!("“{name}” is no head as L1H5 is"))
        };
        Ok(Self::Named(text.split(',').map(head).collect::<Result<_, _>>()?))
    }
}

impl Heads {
    /// The heads, each once, in the order of the model.
    pub fn of(&self, config: &Config) -> Result<Vec<Head>> {
        let every =
            || (0..config.n_layer).flat_map(|layer| (0..config.n_head).map(move |head| Head { layer, head }));
        match self {
            Self::All => Ok(every().collect()),
            Self::Named(named) => match named.iter().find(|head| !head.exists(config)) {
                Some(head) => bail!("the model has no head {head}"),
                None => Ok(every().filter(|head| named.contains(head)).collect()),
            },
        }
    }
}

/// Seeds, each once, in rising order.
#[derive(Debug, Clone)]
pub struct Seeds(pub Vec<u32>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |part: &str| format!("“{part}” is neither a seed nor a range of seeds as 0-999 is");
        let mut seeds = Vec::new();
        for part in text.split(',').map(str::trim) {
            let number = |digits: &str| digits.parse::<u32>().map_err(|_| wrong(part));
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if last < first {
                return Err(format!("the range {part} ends before it begins"));
            }
            if (last - first) as usize >= MOST_SEEDS - seeds.len() {
                return Err(format!("these are more than {MOST_SEEDS} seeds"));
            }
            seeds.extend(first..=last);
        }
        seeds.sort_unstable();
        seeds.dedup();
        Ok(Self(seeds))
    }
}

/// Kinds of ablation.
#[derive(Debug, Clone)]
pub struct Kinds(Vec<KindChoice>);

impl FromStr for Kinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |name: &str| {
            name.trim().parse().map_err(|()| {
                let all: Vec<String> = AblationKind::ALL.iter().map(ToString::to_string).collect();
                format!("“{name}” is no kind of ablation; notebook, {} are", all.join(", "))
            })
        };
        Ok(Self(text.split(',').map(kind).collect::<Result<_, _>>()?))
    }
}

impl Kinds {
    /// What is ablated below a layer, each component once a kind.
    pub fn ablations(&self, layer: usize, config: &Config) -> Vec<(Component, AblationKind)> {
        let mut all = Vec::new();
        for kind in &self.0 {
            let of_kind = match kind {
                KindChoice::Notebook => notebook_preset(layer),
                KindChoice::Kind(kind) => sweep(layer, *kind, config),
            };
            for part in of_kind {
                if !all.contains(&part) {
                    all.push(part);
                }
            }
        }
        all
    }
}

/// Shard `index` of `count`, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("“{text}” is no shard as 3/64 is, counted from 1");
        let (index, count) = text.split_once('/').ok_or_else(wrong)?;
        let number = |digits: &str| digits.parse::<usize>().map_err(|_| wrong());
        let (index, count) = (number(index)?, number(count)?);
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(wrong()) }
    }
}

impl Shard {
    /// Its seeds: every `count`-th.
    pub fn part(self, seeds: &[u32]) -> Vec<u32> {
        seeds.iter().copied().skip(self.index - 1).step_by(self.count).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::{Heads, Kinds, Seeds, Shard};

    #[test]
    fn shards_are_all_seeds_once() {
        let Seeds(seeds) = "5,0-99,7,200-210".parse().unwrap();
        assert_eq!(seeds.len(), 111);
        for count in [1, 2, 7, 111, 200] {
            let shard = |index: usize| format!("{index}/{count}").parse::<Shard>().unwrap().part(&seeds);
            let mut all: Vec<u32> = (1..=count).flat_map(shard).collect();
            all.sort_unstable();
            assert_eq!(all, seeds, "{count} shards");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for shard in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(shard.parse::<Shard>().is_err(), "{shard}");
        }
        for seeds in ["", "3-1", "x", "0-4294967296", "0-4294967295", "-4"] {
            assert!(seeds.parse::<Seeds>().is_err(), "{seeds}");
        }
        for heads in ["", "L1", "every", "L1H5,"] {
            assert!(heads.parse::<Heads>().is_err(), "{heads}");
        }
        assert!("zero,notebook".parse::<Kinds>().is_ok());
        assert!("zero,none".parse::<Kinds>().unwrap_err().contains("head-mean"));
    }
}
