//! Packed words, texts and components of a link, which may be cut or made by hand.
#![no_main]

use headscope::web::link::{self, packed_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|packed: &str| {
    if let Ok(text) = packed_text::unpack(packed) {
        assert!(text.len() <= packed_text::LONGEST);
        let again = packed_text::pack(&text).expect("what was unpacked can be packed");
        assert_eq!(packed_text::unpack(&again), Ok(text));
    }
    for key in ["words-z", "text-z", "ablate-z"] {
        let (settings, _) = link::parse(&format!("v=1&{key}={packed}"));
        assert_eq!(link::parse(&link::format(&settings)).0, settings);
    }
});
