//! GPT-2's merges as the page fetches them, packed or not.
#![no_main]

use headscope::tokens::Tokens;
use headscope_fuzz::{alone, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [text, bytes, ..] = parts(input)[..] else { return };
    alone(|| read(text, bytes));
});

fn read(text: &[u8], bytes: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let written = std::str::from_utf8(bytes).ok().and_then(|merges| Tokens::from_merges(merges).ok());
    for tokens in [Tokens::from_packed(bytes).ok(), written].into_iter().flatten() {
        if let Ok(ids) = tokens.encode(&text) {
            assert_eq!(tokens.decode(&ids[1..]), text);
        }
    }
}
