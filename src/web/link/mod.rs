//! Links: settings as the text after `#`.

pub mod ablation_choice;
pub mod change;
pub mod field;
pub mod model_address;
pub mod outcome;
pub mod packed_text;
pub mod settings;

use field::{Field, Letters};
use settings::{SettingProblem, Settings};

/// Version of the format. Later versions keep reading this one.
const VERSION: &str = "1";

/// Shorter texts stay as they are, so that a link can be read; in characters of it.
const READABLE: usize = 200;

/// Most unknown keys that are named one by one.
const MOST_UNKNOWN: usize = 5;

/// Longest part of an unknown key that is shown, in characters.
const SHOWN: usize = 40;

/// How often a link may have been percent-encoded as a whole, beyond its own time.
const ENCODED: usize = 2;

/// Reads the text after `#`, with or without the `#`. What chats and mail programs
/// do to a link is undone where it is plain what was meant. An unknown key is named
/// and ignored; a bad value is reported and its default used.
#[must_use]
pub fn parse(hash: &str) -> (Settings, Vec<SettingProblem>) {
    let pairs = pairs(hash);
    let mut problems = Vec::new();
    let mut unknown = Vec::new();
    let mut known: Vec<(&'static str, String)> = Vec::new();
    let mut unpacked = Vec::new();
    for Pair { key, value, intact } in &pairs {
        let (Some(key), Some(value)) = (Key::of(key), value) else {
            unknown.push(key.as_str());
            continue;
        };
        let plain = key.plain();
        let text = match key {
            Key::Version => Ok(tidied(value)),
            // Of each key one is unpacked, so that a link cannot ask for the work over and over.
            Key::Packed(_) if unpacked.contains(&plain) => continue,
            Key::Packed(_) => {
                unpacked.push(plain);
                packed_text::unpack(trim_packed(value))
            }
            Key::Plain(field) if !intact && field.letters.are_own() => {
                Err("is damaged in this link: some of its letters cannot be read".to_owned())
            }
            Key::Plain(field) => Ok(as_meant(field, value)),
        };
        match text {
            Ok(text) => known.push((plain, text)),
            Err(wrong) => {
                let consequence = "It is left out.".to_owned();
                problems.push(SettingProblem::refused(plain, value, &wrong, consequence));
            }
        }
    }
    let (mut settings, found) = Settings::from_pairs(known.iter().map(|(key, value)| (*key, value.as_str())));
    problems.splice(0..0, found);
    if settings.texts().len() == 1 && settings.prompt == Settings::default().prompt {
        // It says nothing beside a text alone, and is not written there.
        settings.prompt = 0;
    }
    problems.extend(twice(&known));
    // Where there are several texts, the page writes which is shown. A link without that is
    // of a version that took its lines for one text.
    let texts = settings.texts().len();
    if texts > 1 && !known.iter().any(|(key, _)| *key == "prompt") {
        problems.push(SettingProblem {
            key: "text".to_owned(),
            value: settings.text.clone().unwrap_or_default(),
            message: format!("The text has {texts} lines."),
            consequence: "Each is a prompt of its own.".to_owned(),
        });
    }
    if let Some((_, version)) = known.iter().find(|(key, value)| *key == "v" && value != VERSION) {
        problems.push(SettingProblem {
            key: "v".to_owned(),
            value: version.clone(),
            message: format!("v is {version} and this page reads version {VERSION}."),
            consequence: "The link may mean more than is shown.".to_owned(),
        });
    }
    // A single name after `#` is a place on the page, as in `#heads`.
    if !known.is_empty() || hash.contains('=') {
        problems.extend(ignored(&unknown));
    }
    (settings, problems)
}

/// Whether a text after `#` is no link to a study: it holds none of the keys.
#[must_use]
pub fn is_empty(hash: &str) -> bool {
    !pairs(hash).iter().any(|pair| Key::of(&pair.key).is_some() && pair.value.is_some())
}

/// A key and its value, decoded.
struct Pair {
    key: String,
    /// `None` for a key without `=`, which may be the name of a place on the page.
    value: Option<String>,
    /// Whether all of the value could be decoded.
    intact: bool,
}

/// The pairs of a link, in their order.
fn pairs(hash: &str) -> Vec<Pair> {
    let mut found = Vec::new();
    // What a browser is to mark in the page's text is none of the link's.
    let link = hash.split(":~:").next().unwrap_or_default();
    collect(link, ENCODED, &mut found);
    found
}

fn collect(text: &str, deeper: usize, found: &mut Vec<Pair>) {
    for part in text.split('&') {
        let Some((key, value)) = form_urlencoded::parse(part.as_bytes()).next() else { continue };
        let key = clean_key(&key);
        // A link that was encoded once more, whole or from somewhere on.
        if Key::of(&key).is_none() && !part.contains('=') && key.contains('=') && deeper > 0 {
            collect(&key, deeper - 1, found);
            continue;
        }
        let splits =
            Key::of(&key).is_some_and(|key| !matches!(key, Key::Plain(field) if field.letters.are_own()));
        let (value, rest) = Some(&*value).filter(|_| splits).and_then(swallowed).unwrap_or((&value, ""));
        // What the decoder puts in the place of bytes that are no UTF-8.
        let intact = !value.contains('\u{FFFD}') || part.to_ascii_uppercase().contains("%EF%BF%BD");
        let value = part.contains('=').then(|| value.to_owned());
        if !key.is_empty() {
            found.push(Pair { key, value, intact });
        }
        if deeper > 0 && !rest.is_empty() {
            collect(rest, deeper - 1, found);
        }
    }
}

/// Where the `&` before the next key was encoded, or is a `;`, a value goes on with it.
fn swallowed(value: &str) -> Option<(&str, &str)> {
    let is_pair =
        |rest: &str| rest.split_once('=').is_some_and(|(key, _)| Key::of(&clean_key(key)).is_some());
    let (at, _) = value.match_indices(['&', ';']).find(|(at, _)| is_pair(&value[at + 1..]))?;
    Some((&value[..at], &value[at + 1..]))
}

/// A key without what stands before it in `?seed`, `#/seed`, `<seed` or `amp;seed`,
/// and without signs that nobody sees.
fn clean_key(key: &str) -> String {
    let visible: String = key.chars().filter(|c| !is_unseen(*c)).collect();
    let (name, rest) = visible.split_at(visible.find('=').unwrap_or(visible.len()));
    let odd = |c: char| !(c.is_alphanumeric() || c == '-' || c == '_');
    let name = name.trim().rsplit(odd).next().unwrap_or_default();
    format!("{name}{rest}")
}

/// Signs without width, which copying brings along.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}') || (c.is_control() && c != '\n')
}

