//! Tokens as the labels of a picture.

/// What beginning-of-text is called where there is little room.
const BOS_TOKEN: &str = "<|endoftext|>";
const BOS_LABEL: &str = "<bos>";

/// A token made visible and cut to `limit` characters, with an ellipsis if any
/// are lost. Leading spaces show, and what would turn or hide the text around it
/// is replaced.
pub(super) fn label_of(token: &str, limit: usize) -> String {
    let token = if token == BOS_TOKEN { BOS_LABEL } else { token };
    let visible: Vec<char> = token.chars().map(visible).collect();
    if visible.len() <= limit {
        return visible.into_iter().collect();
    }
    visible.into_iter().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Width that a text is likely to take. Layout must not depend on the fonts of a
/// machine, so this is an estimate on the safe side.
pub(super) fn likely_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.62
}

fn visible(character: char) -> char {
    match character {
        ' ' => '␣',
        '\n' | '\r' => '⏎',
        '\t' => '⇥',
        // Marks without width, and those that change the direction of writing.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::label_of;

    #[test]
    fn a_label_shows_spaces_and_takes_no_more_room_than_it_is_given() {
        assert_eq!(label_of(" red", 16), "␣red");
        assert_eq!(label_of("<|endoftext|>", 6), "<bos>");
        assert_eq!(label_of("incomprehensible", 6), "incom…");
        assert_eq!(label_of("a\u{202e}b\n\0", 16), "a\u{fffd}b⏎\u{fffd}");
    }
}
