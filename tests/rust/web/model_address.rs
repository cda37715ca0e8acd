//! A model has one name, however it is given.

use crate::test;
use headscope::web::Settings;
use headscope::web::link::{self, model_address};

/// What the page keeps of a model that is given so; it is given to be understood,
/// so nothing may be reported.
fn model(given: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(given.as_bytes()).collect();
    let (settings, problems) = link::parse(&format!("v=1&model={encoded}"));
    assert_eq!(problems, [], "{given}");
    let again = link::parse(&link::format(&settings));
    assert_eq!(again, (settings.clone(), vec![]), "{given} has one form");
    settings.model
}

#[test]
fn a_model_has_one_name_however_its_address_is_given() {
    const PINNED: &str = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
    const MEDIUM: &str = "openai-community/gpt2-medium";
    for given in [
        "openai-community/gpt2-medium",
        " openai-community/gpt2-medium/ ",
        "openai-community/gpt2-medium@main",
        "hf://openai-community/gpt2-medium",
        "gpt2-medium",
        "https://huggingface.co/gpt2-medium",
        "https://huggingface.co/gpt2-medium/resolve/main/config.json",
        "https://huggingface.co/openai-community/gpt2-medium",
        "https://huggingface.co/openai-community/gpt2-medium/",
        "https://huggingface.co/openai-community/gpt2-medium.git",
        "<https://huggingface.co/openai-community/gpt2-medium>",
        "https://huggingface.co/openai-community/gpt2-medium?library=transformers#usage",
        "https://huggingface.co/openai-community/gpt2-medium/tree/main",
        "https://huggingface.co/openai-community/gpt2-medium/tree/main/",
        "https://huggingface.co/openai-community/gpt2-medium/discussions/3",
        "https://huggingface.co/openai-community/gpt2-medium/blob/main/model.safetensors",
        "https://huggingface.co/openai-community/gpt2-medium/blob/main/README.md",
        "https://huggingface.co/openai-community/gpt2-medium/raw/main/config.json",
        "https://huggingface.co/openai-community/gpt2-medium/resolve/main",
        "https://huggingface.co/openai-community/gpt2-medium/resolve/main/model.safetensors?download=true",
        "http://www.huggingface.co/openai-community/gpt2-medium",
        "HTTPS://HuggingFace.CO/openai-community/gpt2-medium",
        "huggingface.co/openai-community/gpt2-medium",
        "hf.co/openai-community/gpt2-medium/tree/main",
        "HF.co/openai-community/gpt2-medium",
    ] {
        assert_eq!(model(given), MEDIUM);
    }
    for given in [
        format!("openai-community/gpt2@{PINNED}"),
        "openai-community/gpt2@607a30d".to_owned(),
        format!("https://huggingface.co/openai-community/gpt2/resolve/{PINNED}"),
        format!("https://huggingface.co/openai-community/gpt2/tree/{PINNED}"),
        format!("https://huggingface.co/gpt2/blob/{PINNED}/model.safetensors"),
        "GPT2".to_owned(),
        "gpt2-small".to_owned(),
    ] {
        assert_eq!(model(&given), "gpt2");
    }
    for (given, kept) in [
        // The newest revision is not the pinned one for ever.
        ("openai-community/gpt2", "openai-community/gpt2"),
        ("https://huggingface.co/gpt2", "openai-community/gpt2"),
        ("distilgpt2", "distilbert/distilgpt2"),
        ("a_1/b-c.d@v1.0", "a_1/b-c.d@v1.0"),
        ("a/b@refs/pr/3", "a/b@refs/pr/3"),
        ("https://huggingface.co/a/b/tree/refs%2Fpr%2F3", "a/b@refs/pr/3"),
        ("https://huggingface.co/a/b/blob/refs/pr/3/model.safetensors", "a/b@refs/pr/3"),
        ("https://huggingface.co/a/b/commit/0123456789abcdef", "a/b@0123456789abcdef"),
        ("https://hf.co/a/b/resolve/feature%2Fx/model.safetensors?download=true", "a/b@feature/x"),
        ("https://huggingface.co/a/b/tree/main/x%20y/z", "https://huggingface.co/a/b/resolve/main/x%20y/z"),
        ("https://huggingface.co/a/b/blob/v1/x/config.json", "https://huggingface.co/a/b/resolve/v1/x"),
        ("https://huggingface.co/a/b/resolve/v1/x", "https://huggingface.co/a/b/resolve/v1/x"),
        ("http://localhost:8000/Models/A/", "http://localhost:8000/Models/A"),
        ("HTTPS://Weights.Example.ORG/GPT2", "https://weights.example.org/GPT2"),
        ("weights.example.org/gpt2", "https://weights.example.org/gpt2"),
        ("localhost:8000/gpt2", "http://localhost:8000/gpt2"),
        ("127.0.0.1:8000/gpt2/config.json", "http://127.0.0.1:8000/gpt2"),
        ("https://weights.example.org/gpt2/model.safetensors", "https://weights.example.org/gpt2"),
        ("https://weights.example.org/gpt2/Config.json?raw=true", "https://weights.example.org/gpt2"),
        ("https://a.example/b/model-00001-of-00002.safetensors#x", "https://a.example/b"),
        ("https://a.example/model.safetensors.index.json?dl=1&utm_source=x", "https://a.example"),
        ("https://a.example", "https://a.example"),
        // A host whose name only begins like the hub's is another.
        ("https://huggingface.co.example/a/b/tree/main", "https://huggingface.co.example/a/b/tree/main"),
    ] {
        assert_eq!(model(given), kept);
    }
}

