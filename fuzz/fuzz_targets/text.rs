//! Texts through GPT-2's tokenizer, from its packed merges and from the written ones.
#![no_main]

use headscope::tokens::Tokens;
use headscope_fuzz::gpt2;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static PACKED: LazyLock<Tokens> = LazyLock::new(|| {
    Tokens::from_packed(include_bytes!("../../data/tokenizer/merges.bin")).expect("merges of GPT-2")
});

fuzz_target!(|text: &str| {
    let ids = gpt2().encode(text).expect("every text has tokens");
    assert_eq!(PACKED.encode(text).expect("every text has tokens"), ids);
    assert_eq!(gpt2().decode(&ids[1..]), text);
    let tokenized = gpt2().tokenize_text(text).expect("every text has tokens");
    assert_eq!((tokenized.texts.len(), tokenized.word_of.len()), (ids.len(), ids.len()));
});
