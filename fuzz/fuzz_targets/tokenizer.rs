//! A model's own tokenizer, in one file or two, and a text that is read by it.
#![no_main]

use headscope::prompts::WordSequence;
use headscope::tokens::{Hints, Tokens};
use headscope_fuzz::{alone, parts};
use libfuzzer_sys::fuzz_target;

/// Beginnings of a text that config.json may name, and rows of the embedding.
const HINTS: [(Option<u32>, usize); 3] = [(None, 400), (Some(0), 323), (Some(300), 50_257)];

fuzz_target!(|input: &[u8]| alone(|| read(input)));

fn read(input: &[u8]) {
    let parts = parts(input);
    let text =
        |i: usize| parts.get(i).map_or_else(String::new, |bytes| String::from_utf8_lossy(bytes).into_owned());
    let (json, merges, text) = (parts[0], text(1), text(2));
    for (bos, rows) in HINTS {
        let hints = Hints { bos, eos: &[1, 7], rows };
        let files =
            [Tokens::from_tokenizer_json(json, &hints), Tokens::from_vocab_and_merges(json, &merges, &hints)];
        for tokens in files.into_iter().flatten() {
            assert!(tokens.has(tokens.bos()) && tokens.ends(tokens.bos()));
            let words: Vec<String> =
                text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
            let categories = vec![None; words.len()];
            if let Ok(tokenized) = tokens.tokenize(&WordSequence { words, categories }) {
                assert_eq!(tokenized.ids.len(), tokenized.word_of.len());
            }
            if let Ok(ids) = tokens.encode(&text) {
                assert!(ids.iter().all(|id| (*id as usize) < rows));
                let _ = tokens.decode(&ids);
                ids.iter().for_each(|id| drop(tokens.text_of(*id)));
            }
        }
    }
}