/// A key that means something.
#[derive(Clone, Copy)]
enum Key {
    /// The version of the link.
    Version,
    /// A setting.
    Plain(&'static Field),
    /// A setting, packed.
    Packed(&'static Field),
}

impl Key {
    /// A key in any case.
    fn of(text: &str) -> Option<Self> {
        let is = |key: &str| key.eq_ignore_ascii_case(text);
        let setting = |field: &'static Field| match field.packed {
            _ if is(field.key) => Some(Self::Plain(field)),
            Some(packed) if is(packed) => Some(Self::Packed(field)),
            _ => None,
        };
        if is("v") { Some(Self::Version) } else { Settings::fields().iter().find_map(setting) }
    }

    /// The key as the page writes it, of what is not packed.
    fn plain(self) -> &'static str {
        match self {
            Self::Version => "v",
            Self::Plain(field) | Self::Packed(field) => field.key,
        }
    }
}

/// A value as it was meant: as it stands where that can be used, else without what
/// surrounds it in a message, in the case that the page writes.
fn as_meant(field: &Field, value: &str) -> String {
    if field.letters.are_own() {
        return as_text(field, value);
    }
    let tidy = match field.letters {
        Letters::Small => tidied(value).to_ascii_lowercase(),
        _ => tidied(value),
    };
    let capital = match field.letters {
        Letters::Capital => tidy.to_ascii_uppercase(),
        _ => tidy.clone(),
    };
    let plain = tidy.replace(|c| matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}'), "-");
    let before_place = tidy.split('#').next().unwrap_or_default().to_owned();
    let decoded = tidied(&decoded(&tidy));
    let can_be_used = |value: &String| (field.read)(&mut Settings::default(), value).is_ok();
    let forms = [tidy, capital, plain, before_place, decoded];
    forms.into_iter().find(can_be_used).unwrap_or_else(|| value.to_owned())
}

/// Words of the visitor's own as they stand, but for a table without a line or a
/// comma that was encoded once more: the page writes a line end after every row.
fn as_text(field: &Field, value: &str) -> String {
    let encoded = value.contains("%0A") || value.contains("%2C");
    let again = field.letters == Letters::Table && encoded && !value.contains([',', '\n']);
    if again { decoded(value) } else { value.to_owned() }
}

