//! What people give for a model, and the one form of it that the page keeps.
//!
//! Links, the address field and results files all come through [`canonical`]:
//!
//! | given | kept |
//! | --- | --- |
//! | `gpt2`, `tiny`, `file`, in any case | the same in lower case |
//! | `gpt2-small`, `gpt2-medium`, `distilgpt2` and the like, as libraries call them | `gpt2`; their `owner/name` |
//! | `owner/name`, `owner/name@revision`, `hf://owner/name` | `owner/name`, or `owner/name@revision` |
//! | any page of a model on huggingface.co or hf.co (`/tree/…`, `/blob/…`, `/resolve/…`) | the same, with the page's revision |
//! | the same, of a folder inside the model | `https://huggingface.co/owner/name/resolve/revision/folder` |
//! | `openai-community/gpt2` at the revision of the study | `gpt2` |
//! | the address of a folder elsewhere, or of a model's file in it | `http(s)://host/folder` |
//!
//! Scheme and host may be in upper case, or the scheme absent; the revision `main`
//! goes without saying; fragments go, and so do queries, where they only say how
//! a file is to be shown or saved. [`folder`] leads back from what is kept to where the
//! files are. A name that is no model's is refused with the reason.

use super::tidied;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The published GPT-2 small on the hub.
const GPT2: &str = "openai-community/gpt2";
/// The revision of it that the study's numbers are of.
const GPT2_REVISION: &str = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
/// Fewest digits by which a revision is told from others.
const SHORT_REVISION: usize = 7;

const HUB: &str = "https://huggingface.co";
const HUB_HOSTS: [&str; 3] = ["huggingface.co", "www.huggingface.co", "hf.co"];
/// The hub's revision for whoever names none.
const MAIN: &str = "main";
/// Pages of the hub that are no model's.
const NO_MODELS: [&str; 9] =
    ["datasets", "spaces", "docs", "blog", "papers", "collections", "api", "models", "posts"];
/// Parts of a model's address on the hub after which a revision stands.
const AT_REVISION: [&str; 7] = ["resolve", "blob", "raw", "tree", "blame", "commit", "commits"];

/// Longest address, in bytes, and longest part of a name on the hub.
const LONGEST: usize = 2000;
const LONGEST_NAME: usize = 96;

/// Files of a model, whose address means the folder that they stand in.
const FILES: [&str; 5] = [
    "model.safetensors",
    "config.json",
    "model.safetensors.index.json",
    "tokenizer.json",
    "pytorch_model.bin",
];
/// What files of models end in.
const ENDINGS: [&str; 12] = [
    ".safetensors",
    ".json",
    ".bin",
    ".pt",
    ".pth",
    ".h5",
    ".gguf",
    ".onnx",
    ".msgpack",
    ".txt",
    ".md",
    ".ckpt",
];
/// Queries that say how a file is to be shown or saved, and not which one it is.
const IDLE_QUERIES: [&str; 6] = ["download", "raw", "dl", "inline", "plain", "ref_type"];

/// What stays readable in a part of an address.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The form of an address that is kept. What is in that form already stays as it is.
///
/// # Errors
///
/// What would have been acceptable, as a clause: "has to be ...".
pub fn canonical(given: &str) -> Result<String, String> {
    let text = given.trim().trim_matches(['<', '>', '"', '\'']).trim_end_matches(['.', ',', ';']);
    if let Some(named) = by_name(&text.to_ascii_lowercase()) {
        return Ok(named.to_owned());
    }
    // A browser reads `\` as `/`, and the names of files are put behind the address.
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    let drive = text.as_bytes().get(1) == Some(&b':');
    if drive || text.starts_with(['/', '~', '.']) || text.to_ascii_lowercase().starts_with("file:") {
        return Err("is the name of a file on a disk; pick the file itself instead".to_owned());
    }
    if text.len() > LONGEST || text.chars().any(odd) {
        return Err(wanted());
    }
    let (address, query) = without_query(text);
    match address.split_once("://") {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "hf" => hub(rest),
            scheme @ ("https" | "http") => at_host(scheme, rest, query),
            other => Err(format!("has to begin with https:// or http://, not with {other}://")),
        },
        None => {
            let first = address.split(['/', '@']).next().unwrap_or_default().to_ascii_lowercase();
            // Owners on the hub have neither dots nor colons in their names.
            if !first.contains(['.', ':']) && first != "localhost" {
                return hub(address);
            }
            // Hosts without a name are near, and seldom have a certificate.
            let near = first.starts_with("localhost") || !first.contains(|c: char| c.is_ascii_alphabetic());
            at_host(if near { "http" } else { "https" }, address, query)
        }
    }
}

