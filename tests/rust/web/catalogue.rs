//! The catalogue, the README and the rest of the sources: one vocabulary.

use crate::test;
use headscope::prompts::Relation;
use headscope::study::AttentionBreakdown;
use headscope::web::Settings;
use headscope::web::catalogue::Catalogue;
use serde_json::Value;
use std::collections::BTreeSet;

const README: &str = include_str!("../../../README.md");
const FORMATS: &str = include_str!("../../../docs/formats.md");

/// The rows of the first table of a section by the name in their first cell, each with its
/// other cells.
fn rows<'a>(text: &'a str, section: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let (_, rest) = text.split_once(&format!("\n## {section}\n")).unwrap();
    let row = |line: &'a str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`'), cells.map(|cell| cell.trim_end_matches(" |")).collect()))
    };
    let section = rest.split("\n## ").next().unwrap();
    section.lines().filter_map(row).collect()
}

/// What stands between backticks.
fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_setting_is_documented_with_its_default() {
    let rows = rows(FORMATS, "The link");
    let listed: Vec<&str> = rows.iter().map(|(key, _)| *key).filter(|key| *key != "v").collect();
    let keys: Vec<&str> = Settings::fields().iter().map(|field| field.key).collect();
    assert_eq!(BTreeSet::from_iter(listed), BTreeSet::from_iter(keys));
    for (key, cells) in rows.iter().filter(|(key, _)| *key != "v") {
        let default = Settings::default().get(key);
        assert_eq!(spans(cells[1]).first().copied(), default.as_deref(), "{key}");
    }
    for packed in Settings::fields().iter().filter_map(|field| field.packed) {
        assert!(FORMATS.contains(&format!("`{packed}`")), "{packed}");
    }
}

#[test]
fn the_readme_lists_every_metric_kind_and_target() {
    let Catalogue { metrics, kinds, targets, pair, cells, breakdown, .. } = Catalogue::new();
    let listed = |section: &str| rows(README, section).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let link = rows(FORMATS, "The link");
    // The README has them all, in their order; the table of the link only those that are.
    let assert_listed = |section: &str, key: &str, names: Vec<&str>| {
        assert_eq!(listed(section), names);
        let (_, cells) = link.iter().find(|(name, _)| *name == key).unwrap();
        assert!(spans(cells[0]).iter().all(|name| names.contains(name)), "{key}");
    };
    assert_listed("Metrics", "metric", metrics.iter().map(|metric| metric.name).collect());
    for ((name, cells), metric) in rows(README, "Metrics").iter().zip(&metrics) {
        assert_eq!(cells[1], if metric.higher_is_more { "higher" } else { "lower" }, "{name}");
    }
    assert_listed("Ablation kinds", "kind", kinds.iter().map(|kind| kind.name).collect());
    let pair = format!("{}-0-4", pair.name);
    let cells = format!("{}-q5k1_3", cells.name);
    let named = targets.iter().map(|target| target.name);
    assert_listed("Targets", "target", named.chain([pair.as_str(), cells.as_str()]).collect());
    let file = rows(FORMATS, "The results file");
    let (_, shares) = file.iter().find(|(field, _)| *field == "breakdown").unwrap();
    for part in breakdown {
        assert!(spans(shares[0]).contains(&part.name), "{}", part.name);
    }
}

#[test]
fn every_entry_is_said_in_full_and_can_be_chosen() {
    let catalogue = Catalogue::new();
    let chosen = |key: &str, name: &str| Settings::default().set(key, name).is_ok();
    for metric in &catalogue.metrics {
        assert!(chosen("metric", metric.name), "{}", metric.name);
        for text in [metric.label, metric.words, metric.hint, metric.formula] {
            assert!(!text.is_empty() && !text.contains(['<', '\n']), "{}: {text}", metric.name);
        }
    }
    for kind in &catalogue.kinds {
        assert!(chosen("kind", kind.name) && chosen("against", kind.name), "{}", kind.name);
        assert!(kind.hint.ends_with('.') && !kind.label.is_empty() && !kind.words.is_empty());
    }
    for target in &catalogue.targets {
        assert!(chosen("target", target.name), "{}", target.name);
    }
    assert!(chosen("target", &format!("{}-0-4", catalogue.pair.name)));
    // Codes of relations are what the page finds in a pattern's cells.
    for (code, relation) in Relation::ALL.into_iter().enumerate() {
        assert_eq!(relation as usize, code);
        assert_eq!(catalogue.relations[code].name, relation.name());
    }
    let breakdown = serde_json::to_value(AttentionBreakdown::default()).unwrap();
    let parts: BTreeSet<&str> = catalogue.breakdown.iter().map(|part| part.name).collect();
    assert_eq!(parts, breakdown.as_object().unwrap().keys().map(String::as_str).collect());
    // Limits are those that hold.
    for setting in &catalogue.settings {
        // Steering is no whole number.
        let is_number = serde_json::to_value(&catalogue.defaults).unwrap()[setting.key].is_number()
            && setting.key != "alpha";
        assert!(!is_number || setting.least.is_some(), "{}", setting.key);
        if !is_number {
            continue;
        }
        let (least, most) = (u64::from(setting.least.unwrap()), u64::from(setting.most.unwrap()));
        for (number, taken) in [(least, true), (most, true), (most + 1, false)] {
            assert_eq!(chosen(setting.key, &number.to_string()), taken, "{} {number}", setting.key);
        }
    }
    let json: Value = serde_json::from_str(&serde_json::to_string(&catalogue).unwrap()).unwrap();
    assert_eq!(json["defaults"]["seed"], 5);
    assert_eq!(json["presets"]["post"]["metric"], "surprisal");
}

/// A name of the vocabulary is spelt in its own file, in the documents and in tests.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn no_other_source_spells_a_metric_a_kind_or_a_target() {
    use std::path::{Path, PathBuf};

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["src", "www"] {
        files(&root.join(folder), &mut all);
    }
    assert!(all.len() > 100);
    let Catalogue { metrics, kinds, targets, .. } = Catalogue::new();
    let homes = [
        ("src/study/metric.rs", metrics.iter().map(|metric| metric.name).collect::<Vec<_>>()),
        ("src/study/kind.rs", kinds.iter().map(|kind| kind.name).collect()),
        ("src/study/target.rs", targets.iter().map(|target| target.name).collect()),
    ];
    for path in all {
        // The notebook computes by itself, in Python, and cannot ask.
        if path.ends_with("notebook.py") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (home, names) in &homes {
            for name in names {
                // Some are words of every day, or the names of a result's fields.
                let spelt = match name.contains('-') {
                    true => text.contains(*name),
                    false if ["self", "bos", "notebook"].contains(name) => false,
                    false => ["'", "\""].iter().any(|quote| text.contains(&format!("{quote}{name}{quote}"))),
                };
                assert!(!spelt || path.ends_with(home), "{} spells {name}", path.display());
            }
        }
    }
}
