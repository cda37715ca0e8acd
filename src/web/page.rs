//! The page thread's side: links and word tables. All of it is quick and
//! synchronous.

use super::js::{from_js, property, to_js};
use super::{Problem, SettingProblem, Settings, link};
use crate::prompts::WordTable;
use wasm_bindgen::prelude::*;

/// Reads the text after `#`: `{settings, problems}`. Never throws.
#[wasm_bindgen]
#[must_use]
pub fn parse_link(hash: &str) -> JsValue {
    let (settings, problems) = link::parse(hash);
    to_js(&serde_json::json!({ "settings": settings, "problems": problems }))
}

/// The text after `#` for settings.
///
/// # Errors
///
/// A [`Problem`] as an object, if the settings lack something.
#[wasm_bindgen]
pub fn format_link(settings: JsValue) -> Result<String, JsValue> {
    Ok(link::format(&from_js(settings)?))
}

/// The notebook's settings.
#[wasm_bindgen]
#[must_use]
pub fn default_settings() -> JsValue {
    to_js(&Settings::default())
}

/// What is wrong with the values of a settings object, which may hold anything.
#[wasm_bindgen]
#[must_use]
pub fn check_settings(settings: JsValue) -> JsValue {
    to_js(&read_settings(&settings).1)
}

fn read_settings(settings: &JsValue) -> (Settings, Vec<SettingProblem>) {
    let text = |key: &str| {
        let value = property(settings, key);
        let number = value.as_f64().map(|number| number.to_string());
        (!value.is_null() && !value.is_undefined())
            .then(|| number.or_else(|| value.as_string()).unwrap_or_default())
    };
    let pairs: Vec<(&str, String)> =
        Settings::KEYS.into_iter().filter_map(|key| Some((key, text(key)?))).collect();
    Settings::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())))
}

/// Settings that are possible together, and what had to be put right for it:
/// `{settings, problems}`. Takes an object that may hold anything.
#[wasm_bindgen]
#[must_use]
pub fn reconcile(settings: JsValue) -> JsValue {
    let (settings, problems) = read_settings(&settings);
    to_js(&serde_json::json!({ "settings": settings, "problems": problems }))
}

/// Reads a word table: `{rows}`.
///
/// # Errors
///
/// A [`Problem`] as an object, which names the row and the word.
#[wasm_bindgen]
pub fn parse_words(csv: &str) -> Result<JsValue, JsValue> {
    let table = WordTable::from_csv(csv).map_err(Problem::from)?;
    Ok(to_js(&serde_json::json!({ "rows": table.rows() })))
}

/// Rows of words as CSV.
///
/// # Errors
///
/// A [`Problem`] as an object, which names the row and the word.
#[wasm_bindgen]
pub fn format_words(rows: JsValue) -> Result<String, JsValue> {
    let table = WordTable::from_rows(from_js(rows)?).map_err(Problem::from)?;
    Ok(table.to_csv())
}
