//! The bundled model, `tiny`: what of it is part of the module, so that its first heatmap
//! takes few requests.

use crate::model::{Gpt2, Result};
use crate::weights::Part;
use half::f16;

/// Its config.json.
pub const CONFIG: &[u8] = include_bytes!("../../data/tiny/config.json");
/// Rows of its wte for the tokens of the built-in words, by id: the id in two bytes, then the
/// numbers as its file has them. They lie all over the file, each a request of its own.
const WORD_ROWS: &[u8] = include_bytes!("../../data/tiny/word-rows.bin");

/// Gives the model those rows.
///
/// # Errors
///
/// Those of [`Gpt2::insert`], of a model that is another.
pub fn insert_word_rows(model: &mut Gpt2) -> Result<()> {
    for row in WORD_ROWS.chunks_exact(2 * (1 + model.config().d_model)) {
        let (pairs, _) = row.as_chunks();
        let id = usize::from(u16::from_le_bytes(pairs[0]));
        let numbers = pairs[1..].iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect();
        model.insert(&Part { tensor: "wte.weight".to_owned(), rows: id..id + 1 }, numbers)?;
    }
    Ok(())
}
