//! Links: settings as the text after `#`.

use super::{SettingProblem, Settings};

/// Version of the format. Later versions keep reading this one.
const VERSION: &str = "1";

/// Reads the text after `#`, with or without the `#`. Unknown keys are ignored;
/// a bad value is reported and its default used.
#[must_use]
pub fn parse(hash: &str) -> (Settings, Vec<SettingProblem>) {
    let text = hash.strip_prefix('#').unwrap_or(hash);
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    let (settings, mut problems) =
        Settings::from_pairs(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())));
    if let Some((_, version)) = pairs.iter().find(|(key, value)| key == "v" && value != VERSION) {
        problems.push(SettingProblem {
            key: "v".to_owned(),
            value: version.to_string(),
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
            pairs.append_pair(key, &value);
        }
    }
    pairs.finish()
}