#[test]
fn what_is_no_models_address_is_refused_with_the_reason() {
    for (given, reason) in [
        ("", "has to be gpt2"),
        ("horse", "has to be gpt2"),
        ("a/b c", "has to be gpt2"),
        ("a/..", "has to be gpt2"),
        ("-/…", "has to be gpt2"),
        ("https://", "has to be gpt2"),
        ("https://huggingface.co", "has to be gpt2"),
        ("https://huggingface.co/models?search=gpt2", "has to be gpt2"),
        ("https://a.example\\b", "has to be gpt2"),
        ("https://a.example/b c", "has to be gpt2"),
        ("https://a.example/b\u{1}", "has to be gpt2"),
        ("ftp://a.example/gpt2", "not with ftp://"),
        ("javascript://a.example/%0aalert(1)", "not with javascript://"),
        ("https://user:secret@a.example/gpt2", "a user name or a password"),
        ("https://huggingface.co/datasets/a/b", "the datasets of huggingface.co"),
        ("https://huggingface.co/spaces/safetensors/convert", "the spaces of huggingface.co"),
        ("a/b@../../c", "names no revision of a/b"),
        ("a/b@<script>", "names no revision of a/b"),
        ("https://a.example/gpt2?token=1", "has a query (?token=…)"),
        ("https://a.example/model.safetensors?download=true&X-Signature=1", "has a query (?X-Signature=…)"),
        ("https://a.example/gpt2-fp16.safetensors", "ends in gpt2-fp16.safetensors"),
        ("C:\\models\\gpt2", "a file on a disk"),
        ("/home/me/gpt2/model.safetensors", "a file on a disk"),
        ("file:///home/me/gpt2", "a file on a disk"),
    ] {
        let mut settings = Settings::default();
        let refused = settings.set("model", given).unwrap_err();
        assert!(refused.contains(reason), "{given}: {refused}");
        assert_eq!(settings, Settings::default(), "{given}");
    }
}

#[test]
fn a_model_on_the_hub_is_fetched_at_its_revision() {
    let folder = |model: &str| model_address::folder(model).unwrap();
    assert_eq!(folder("a/b"), "https://huggingface.co/a/b/resolve/main");
    assert_eq!(folder("a/b@v1.0"), "https://huggingface.co/a/b/resolve/v1.0");
    assert_eq!(folder("a/b@refs/pr/3"), "https://huggingface.co/a/b/resolve/refs%2Fpr%2F3");
    assert_eq!(folder("https://a.example/b"), "https://a.example/b");
    assert!(folder("gpt2").ends_with("/gpt2/resolve/607a30d783dfa663caf39e06633721c8d4cfcd7e"));
    for given in ["a/b@refs/pr/3", "a/b", "a/b@v1", "https://huggingface.co/a/b/resolve/v1/x"] {
        assert_eq!(model(&folder(given)), given, "where it is fetched from is an address of it");
    }
    assert_eq!((model_address::folder("tiny"), model_address::folder("file")), (None, None));
}

#[test]
fn a_revision_has_no_slashes_around_it_however_they_are_written() {
    for given in ["a/b@v1/", "a/b@v1%2F%2F", "a/b@%2Fv1", "https://huggingface.co/a/b/tree/v1%2F%2F"] {
        assert_eq!(model(given), "a/b@v1");
    }
    assert_eq!(model("a/b@%2F"), "a/b");
    assert!(model_address::canonical("a/b@v%2F%2F1").is_err());
}

#[test]
fn an_address_that_ends_as_a_sentence_does_keeps_its_end() {
    for (given, kept) in [
        ("http://models.example:/", "http://models.example"),
        ("http://models.example./", "http://models.example"),
        ("http://models.example/a./", "http://models.example/a%2E"),
        ("http://models.example/a!/", "http://models.example/a%21"),
        ("http://models.example/a)/config.json", "http://models.example/a%29"),
        ("http://models.example/a(b)/", "http://models.example/a(b)"),
        ("http://models.example/a”/", "http://models.example/a%E2%80%9D"),
        (
            "https://huggingface.co/owner/name/tree/main/folder./",
            "https://huggingface.co/owner/name/resolve/main/folder%2E",
        ),
    ] {
        assert_eq!(model(given), kept);
    }
    assert_eq!(model("http://[::1]:8000/a"), "http://[::1]:8000/a");
    assert_eq!(model("http://[::1]"), "http://[::1]");
    // What stands where a host does has to be one.
    for host in
        [":", "...", "a.example:]", "a.example:80a", "a b", "[::1", "[x]", "a.example:%5D", "a!.example"]
    {
        assert!(model_address::canonical(&format!("http://{host}/a")).is_err(), "{host}");
    }
}
