//! The tools: they fetch what they need, and give the page what it
//! reads.

use super::{ask, never, origin, settings, try_ask};
use crate::fixtures::{assert_close, json, numbers};
use crate::test;
use headscope::web::worker::Engine;
use serde_json::{Value, json};

#[test]
async fn a_text_is_read_and_continued_with_and_without_components() {
    let reference = json("tests/fixtures/random-3x4x32/reference.json");
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&json!({ "text": reference["text"], "ablate": "L1.mlp,L2H0", "kind": "zero" }));
    let read = ask(&engine, "tool", &json!({ "text": { "settings": settings } })).await;
    let theirs: Vec<f64> = numbers(&reference["text_next_token_logprobs"]).iter().map(|x| -x).collect();
    assert_close("losses", &numbers(&read["before"]["losses"]), &theirs, 1e-4);
    assert_eq!(read["components"], "L1.mlp+L2H0");
    assert_ne!(read["after"]["losses"], read["before"]["losses"]);
    assert_eq!(read["before"]["next"].as_array().unwrap().len(), 10);
    let known = ask(&engine, "estimate", &json!({ "settings": settings, "step": "text" })).await;
    assert_eq!(known["bytes"], 0, "all of it is here now");
    let how = json!({ "settings": settings, "tokens": 4, "seed": 1, "temperature": 0.8, "top_p": 0.9, "ablated": false });
    let more = async || ask(&engine, "tool", &json!({ "continuation": how })).await;
    let (once, again) = (more().await, more().await);
    assert_eq!(once["token_ids"], again["token_ids"]);
    let file = ask(&engine, "export_json", &Value::Null).await;
    let file: Value = serde_json::from_str(file.as_str().unwrap()).unwrap();
    assert_eq!(file["further"]["text"], read);
}

#[test]
async fn seeds_contrasts_and_categories_come_as_the_page_reads_them() {
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&json!({ "n": 4, "seeds": "5-7" }));
    let args = json!({ "settings": settings });
    let seeds = ask(&engine, "tool", &json!({ "seeds": args })).await;
    assert_eq!((&seeds["asked"], &seeds["heads"]), (&json!(3), &json!(12)));
    assert_eq!(seeds["seeds"][0]["effects"].as_array().unwrap().len(), 6);
    // The seed of the settings gives what the scorer gives.
    let scores = ask(&engine, "scores", &args).await;
    assert_close(
        "seed 5",
        &[seeds["seeds"][0]["score"].as_f64().unwrap()],
        &[scores["mean"][2][1].as_f64().unwrap()],
        1e-9,
    );
    let categories = ask(&engine, "tool", &json!({ "categories": args })).await;
    for row in categories["attention"]["rows"].as_array().unwrap() {
        let rest = ["same_word", "self", "bos", "no_category"].map(|key| row[key].as_f64().unwrap());
        let sum = numbers(&row["mass"]).iter().chain(&rest).sum::<f64>();
        assert_close("a row", &[sum], &[1.0], 1e-5);
    }
    let mut text = settings.clone();
    text["text"] = "red dog and a chair".into();
    let conditions = json!([{ "name": "drawn", "settings": settings }, { "name": "text", "settings": text }]);
    let args = json!({ "settings": settings, "heads": ["L2H1", "L0H1", "L9H9"], "conditions": conditions });
    let contrasts = ask(&engine, "tool", &json!({ "contrasts": args })).await;
    let heads = |condition: usize| contrasts["conditions"][condition]["heads"].as_array().unwrap().clone();
    assert_eq!((heads(0).len(), heads(1).len()), (2, 2));
    assert_eq!(heads(1)[0]["score"], Value::Null, "no word has a partner there");
}

#[test]
async fn the_self_check_runs_on_figures_that_are_handed_to_it() {
    let figures = json("tests/fixtures/random-3x4x32/published.json").to_string();
    let engine = Engine::new(&origin(), "a test", None);
    let settings = settings(&json!({}));
    let check = json!({ "check": { "settings": settings, "figures": figures } });
    let check = ask(&engine, "tool", &check).await;
    let prompts = check["prompts"].as_array().unwrap();
    assert_eq!(prompts.len(), 2);
    for prompt in prompts {
        assert_eq!((&prompt["same_ids"], &prompt["same_top"]), (&json!(true), &json!(true)));
        for figure in ["logits", "attention", "pattern"] {
            assert!(prompt[figure].as_f64().unwrap() < 1e-4, "{figure}: {prompt}");
        }
    }
    let cost = json!({ "settings": settings, "step": "check", "figures": figures });
    let cost = ask(&engine, "estimate", &cost).await;
    assert_eq!(cost["bytes"], 0);
    let broken = json!({ "check": { "settings": settings, "figures": "{}" } });
    let problem = try_ask(&engine, "tool", &broken, &never()).await.unwrap_err();
    assert!(problem["what"].as_str().unwrap().contains("prompts"), "{problem}");
}
