//! A change of settings, as a control of the page makes it.

use crate::web::link::field::Field;
use crate::web::link::outcome::Outcome;
use crate::web::link::settings::text_of;
use crate::web::link::{as_meant, format};
use crate::web::{SettingProblem, Settings};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Change {
    /// The settings after it.
    pub settings: Settings,
    /// What could not be. Of a key that was to be changed: its value is refused, and the
    /// one before stays in force. Of another key: it had to follow the change.
    pub problems: Vec<SettingProblem>,
    /// The text after `#` for the settings.
    pub link: String,
    /// What is untrue now, each with the change that made it so, as a clause.
    #[cfg_attr(test, ts(type = "Partial<Record<Outcome, string>>"))]
    pub stale: BTreeMap<&'static str, &'static str>,
}

impl Settings {
    /// Takes values as controls give them, by their keys. They are read as those of a
    /// link are, null stands for the default, and so does nothing but white space
    /// where a setting may be left unset.
    #[must_use]
    pub fn change(&self, patch: &Map<String, Value>) -> Change {
        let mut problems = Vec::new();
        // Each is taken by itself at first, then those that can be together.
        let mut wanted = self.clone();
        let mut given: Vec<&Field> = Vec::new();
        for field in Self::fields() {
            let Some(value) = patch.get(field.key) else { continue };
            let text = text_of(value).filter(|text| !(field.is_optional() && text.trim().is_empty()));
            let Some(text) = text.map(|text| as_meant(field, &text)) else {
                let defaults = wanted.defaults();
                (field.copy)(&mut wanted, &defaults);
                given.push(field);
                continue;
            };
            match (field.read)(&mut wanted, &text) {
                Ok(()) => given.push(field),
                Err(why) => {
                    problems.push(SettingProblem::refused(field.key, &text, &why, self.stays(field.key)));
                }
            }
        }
        let settings = loop {
            let is_given = |key: &str| given.iter().any(|field| field.key == key);
            let mut settings = self.clone();
            given.iter().for_each(|field| (field.copy)(&mut settings, &wanted));
            // Beside a text alone the number of the drawn prompt waits, unless a link had none.
            let is_begun_anew = match (self.texts().len(), settings.texts().len()) {
                (0 | 1, 2..) | (2.., 0) => true,
                (1, 0) => settings.prompt == 0,
                _ => false,
            };
            if is_begun_anew && !is_given("prompt") {
                settings.prompt = settings.defaults().prompt;
            }
            let mut found = Vec::new();
            settings.reconcile(&is_given, &mut found);
            let Some(impossible) = found.iter().position(|problem| is_given(&problem.key)) else {
                problems.extend(found);
                break settings;
            };
            let problem = found.swap_remove(impossible);
            given.retain(|field| field.key != problem.key);
            problems.push(SettingProblem { consequence: self.stays(&problem.key), ..problem });
        };
        let mut stale = BTreeMap::new();
        // One by one: to collect would bring a sort of its own into the first load.
        for outcome in Outcome::all() {
            if let Some(field) = settings.outdates(self, outcome) {
                stale.insert(outcome.name(), field.change);
            }
        }
        Change { link: format(&settings), settings, problems, stale }
    }

    /// What is in force while a control holds a value that cannot be.
    fn stays(&self, key: &str) -> String {
        match self.get(key).filter(|value| value.chars().count() <= SHORT) {
            Some(value) => format!("Until then {value} stays in force."),
            None => "Until then it stays as it was.".to_owned(),
        }
    }
}

/// Longest value that is repeated, in characters.
const SHORT: usize = 20;
