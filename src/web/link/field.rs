//! One setting of the table in [`settings`](super::settings): how it is written, read
//! and called.

use crate::circuits::LogitOf;
use crate::circuits::steering::Alpha;
use crate::study::{Head, KindChoice, Metric, Target};
use crate::web::Settings;
use crate::web::link::ablation_choice::{Components, SeedRange};
use crate::web::link::outcome::Outcome;
use crate::web::link::settings::{Embed, Over, Run};
use serde_json::Value;

/// All that is said of a setting anywhere.
pub struct Field {
    /// Its key in links and files.
    pub key: &'static str,
    /// The key under which a link carries it packed. Plain ones are read as well, and
    /// written where they are shorter.
    pub packed: Option<&'static str>,
    /// What it is called, to begin a sentence with.
    pub called: &'static str,
    /// What a change of it is called, as a clause.
    pub change: &'static str,
    /// Its letters.
    pub(super) letters: Letters,
    /// The least and the most: of a number itself, of a list its length, of a text its bytes.
    pub limits: Option<(u32, u32)>,
    /// Sets it from its text form.
    pub(super) read: fn(&mut Settings, &str) -> Result<(), String>,
    /// Its value in JSON: a number, a text, or null where it is not set.
    pub json: fn(&Settings) -> Value,
    /// Takes it from other settings.
    pub(super) copy: fn(&mut Settings, &Settings),
    /// Whether two settings agree in it.
    pub(super) is_same: fn(&Settings, &Settings) -> bool,
    /// Whether an outcome of these settings stands on it.
    pub touches: fn(Outcome, &Settings) -> bool,
}

impl Field {
    /// Its text form; `None` where it is not set.
    pub(super) fn text(&self, settings: &Settings) -> Option<String> {
        match (self.json)(settings) {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// Whether it may be left unset.
    pub(super) fn is_optional(&self) -> bool {
        (self.json)(&Settings::default()).is_null()
    }
}

/// What is done to the letters of a value, so that it is read as it was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// They are tried as they stand.
    Any,
    /// All values are small.
    Small,
    /// They are tried as capitals too.
    Capital,
    /// Words of the visitor's own, of which nothing may go.
    Own,
    /// The same, with a line end after every row.
    Table,
}

impl Letters {
    /// Whether these are words of the visitor's own.
    pub(super) fn are_own(self) -> bool {
        matches!(self, Self::Own | Self::Table)
    }
}

/// How a setting is written.
pub(super) struct Form<T> {
    pub(super) read: fn(&str) -> Result<T, String>,
    pub(super) letters: Letters,
    pub(super) limits: Option<(u32, u32)>,
    pub(super) packed: Option<&'static str>,
}

impl<T> Form<T> {
    pub(super) const fn of(letters: Letters, read: fn(&str) -> Result<T, String>) -> Self {
        Self { read, letters, limits: None, packed: None }
    }

    pub(super) const fn at_most(self, most: u32) -> Self {
        Self { limits: Some((0, most)), ..self }
    }

    pub(super) const fn packed(self, key: &'static str) -> Self {
        Self { packed: Some(key), ..self }
    }
}

impl Form<u32> {
    /// A whole number.
    pub(super) const fn whole<const LEAST: u32, const MOST: u32>() -> Self {
        let form = Self::of(Letters::Any, |text| number(text, LEAST, MOST));
        Self { limits: Some((LEAST, MOST)), ..form }
    }
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|x| plain && (least..=most).contains(x));
    number.ok_or_else(|| format!("has to be a whole number from {least} to {most}"))
}

/// A value that a setting may have.
pub(super) trait Setting {
    fn json(&self) -> Value;

    /// What the page's types call it.
    #[cfg(test)]
    fn ts() -> String;
}

impl Setting for u32 {
    fn json(&self) -> Value {
        (*self).into()
    }

    #[cfg(test)]
    fn ts() -> String {
        "number".to_owned()
    }
}

impl Setting for Alpha {
    fn json(&self) -> Value {
        let factor = self.factor();
        // A whole number is written as one, which is also its text in a link.
        if factor.fract() == 0.0 { (factor as i64).into() } else { factor.into() }
    }

    #[cfg(test)]
    fn ts() -> String {
        "number".to_owned()
    }
}

impl<T: Setting> Setting for Option<T> {
    fn json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Setting::json)
    }

    #[cfg(test)]
    fn ts() -> String {
        format!("{} | null", T::ts())
    }
}

impl Setting for Vec<Head> {
    fn json(&self) -> Value {
        let names: Vec<String> = self.iter().map(ToString::to_string).collect();
        if names.is_empty() { Value::Null } else { names.join(",").into() }
    }

    #[cfg(test)]
    fn ts() -> String {
        "string | null".to_owned()
    }
}

/// Values that JSON holds as links do.
macro_rules! texts {
    ($($type:ty: $ts:literal),*) => {
        $(impl Setting for $type {
            fn json(&self) -> Value {
                self.to_string().into()
            }

            #[cfg(test)]
            fn ts() -> String {
                $ts.to_owned()
            }
        })*
    };
}

texts!(
    String: "string", Head: "string", Metric: "string", KindChoice: "string", Target: "string",
    Over: "\"kept\" | \"prompt\"", Components: "string", SeedRange: "string", Run: "string", Embed: "string",
    LogitOf: "string"
);
