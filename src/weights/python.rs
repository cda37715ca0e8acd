//! JSON as Python's `json` module writes it, which is not always JSON.

/// The same without a byte-order mark, and with the numbers that JSON does not know
/// (NaN, Infinity, -Infinity) as texts of that name: whoever needs no such field does
/// not mind, and whoever does says what it holds.
pub(super) fn json(bytes: &[u8]) -> Vec<u8> {
    let mut rest = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut json = Vec::with_capacity(rest.len());
    let mut in_text = false;
    while let [first, ..] = rest {
        let word =
            ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| rest.starts_with(word.as_bytes()));
        let taken = match (word, first) {
            (Some(word), _) if !in_text => {
                json.extend_from_slice(format!("\"{word}\"").as_bytes());
                rest = &rest[word.len()..];
                continue;
            }
            (_, b'\\') if in_text => 2.min(rest.len()),
            (_, b'"') => {
                in_text = !in_text;
                1
            }
            _ => 1,
        };
        json.extend_from_slice(&rest[..taken]);
        rest = &rest[taken..];
    }
    json
}