/// The address of the folder that holds the files of a model by address; `None` for
/// the names `gpt2`, `tiny` and `file`.
#[must_use]
pub fn folder(model: &str) -> Option<String> {
    match model {
        "tiny" | "file" => None,
        "gpt2" => Some(hub_folder(GPT2, GPT2_REVISION)),
        url if url.contains("://") => Some(url.to_owned()),
        hub => {
            let (name, revision) = hub.split_once('@').unwrap_or((hub, MAIN));
            Some(hub_folder(name, revision))
        }
    }
}

/// Models that go by a name of their own in libraries too.
fn by_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "gpt2" | "gpt2-small" => "gpt2",
        "tiny" => "tiny",
        "file" => "file",
        "gpt2-medium" => "openai-community/gpt2-medium",
        "gpt2-large" => "openai-community/gpt2-large",
        "gpt2-xl" => "openai-community/gpt2-xl",
        "distilgpt2" => "distilbert/distilgpt2",
        _ => return None,
    })
}

fn wanted() -> String {
    "has to be gpt2, tiny, a model of huggingface.co such as openai-community/gpt2-medium, or the \
     http(s) address of a folder with model.safetensors"
        .to_owned()
}

/// An address, and the query in it if there is one. A fragment is never sent to a host.
fn without_query(text: &str) -> (&str, Option<&str>) {
    let text = text.split('#').next().unwrap_or_default();
    match text.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (text, None),
    }
}

/// An address with a host.
fn at_host(scheme: &str, rest: &str, query: Option<&str>) -> Result<String, String> {
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    if host.contains('@') {
        return Err("holds a user name or a password, which links would give away".to_owned());
    }
    // A colon without a port, and the dot of a name that is whole.
    let host = host.trim_end_matches([':', '.']);
    if !is_host(host) {
        return Err(wanted());
    }
    if HUB_HOSTS.contains(&host) {
        return hub(path);
    }
    let keys = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty());
    for key in keys.map(|pair| pair.split('=').next().unwrap_or(pair)) {
        if !IDLE_QUERIES.contains(&key) && !key.starts_with("utm_") {
            return Err(format!(
                "has a query (?{key}=…), which no folder has; give the folder’s address without it"
            ));
        }
    }
    let path = path.trim_end_matches('/');
    let (folder, last) = path.rsplit_once('/').map_or(("", path), |(folder, last)| (folder, last));
    let name = last.to_ascii_lowercase();
    let path = match () {
        () if FILES.contains(&name.as_str()) || is_shard(&name) => folder,
        () if name.ends_with(".safetensors") => {
            return Err(format!("ends in {last}; in a folder, the file has to be called model.safetensors"));
        }
        () => path,
    };
    Ok(lasting(format!("{scheme}://{host}/{path}").trim_end_matches('/')))
}

/// Whether a text is the name or the number of a host, with or without a port.
fn is_host(text: &str) -> bool {
    let is_number = |inner: &str| inner.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c));
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (text, "0"),
    };
    let is_name = || {
        name.ends_with(char::is_alphanumeric)
            && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c))
    };
    !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map_or_else(is_name, is_number)
}

/// An address whose last sign is encoded where it could be one of a message around a link.
fn lasting(address: &str) -> String {
    match address.char_indices().last() {
        Some((at, _)) if tidied(address) != address => {
            format!("{}{}", &address[..at], utf8_percent_encode(&address[at..], NON_ALPHANUMERIC))
        }
        _ => address.to_owned(),
    }
}

