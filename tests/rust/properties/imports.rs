//! Results files that somebody changed: what the page then shows is what the file says, or
//! the file is refused with a reason.

use super::holds;
use crate::fixtures::{json, tokens};
use headscope::web::results::import;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Steps from the root of a file to a value in it: keys, and places in lists.
type Path = Vec<Step>;

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    At(usize),
}

/// What is done to one value of a file.
#[derive(Debug, Clone)]
enum Mutation {
    /// A number is another.
    Times(f64),
    Plus(f64),
    /// The value is something else.
    Becomes(Value),
    /// It goes.
    Remove,
    /// In a list it stands twice.
    Twice,
    /// In a list it changes places with the next.
    Swap,
    /// Its key is written otherwise, where it is a number.
    Renamed(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let others =
        [json!(null), json!("7"), json!(true), json!([]), json!({}), json!(-1), json!(1e300), json!("")];
    prop_oneof![
        select(&[-1.0, 0.5, 2.0, 1.001, 1e-9]).prop_map(Mutation::Times),
        select(&[1.0, -1.0, 0.01, 0.5]).prop_map(Mutation::Plus),
        select(others.to_vec()).prop_map(Mutation::Becomes),
        Just(Mutation::Remove),
        Just(Mutation::Twice),
        Just(Mutation::Swap),
        select(&["0", "+", " "]).prop_map(Mutation::Renamed),
    ]
}

/// The paths of all values.
fn paths(value: &Value, here: &Path, found: &mut Vec<Path>) {
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, value)| (Step::At(i), value)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        let path = [here.as_slice(), &[step]].concat();
        found.push(path.clone());
        paths(child, &path, found);
    }
}

fn mutate(file: &mut Value, path: &Path, mutation: &Mutation) {
    let Some((last, before)) = path.split_last() else { return };
    let mut parent = file;
    for step in before {
        let child = match step {
            Step::Key(key) => parent.get_mut(key),
            Step::At(i) => parent.get_mut(i),
        };
        // An earlier mutation may have taken it away.
        let Some(child) = child else { return };
        parent = child;
    }
    match (parent, last, mutation) {
        (Value::Object(map), Step::Key(key), Mutation::Remove) => drop(map.remove(key)),
        (Value::Object(map), Step::Key(key), Mutation::Renamed(prefix)) => {
            if let Some(value) = map.get(key).filter(|_| key.parse::<usize>().is_ok()).cloned() {
                map.insert(format!("{prefix}{key}"), value);
            }
        }
        (Value::Array(list), Step::At(i), Mutation::Remove) if *i < list.len() => drop(list.remove(*i)),
        (Value::Array(list), Step::At(i), Mutation::Twice) if *i < list.len() => {
            list.insert(*i, list[*i].clone());
        }
        (Value::Array(list), Step::At(i), Mutation::Swap) if i + 1 < list.len() => list.swap(*i, i + 1),
        (parent, last, mutation) => {
            let value = match last {
                Step::Key(key) => parent.get_mut(key),
                Step::At(i) => parent.get_mut(i),
            };
            let Some(value) = value else { return };
            match (mutation, value.as_f64()) {
                (Mutation::Becomes(other), _) => *value = other.clone(),
                (Mutation::Times(factor), Some(number)) => *value = json!(number * factor),
                (Mutation::Plus(more), Some(number)) => *value = json!(number + more),
                _ => {}
            }
        }
    }
}

/// All numbers of a file by their paths. Settings may be written as texts.
fn numbers(value: &Value, path: &str, found: &mut BTreeMap<String, f64>) {
    match value {
        Value::String(text) if path.starts_with("/settings/") => {
            if let Ok(number) = text.parse() {
                found.insert(path.to_owned(), number);
            }
        }
        Value::Number(number) => {
            found.insert(path.to_owned(), number.as_f64().unwrap());
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| numbers(value, &format!("{path}/{key}"), found));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, value)| numbers(value, &format!("{path}/{i}"), found));
        }
        _ => {}
    }
}

/// What a file may leave out: settings have their defaults, times and bytes are nothing
/// then, and files of before know of no steering.
fn may_be_left_out(path: &str) -> bool {
    ["/settings/", "/timings_ms/", "/bytes/"].iter().any(|start| path.starts_with(start))
        || path.ends_with("/alpha")
}

/// Attention is shown in single precision, and a mean is taken anew.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-7 * a.abs().max(b.abs()).max(1e-3)
}

/// What holds no number, and is not read: the page says it anew.
fn is_text(path: &str) -> bool {
    ["/build", "/link", "/categories"].iter().any(|start| path.starts_with(start))
        || path.ends_with("/reason")
}

/// How a file and what is shown of it differ in a number, if they do.
fn difference(file: &Value, shown: &Value) -> Option<String> {
    let (mut given, mut seen) = (BTreeMap::new(), BTreeMap::new());
    numbers(file, "", &mut given);
    numbers(shown, "", &mut seen);
    let of_file = |(path, number): (&String, &f64)| match seen.get(path) {
        Some(other) if same(*number, *other) => None,
        _ if is_text(path) => None,
        other => Some(format!("{path} is {number}, and {other:?} is shown")),
    };
    let of_page = |(path, number): (&String, &f64)| {
        (!given.contains_key(path) && !may_be_left_out(path)).then(|| format!("{path} is shown as {number}"))
    };
    given.iter().find_map(of_file).or_else(|| seen.iter().find_map(of_page))
}

#[test]
fn a_changed_file_is_shown_as_it_is_or_refused() {
    let files: Vec<(Value, Vec<Path>)> = ["drawn", "text", "own-tokenizer"]
        .map(|name| {
            let old = json(&format!("tests/fixtures/results-0.1.0-{name}.json"));
            let mut file = import::read(&old, tokens()).unwrap().to_json();
            // The whole file is hashed by no version yet, and one may say it.
            file["model"]["weights_checked"] = json!({ "hashed_bytes": 3, "of": 8 });
            assert_eq!(difference(&file, &import::read(&file, tokens()).unwrap().to_json()), None);
            let mut found = Vec::new();
            paths(&file, &Path::new(), &mut found);
            (file, found)
        })
        .into();
    // Most paths lead into long lists of numbers; every second mutation is made near the root.
    let place = (any::<Index>(), prop_oneof![Just(3_usize), Just(usize::MAX)]);
    let changes = vec((place, mutation()), 1..3);
    holds(file!(), 800, &(any::<Index>(), changes), |(file, changes)| {
        let (file, paths) = file.get(&files);
        let mut changed = file.clone();
        for ((at, deepest), mutation) in &changes {
            let near: Vec<&Path> = paths.iter().filter(|path| path.len() <= *deepest).collect();
            mutate(&mut changed, near[at.index(near.len())], mutation);
        }
        match import::read(&changed, tokens()) {
            Ok(results) => prop_assert_eq!(difference(&changed, &results.to_json()), None),
            Err(refused) => prop_assert!(refused.to_string().starts_with("the file"), "{}", refused),
        }
        Ok(())
    });
}
