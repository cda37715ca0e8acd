//! Word tables in any encoding, with any separator: a table that is taken comes back.
#![no_main]

use headscope::prompts::WordTable;
use libfuzzer_sys::fuzz_target;

/// The bytes as a text, as one or the other reader has it.
fn text(encoding: u8, bytes: &[u8]) -> String {
    let pairs = bytes.chunks_exact(2);
    match encoding % 4 {
        0 => String::from_utf8_lossy(bytes).into_owned(),
        1 => String::from_utf16_lossy(
            &pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect::<Vec<_>>(),
        ),
        2 => String::from_utf16_lossy(
            &pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>(),
        ),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((encoding, bytes)) = input.split_first() else { return };
    let text = text(*encoding, bytes);
    match WordTable::from_csv(&text) {
        Ok(table) => {
            assert!(table.rows().iter().all(|row| !row.is_empty()));
            assert_eq!(table.labels().len(), table.rows().len());
            let written = table.to_csv();
            assert_eq!(WordTable::from_csv(&written).as_ref(), Ok(&table), "{written:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
