//! What 0.1.0 wrote is read: its results files, its settings files and its links.

use super::settings;
use crate::{fixtures, test};
use headscope::web::link;
use headscope::web::payload::ImportedResults;
use headscope::web::results::import;
use headscope::web::tools::Tool;
use serde_json::Value;

/// What tools were called in files then, where that is not what they are called now.
const ONCE: [(Tool, &str); 2] = [(Tool::Text, "reading"), (Tool::Check, "self_check")];

/// Tools that came later.
const LATER_TOOLS: [Tool; 4] = [Tool::Circuits, Tool::Lens, Tool::Attribution, Tool::Output];

#[test]
fn results_files_are_read_and_written_again_with_all_that_they_held() {
    let mut tools = Vec::new();
    for name in ["drawn", "text", "own-tokenizer"] {
        let old = fixtures::json(&format!("tests/fixtures/results-0.1.0-{name}.json"));
        assert!(old["build"].as_str().unwrap().starts_with("0.1.0+"));
        let results = import::read(&old, fixtures::tokens()).unwrap();
        let mut written = results.to_json();
        // Whole numbers of seconds and bytes may be written as fractions, and the like.
        let same = |a: &Value, b: &Value| a.as_f64().is_some() && a.as_f64() == b.as_f64() || a == b;
        for (tool, once) in ONCE {
            let further = written["further"].as_object_mut().unwrap();
            if let Some(found) = further.remove(tool.name()) {
                further.insert(once.to_owned(), found);
            }
        }
        for (key, value) in old.as_object().unwrap() {
            assert!(
                differs(value, &written[key], &same).is_none(),
                "{name}: {key} {:?}",
                differs(value, &written[key], &same)
            );
        }
        tools.extend(results.further.keys().copied());
        let shown = ImportedResults::of(&results).unwrap();
        assert!(shown.pattern.is_some(), "{name}");
    }
    tools.sort_unstable();
    let then = Tool::ALL.iter().filter(|tool| tool.in_files().is_some() && !LATER_TOOLS.contains(tool));
    let kept: Vec<&str> = then.map(|tool| tool.name()).collect();
    assert_eq!(tools, {
        let mut kept = kept;
        kept.sort_unstable();
        kept
    });
}

/// Whether a field came later and says that nothing is otherwise than it was then.
fn is_later(name: &str, value: &Value) -> bool {
    value.is_null() || (["alpha", "repeat"].contains(&name) && value.as_f64() == Some(1.0))
}

/// Where two values differ, as far as `same` says.
fn differs(a: &Value, b: &Value, same: &impl Fn(&Value, &Value) -> bool) -> Option<String> {
    let inside = |name: &str, a: &Value, b: &Value| Some(format!("{name}.{}", differs(a, b, same)?));
    match (a, b) {
        // What came later has nothing to say of an earlier file.
        (Value::Object(left), Value::Object(right))
            if right.iter().all(|(name, value)| is_later(name, value) || left.contains_key(name)) =>
        {
            left.iter().find_map(|(name, value)| inside(name, value, right.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().find_map(|(i, (a, b))| inside(&i.to_string(), a, b))
        }
        _ => (!same(a, b)).then(|| format!(" {a} became {b}")),
    }
}

#[test]
fn a_file_with_both_names_of_a_tool_is_read_by_the_one_of_today() {
    let mut file = fixtures::json("tests/fixtures/results-0.1.0-text.json");
    let mut later = file["further"]["reading"].clone();
    later["label"] = "later".into();
    file["further"]["text"] = later.clone();
    let results = import::read(&file, fixtures::tokens()).unwrap();
    assert_eq!(results.further["text"], later);
    file["further"]["reading"] = 5.into();
    assert!(import::read(&file, fixtures::tokens()).is_ok());
    file["further"].as_object_mut().unwrap().remove("text");
    let refused = import::read(&file, fixtures::tokens()).unwrap_err().to_string();
    assert_eq!(refused, "the file’s further has text that cannot be shown: is not an object");
}

#[test]
fn what_cannot_be_right_of_a_tool_is_named_by_its_place() {
    let drawn = fixtures::json("tests/fixtures/results-0.1.0-drawn.json");
    for (pointer, wrong, told) in [
        (
            "/further/seeds/seeds/0/score",
            Value::Null,
            "seeds that cannot be shown: seeds.0.score is not a number",
        ),
        ("/further/seeds/seeds/1/effects/0/ci", "1".into(), "effects.0.ci is not a list"),
        ("/further/contrasts/conditions/0/heads/0/shares/self", Value::Null, "shares.self is not a number"),
        ("/further/categories/attention/rows/0/mass/0", "<b>".into(), "rows.0.mass.0 is not a number"),
        (
            "/further/categories/attention/rows/0/mass",
            Value::Array(vec![]),
            "categories whose lists differ in length",
        ),
        ("/further/self_check/prompts/0/same_ids", 1.into(), "prompts.0.same_ids is not true or false"),
    ] {
        let mut file = drawn.clone();
        *file.pointer_mut(pointer).unwrap() = wrong;
        let refused = import::read(&file, fixtures::tokens()).unwrap_err().to_string();
        assert!(
            refused.starts_with("the file’s further has ") && refused.contains(told),
            "{pointer}: {refused}"
        );
    }
}

#[test]
fn settings_files_are_read() {
    let file = fixtures::json("tests/fixtures/settings-0.1.0.json");
    let results = import::read(&file, fixtures::tokens()).unwrap();
    let read = serde_json::to_value(&results.settings).unwrap();
    assert_eq!(differs(&file["settings"], &read, &|a: &Value, b: &Value| a == b), None);
}

#[test]
fn links_are_read_as_they_were_meant() {
    let links = String::from_utf8(fixtures::read("tests/fixtures/links-0.1.0.txt")).unwrap();
    assert_eq!(links.lines().count(), 8);
    for hash in links.lines() {
        assert_eq!(link::format(&settings(hash)), hash);
    }
}