/// A text with its percent signs decoded, and nothing else.
fn decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D").replace('+', "%2B");
    form_urlencoded::parse(escaped.as_bytes()).next().map_or_else(String::new, |(text, _)| text.into_owned())
}

/// A value without the spaces, quotes, brackets and stops that a message puts
/// around a link.
fn tidied(value: &str) -> String {
    let visible: String = value.chars().filter(|c| !is_unseen(*c)).collect();
    let mut text = visible.trim();
    let quotes = |c: char| c.is_whitespace() || "\"'`*<>.,;:!?“”‘’«»…".contains(c);
    loop {
        let opening = |c: char| c.is_whitespace() || "\"'`<“‘«".contains(c);
        let shorter = text.trim_start_matches(opening).trim_end_matches(quotes);
        let unopened = [('(', ')'), ('[', ']'), ('{', '}')].into_iter().find_map(|(open, close)| {
            let before = shorter.strip_suffix(close)?;
            (before.matches(open).count() <= before.matches(close).count()).then_some(before)
        });
        let next = unopened.unwrap_or(shorter);
        if next == text {
            return text.to_owned();
        }
        text = next;
    }
}

/// A packed text without what follows it in a message: nothing else is of its alphabet.
fn trim_packed(value: &str) -> &str {
    value.trim().trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
}

/// A report of each key that stands in a link with two values.
fn twice(known: &[(&'static str, String)]) -> Vec<SettingProblem> {
    let report = |key: &'static str| {
        let mut values = known.iter().filter(|(other, _)| *other == key).map(|(_, value)| value);
        let first = values.next()?;
        values.any(|value| value != first).then(|| SettingProblem {
            key: key.to_owned(),
            value: first.clone(),
            message: format!("{key} stands in this link more than once."),
            consequence: "The last one counts.".to_owned(),
        })
    };
    Settings::fields().iter().filter_map(|field| report(field.key)).collect()
}

/// A report of each unknown key, or of how many there are.
fn ignored(unknown: &[&str]) -> Vec<SettingProblem> {
    let short = |key: &str| match key.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    };
    let report = |key: String, message: String| SettingProblem {
        key,
        value: String::new(),
        message,
        consequence: "It was ignored.".to_owned(),
    };
    let mut problems: Vec<SettingProblem> = Vec::new();
    let mut more = 0;
    for key in unknown.iter().map(|key| short(key)) {
        if problems.iter().any(|problem| problem.key == key) {
            continue;
        }
        if problems.len() < MOST_UNKNOWN {
            let message = match Key::of(&key) {
                Some(_) => format!("“{key}” has no value in this link."),
                None => format!("“{key}” is no setting of this page."),
            };
            problems.push(report(key, message));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        let message = format!("{more} more of this link’s keys are no settings of this page.");
        problems.push(SettingProblem {
            consequence: "They were ignored.".to_owned(),
            ..report("…".to_owned(), message)
        });
    }
    problems
}

/// The text after `#`. Defaults are left out; the version and the model never
/// are, so that a link says what it was made with, and of several texts the shown one.
#[must_use]
pub fn format(settings: &Settings) -> String {
    let defaults = settings.defaults();
    let texts = settings.texts().len();
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("v", VERSION);
    for field in Settings::fields() {
        let Some(value) = field.text(settings) else { continue };
        let is_left_out = match field.key {
            "model" => false,
            "prompt" if texts > 1 => false,
            // Beside a text alone it says nothing; files of earlier versions have the draw's.
            "prompt" if texts == 1 && settings.prompt == Settings::default().prompt => true,
            _ => (field.is_same)(settings, &defaults),
        };
        if is_left_out {
            continue;
        }
        match field.packed.and_then(|key| shorter(key, &value)) {
            Some((packed_key, packed)) => pairs.append_pair(packed_key, &packed),
            None => pairs.append_pair(field.key, &value),
        };
    }
    pairs.finish()
}

/// A text as the link's packed pair, where that is shorter than the plain one.
fn shorter(key: &'static str, text: &str) -> Option<(&'static str, String)> {
    let plain: usize = form_urlencoded::byte_serialize(text.as_bytes()).map(str::len).sum();
    if plain < READABLE {
        return None;
    }
    let packed = packed_text::pack(text)?;
    // The packed key ends in two letters more.
    (packed.len() + 2 < plain).then_some((key, packed))
}
