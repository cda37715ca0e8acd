//! What came in the place of a model's file, recognised by its first bytes.

/// Beginnings of what hosts and disks hold in place of a model's files.
const BEGINNINGS: [(&[u8], &str); 9] = [
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<head", "a web page"),
    (b"<!--", "a web page"),
    (b"<?xml", "a message in XML"),
    (b"<error", "a message in XML"),
    (b"version https://git-lfs", "the pointer to a large file (Git LFS), not the file itself"),
    (b"version https://hawser", "the pointer to a large file (Git LFS), not the file itself"),
    (b"PK\x03\x04", "a zip archive, as PyTorch writes its weights"),
];
/// A gzip archive begins so (RFC 1952): two bytes of its own and the only method.
const GZIP: &[u8] = b"\x1f\x8b\x08";

/// What the first bytes of a file plainly show it to be, if that is neither JSON nor
/// a safetensors file: a web page, the pointer of a large-file store, an archive.
#[must_use]
pub fn found_in(first: &[u8]) -> Option<&'static str> {
    // A safetensors file, whose length may look like anything.
    if first.get(8) == Some(&b'{') {
        return None;
    }
    if first.starts_with(GZIP) {
        return Some("packed (gzip)");
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    let begins = |beginning: &[u8]| {
        text.get(..beginning.len()).is_some_and(|text| text.eq_ignore_ascii_case(beginning))
    };
    BEGINNINGS.iter().find(|(beginning, _)| begins(beginning)).map(|(_, found)| *found)
}
