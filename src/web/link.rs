//! Links: settings as the text after `#`.

use super::{SettingProblem, Settings, packed};
use std::borrow::Cow;

/// Version of the format. Later versions keep reading this one.
const VERSION: &str = "1";

/// Settings that hold texts, each with the key under which a link carries it
/// packed. Plain ones are read as well, and written where they are shorter.
const PACKED: [(&str, &str); 3] = [("words", "words-z"), ("text", "text-z"), ("ablate", "ablate-z")];

/// Shorter texts stay as they are, so that a link can be read; in characters of it.
const READABLE: usize = 200;

/// Reads the text after `#`, with or without the `#`. Unknown keys are ignored;
/// a bad value is reported and its default used.
#[must_use]
pub fn parse(hash: &str) -> (Settings, Vec<SettingProblem>) {
    let text = hash.strip_prefix('#').unwrap_or(hash);
    let mut damaged = Vec::new();
    let mut unpacked = Vec::new();
    let plain = |(key, value): (Cow<'_, str>, Cow<'_, str>)| {
        let Some((plain, _)) = PACKED.into_iter().find(|(_, packed)| *packed == key) else {
            return Some((key.into_owned(), value.into_owned()));
        };
        // Of each key one is unpacked, so that a link cannot ask for the work over and over.
        if unpacked.contains(&plain) {
            return None;
        }
        unpacked.push(plain);
        match packed::unpack(&value) {
            Ok(text) => Some((plain.to_owned(), text)),
            Err(wrong) => {
                damaged.push(SettingProblem {
                    key: plain.to_owned(),
                    value: value.into_owned(),
                    message: format!("{plain} {wrong}."),
                    consequence: "It is left out.".to_owned(),
                });
                None
            }
        }
    };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).filter_map(plain).collect();
    let (settings, mut problems) =
        Settings::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    problems.extend(damaged);
    if let Some((_, version)) = pairs.iter().find(|(key, value)| key == "v" && value != VERSION) {
        problems.push(SettingProblem {
            key: "v".to_owned(),
            value: version.clone(),
            message: format!("v is {version} and this page reads version {VERSION}."),
            consequence: "The link may mean more than is shown.".to_owned(),
        });
    }
    (settings, problems)
}

/// The text after `#`. Defaults are left out; the version and the model never
/// are, so that a link says what it was made with.
#[must_use]
pub fn format(settings: &Settings) -> String {
    let defaults = Settings::default();
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("v", VERSION);
    for key in Settings::KEYS {
        let value = settings.get(key);
        if let Some(value) = value.filter(|value| key == "model" || Some(value) != defaults.get(key).as_ref())
        {
            match PACKED.into_iter().find(|(plain, _)| *plain == key).and_then(|(_, z)| shorter(z, &value)) {
                Some((packed_key, packed)) => pairs.append_pair(packed_key, &packed),
                None => pairs.append_pair(key, &value),
            };
        }
    }
    pairs.finish()
}

/// A text as the link's packed pair, where that is shorter than the plain one.
fn shorter(key: &'static str, text: &str) -> Option<(&'static str, String)> {
    let plain: usize = form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum();
    if plain < READABLE {
        return None;
    }
    let packed = packed::pack(text)?;
    // The packed key ends in two letters more.
    (packed.len() + 2 < plain).then_some((key, packed))
}
