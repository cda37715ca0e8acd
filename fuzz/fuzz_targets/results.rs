//! Results and settings files: what is taken is written again as it was read.
#![no_main]

use headscope::web::payload::ImportedResults;
use headscope::web::results::import;
use headscope_fuzz::gpt2;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|json: &[u8]| {
    let Ok(file) = serde_json::from_slice::<Value>(json) else { return };
    match import::read(&file, gpt2()) {
        Ok(results) => {
            let written = results.to_json();
            let _ = (ImportedResults::of(&results), results.to_csv());
            let again = import::read(&written, gpt2()).expect("what was written can be read");
            assert_eq!(again.to_json(), written);
        }
        Err(error) => assert!(error.to_string().starts_with("the file")),
    }
});
