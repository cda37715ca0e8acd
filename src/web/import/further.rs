//! The shapes of what the further tools found, as the page shows it. What passes
//! goes on as it came.

use super::shape::Shape::{Count, Fields, List, Maybe, Number, Text, Truth};
use super::shape::{Shape, list};
use super::{Result, SHARES, bad};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks a results file's `further`, tool by tool. Tools of later versions are
/// left out.
pub(super) fn read(further: &Value) -> Result<BTreeMap<&'static str, Value>> {
    let mut found = BTreeMap::new();
    for (tool, shape, fits) in TOOLS {
        let Some(value) = further.get(tool) else { continue };
        if let Err(wrong) = shape.check(value) {
            return bad("further", format!("has {tool} that cannot be shown: {wrong}"));
        }
        if !fits(value) {
            return bad("further", format!("has {tool} whose lists differ in length"));
        }
        found.insert(*tool, value.clone());
    }
    Ok(found)
}

type Tool = (&'static str, Shape, fn(&Value) -> bool);

const TOOLS: &[Tool] = &[
    ("categories", CATEGORIES, |found| is_square(&found["attention"]) && is_square(&found["chance"])),
    ("contrasts", CONTRASTS, |_| true),
    ("seeds", SEEDS, |_| true),
    ("reading", READING, has_a_loss_for_each_token),
    ("continuation", CONTINUATION, |_| true),
    ("self_check", SELF_CHECK, |_| true),
];

const CATEGORIES: Shape = Fields(&[("head", Text), ("n", Count), ("attention", MATRIX), ("chance", MATRIX)]);
const MATRIX: Shape = Fields(&[("categories", List(&Count)), ("rows", List(&FROM_CATEGORY))]);
const FROM_CATEGORY: Shape = Fields(&[
    ("category", Count),
    ("destinations", Count),
    ("mass", List(&Number)),
    ("cell_mean", List(&Maybe(&Number))),
    ("cells", List(&Count)),
    ("same_word", Number),
    ("self", Number),
    ("bos", Number),
    ("no_category", Number),
]);

fn is_square(matrix: &Value) -> bool {
    let n = list(&matrix["categories"]).len();
    let rows = list(&matrix["rows"]);
    let full = |row: &Value| list(&row["mass"]).len() == n && list(&row["cell_mean"]).len() == n;
    rows.len() == n && rows.iter().all(full)
}

const CONTRASTS: Shape = Fields(&[
    ("metric", Text),
    ("target", Text),
    ("conditions", List(&Fields(&[("name", Text), ("prompts", Count), ("heads", List(&HEAD_CONTRAST))]))),
]);
const HEAD_CONTRAST: Shape = Fields(&[
    ("head", Text),
    ("n", Count),
    ("score", Maybe(&Number)),
    ("sd", Maybe(&Number)),
    ("chance", Maybe(&Number)),
    ("shares", SHARES),
]);

const SEEDS: Shape = Fields(&[
    ("head", Text),
    ("metric", Text),
    ("target", Text),
    ("higher_is_more", Truth),
    ("heads", Count),
    ("asked", Count),
    ("seeds", List(&SEED)),
]);
const SEED: Shape = Fields(&[
    ("seed", Count),
    ("prompts", Count),
    ("score", Number),
    ("chance", Number),
    ("rank", Count),
    ("best", Text),
    ("holds", Truth),
    ("effects", List(&EFFECT)),
]);
const EFFECT: Shape = Fields(&[
    ("component", Text),
    ("kind", Text),
    ("label", Text),
    ("mean_baseline", Number),
    ("mean_ablated", Number),
    ("effect", Number),
    ("sd", Maybe(&Number)),
    ("ci", Maybe(&List(&Number))),
]);

const READING: Shape = Fields(&[
    ("prompt", Count),
    ("tokens", List(&Text)),
    ("token_ids", List(&Count)),
    ("before", LOSSES),
    ("after", Maybe(&LOSSES)),
    ("components", Text),
    ("label", Text),
    ("kinds", Text),
]);
const LOSSES: Shape = Fields(&[
    ("losses", List(&Number)),
    ("next", List(&Fields(&[("id", Count), ("text", Text), ("probability", Number)]))),
]);

/// The first token is given, and so has none.
fn has_a_loss_for_each_token(reading: &Value) -> bool {
    let n = list(&reading["tokens"]).len().saturating_sub(1);
    let fits = |found: &Value| found.is_null() || list(&found["losses"]).len() == n;
    fits(&reading["before"]) && fits(&reading["after"])
}

const CONTINUATION: Shape = Fields(&[
    ("text", Text),
    ("tokens", List(&Text)),
    ("token_ids", List(&Count)),
    ("components", Text),
    ("seed", Number),
    ("temperature", Number),
    ("top_p", Number),
]);

const SELF_CHECK: Shape = Fields(&[
    ("model", Text),
    (
        "prompts",
        List(&Fields(&[
            ("prompt", Text),
            ("same_ids", Truth),
            ("same_top", Truth),
            ("logits", Maybe(&Number)),
            ("attention", Maybe(&Number)),
            ("attention_figures", Count),
            ("pattern", Maybe(&Number)),
        ])),
    ),
]);