/// Whether a file is one of several that a model is divided into:
/// `model-00001-of-00002.safetensors`.
fn is_shard(name: &str) -> bool {
    let numbers = name.strip_prefix("model-").and_then(|rest| rest.strip_suffix(".safetensors"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.and_then(|numbers| numbers.split_once("-of-")).is_some_and(|(i, n)| number(i) && number(n))
}

/// A model on the hub, by what stands behind the host.
fn hub(path: &str) -> Result<String, String> {
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let (path, named) = match path.split_once('@') {
        Some((path, revision)) => (path, Some(decoded(revision))),
        None => (path, None),
    };
    let mut parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let is_tab = |part: Option<&String>| part.is_none_or(|part| AT_REVISION.contains(&part.as_str()));
    // The first models have an owner only since 2024.
    if let Some(first) = parts.first()
        && let Some(full) =
            by_name(first).filter(|full| is_tab(parts.get(1)) && !["tiny", "file"].contains(full))
    {
        let (owner, name) = full.split_once('/').unwrap_or(("openai-community", full));
        parts.splice(..1, [owner.to_owned(), name.to_owned()]);
    }
    let [owner, name, rest @ ..] = &*parts else { return Err(wanted()) };
    if NO_MODELS.contains(&owner.as_str()) {
        return Err(format!("leads to the {owner} of huggingface.co and not to a model"));
    }
    let name = name.strip_suffix(".git").unwrap_or(name);
    let (revision, inside) = match rest {
        [tab, rest @ ..] if AT_REVISION.contains(&tab.as_str()) => {
            // `refs/pr/1` is one revision, with or without its slashes encoded.
            let words = if rest.first().is_some_and(|word| word == "refs") { 3 } else { 1 };
            let (revision, inside) = rest.split_at(words.min(rest.len()));
            let is_file = |last: &String| {
                ["blob", "raw", "blame"].contains(&tab.as_str())
                    || ENDINGS.iter().any(|end| last.ends_with(end))
            };
            let files = usize::from(inside.last().is_some_and(is_file));
            (revision.join("/"), &inside[..inside.len() - files])
        }
        _ => (String::new(), &[][..]),
    };
    let revision = named.unwrap_or(revision);
    // Slashes may have been encoded, and no revision ends in one or has two in a row.
    let revision = revision.trim_matches('/');
    let revision = if revision.is_empty() { MAIN } else { revision };
    let plain = |text: &str, more: &[char]| {
        let known = |c: char| c.is_ascii_alphanumeric() || ['-', '_'].contains(&c) || more.contains(&c);
        !text.is_empty() && text.chars().all(known) && !text.contains("..") && text.trim_matches('.') == text
    };
    let short = |text: &str| text.len() <= LONGEST_NAME;
    if !(plain(owner, &[]) && plain(name, &['.']) && short(owner) && short(name)) {
        return Err(wanted());
    }
    if !plain(revision, &['.', '/', '+', '=', '~']) || revision.contains("//") {
        return Err(format!("names no revision of {owner}/{name} that can be read"));
    }
    if !inside.is_empty() {
        if inside.iter().any(|part| part == "." || part == "..") {
            return Err(wanted());
        }
        let inside: Vec<String> = inside.iter().map(|part| encoded(part)).collect();
        let folder = hub_folder(&format!("{owner}/{name}"), revision);
        return Ok(lasting(&format!("{folder}/{}", inside.join("/"))));
    }
    let model = format!("{owner}/{name}");
    let pinned = revision.len() >= SHORT_REVISION && GPT2_REVISION.starts_with(revision);
    Ok(match revision {
        _ if pinned && model == GPT2 => "gpt2".to_owned(),
        MAIN => model,
        revision => format!("{model}@{revision}"),
    })
}

/// Where the hub has the files of a model at a revision.
fn hub_folder(model: &str, revision: &str) -> String {
    format!("{HUB}/{model}/resolve/{}", encoded(revision))
}

fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}
