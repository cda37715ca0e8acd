//! Texts made short enough for a link: deflated, and written in base64url.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

/// Longest text that is packed or unpacked, in bytes. A few bytes of a hostile
/// link could otherwise unpack to gigabytes.
pub const LONGEST: usize = 1 << 20;

/// miniz's best ratio that is still quick: 0 is none, 10 the slowest.
const LEVEL: u8 = 9;

/// A text in base64url without padding; `None` for one that [`unpack`] would refuse.
#[must_use]
pub fn pack(text: &str) -> Option<String> {
    (text.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.encode(compress_to_vec(text.as_bytes(), LEVEL)))
}

/// Reads what [`pack`] wrote.
///
/// # Errors
///
/// What is wrong, as a clause that follows the name of the setting.
pub fn unpack(packed: &str) -> Result<String, String> {
    let damaged = || "is damaged in this link and cannot be unpacked".to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(packed).map_err(|_| damaged())?;
    let text = decompress_to_vec_with_limit(&bytes, LONGEST).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => format!("unpacks to more than {} kB", LONGEST / 1000),
        _ => damaged(),
    })?;
    String::from_utf8(text).map_err(|_| damaged())
}
