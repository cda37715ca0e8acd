//! Links and word tables cross the edge to JavaScript.

use super::{from_js, to_js};
use crate::test;
use headscope::web::page::{catalogue, change, parse_link, parse_words};
use serde_json::{Value, json};

#[test]
fn links_and_words_cross_the_edge_and_come_back() {
    let catalogue = from_js(&catalogue());
    let changed = |settings: &Value, patch: Value| from_js(&change(to_js(settings), to_js(&patch)).unwrap());
    let refused =
        changed(&catalogue["defaults"], json!({ "seed": 7, "model": "https://example.org/a b?no" }));
    assert_eq!((&refused["problems"][0]["key"], &refused["settings"]["seed"]), (&json!("model"), &json!(7)));
    let words = "a,b\nc,d & =e\n";
    let patch = json!({ "model": "https://example.org/folder", "words": words, "cats": "2", "text": null });
    let taken = changed(&refused["settings"], patch);
    assert_eq!((&taken["problems"], &taken["settings"]["words"]), (&json!([]), &json!(words)));
    assert_eq!(taken["stale"]["check"], "another model was chosen");
    let parsed = from_js(&parse_link(&format!("#{}", taken["link"].as_str().unwrap())));
    assert_eq!(parsed["settings"], taken["settings"]);
    assert_eq!((&parsed["problems"], &parsed["link"]), (&json!([]), &taken["link"]));

    let empty = |hash: &str| from_js(&parse_link(hash))["empty"] == true;
    assert!(empty("#heads") && empty("") && !empty("#seed=7"));

    let table = from_js(&parse_words("Days:;a;b\nc\n").unwrap());
    let names = json!(["Days", null]);
    assert_eq!(table["csv"], "Days:,a,b\nc\n");
    assert_eq!((&table["rows"], &table["names"]), (&json!([["a", "b"], ["c"]]), &names));
    let problem = from_js(&parse_words("a,b\nc,,d\n").unwrap_err());
    assert_eq!(problem["what"], "Row 2, word 2 is empty.");
    assert_eq!(problem["key"], "words");
}
