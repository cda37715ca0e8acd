//! How tokens are shown: so that any two can be told apart.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A token's bytes as they are shown: what would show as nothing, as a space or as a
/// box by its code (`<U+00A0>`, `<U+200B>`), bytes that are no whole character by
/// their values (`<0xF0>`), line breaks and other control characters by their pictures
/// (`⏎`, `⇥`, `␀`). Plain spaces stay, and whoever draws a token makes them visible.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                ' ' => text.push(' '),
                '\n' => text.push('⏎'),
                '\t' => text.push('⇥'),
                // Unicode's pictures of control characters stand in their order.
                '\0'..='\u{1f}' => text.extend(char::from_u32(0x2400 + character as u32)),
                '\u{7f}' => text.push('␡'),
                c if hides(c) => text.push_str(&format!("<U+{:04X}>", c as u32)),
                c => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("<0x{byte:02X}>")));
    }
    text
}

/// Whether a character shows as nothing, as a space, or as what stands for anything:
/// white space, controls, Unicode's default-ignorable code points (soft hyphens, marks
/// without width or that turn the direction of writing, variation selectors, tags),
/// the empty Braille pattern, U+FFFD and what is for private use.
fn hides(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..)
}

/// The bytes that a token of the vocabulary stands for; `None` if it is not written in
/// the characters that stand for bytes.
pub(super) fn bytes_of(token: &str) -> Option<Vec<u8>> {
    static BYTES: LazyLock<HashMap<char, u8>> = LazyLock::new(|| {
        let printable = (0..=255).filter(|byte| is_printable(*byte));
        let hidden = (0..=255).filter(|byte| !is_printable(*byte));
        byte_symbols().into_iter().zip(printable.chain(hidden)).collect()
    });
    token.chars().map(|c| BYTES.get(&c).copied()).collect()
}

/// The characters that stand for bytes in GPT-2's vocabulary, in the order of
/// their ids: printable bytes stand for themselves, the others follow from
/// U+0100 on (`bytes_to_unicode` in OpenAI's encoder.py).
#[must_use]
pub fn byte_symbols() -> Vec<char> {
    let printable = (0..=255).filter(|byte| is_printable(*byte)).map(char::from);
    let hidden = (0..=255).filter(|byte| !is_printable(*byte)).count() as u32;
    printable.chain((256..256 + hidden).filter_map(char::from_u32)).collect()
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, 33..=126 | 161..=172 | 174..=255)
}
