//! The page thread's side: links and word tables. All of it is quick and
//! synchronous.

mod csv_text;
pub mod views;

use crate::prompts::WordTable;
use crate::study::{OwnMask, Target};
use crate::web::catalogue::Catalogue;
use crate::web::js::{from_js, to_js};
use crate::web::known_models;
use crate::web::payload::{ReadLink, ReadWords, Sizes};
use crate::web::{Problem, Settings, link};
use wasm_bindgen::prelude::*;

/// All that can be chosen and what is said of it.
#[wasm_bindgen]
#[must_use]
pub fn catalogue() -> JsValue {
    to_js(&Catalogue::new())
}

/// Reads the text after `#`: `{settings, problems, link, empty}`, where `link` is that
/// text as the page writes it, and `empty` says that it holds none of a link's keys and
/// so is no link to a study. Never throws.
#[wasm_bindgen]
#[must_use]
pub fn parse_link(hash: &str) -> JsValue {
    let (settings, problems) = link::parse(hash);
    let link = link::format(&settings);
    let empty = link::is_empty(hash);
    to_js(&ReadLink { settings, problems, link, empty })
}

/// Changes `settings` by a `patch` of some keys, whose values are texts, numbers or null
/// as controls give them: `{settings, problems, link, stale}`, a [`link::change::Change`].
///
/// # Errors
///
/// A [`Problem`] as an object, if these are no settings.
#[wasm_bindgen]
pub fn change(settings: JsValue, patch: JsValue) -> Result<JsValue, JsValue> {
    let settings: Settings = from_js(&settings)?;
    Ok(to_js(&settings.change(&from_js(&patch)?)))
}

/// The target after cells were painted on a prompt of `n` tokens, from one corner of a
/// rectangle to the other; where all of them were painted they are wiped. A `q` or a `k` of
/// -1 stands for all. Where none is left it is the study's.
#[wasm_bindgen]
#[must_use]
pub fn paint(target: &str, n: usize, from: &[i32], to: &[i32]) -> String {
    let mask = match target.parse() {
        Ok(Target::Cells(mask)) => Some(mask),
        _ => None,
    };
    let span = |axis: usize| {
        let (Some(&from), Some(&to)) = (from.get(axis), to.get(axis)) else { return 0..0 };
        if from.min(to) < 0 { 0..n } else { from.min(to) as usize..n.min(from.max(to) as usize + 1) }
    };
    let cells: Vec<(usize, usize)> = span(0).flat_map(|q| span(1).map(move |k| (q, k))).collect();
    OwnMask::toggled(mask.as_ref(), &cells).map_or_else(Target::default, Target::Cells).to_string()
}

/// `{n_layer, n_head}` of a model whose sizes are known before it is opened; of
/// others nothing.
#[wasm_bindgen]
#[must_use]
pub fn known_sizes(model: &str) -> JsValue {
    known_models::config_of(model)
        .map_or(JsValue::NULL, |config| to_js(&Sizes { n_layer: config.n_layer, n_head: config.n_head }))
}

/// The word table that the page comes with, as CSV.
#[wasm_bindgen]
#[must_use]
pub fn notebook_words() -> String {
    WordTable::notebook().to_csv()
}

/// Reads a word table: `{rows, names, csv}`, where `csv` is the table as links and
/// files hold it, and a row without a name has `null`.
///
/// # Errors
///
/// A [`Problem`] as an object, which names the row and the word.
#[wasm_bindgen]
pub fn parse_words(csv: &str) -> Result<JsValue, JsValue> {
    let table = WordTable::from_csv(csv).map_err(Problem::from)?;
    let (rows, names) = (table.rows().to_vec(), table.names().to_vec());
    Ok(to_js(&ReadWords { rows, names, csv: table.to_csv() }))
}
