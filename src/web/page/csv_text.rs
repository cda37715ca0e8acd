//! CSV for the page's tables and its editor of words.

use crate::web::Problem;
use crate::web::js::{from_js, to_js};
use wasm_bindgen::prelude::*;

/// Rows of texts as CSV with the line ends of RFC 4180; rows may differ in length.
///
/// # Errors
///
/// A [`Problem`] as an object, if these are no rows of texts.
#[wasm_bindgen]
pub fn format_csv(rows: JsValue) -> Result<String, JsValue> {
    let rows: Vec<Vec<String>> = from_js(&rows)?;
    let mut writer =
        csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(Problem::bug)?;
    }
    let bytes = writer.into_inner().map_err(Problem::bug)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The fields of one line of CSV, white space around them left out.
#[wasm_bindgen]
#[must_use]
pub fn split_csv_line(line: &str) -> JsValue {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(line.as_bytes());
    let fields = reader.records().next().and_then(Result::ok);
    to_js(&fields.iter().flatten().collect::<Vec<_>>())
}
