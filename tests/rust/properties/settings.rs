//! Settings, word tables and names: what is written reads back as the same.

use super::holds;
use headscope::circuits::LogitOf;
use headscope::prompts::WordTable;
use headscope::study::{AblationKind, Component, Head, KindChoice, Metric, Target};
use headscope::web::link::ablation_choice::Components;
use headscope::web::link::{self, packed_text};
use headscope::web::{SettingProblem, Settings};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;

/// What somebody may have typed: letters of all kinds, and what links, tables and markup
/// are made of.
const TYPED: &str = "([ -~]|\\PC|[&=%#+;:,.|<>\"'\n\t]){0,40}";

fn name(of: impl ToString + std::fmt::Debug) -> String {
    of.to_string()
}

fn head() -> impl Strategy<Value = String> {
    (0..60_usize, 0..60_usize).prop_map(|(layer, head)| name(Head { layer, head }))
}

fn component() -> impl Strategy<Value = Component> {
    const OF_LAYER: [fn(usize) -> Component; 4] =
        [Component::Pattern, Component::Attn, Component::Mlp, Component::MlpOnly];
    prop_oneof![
        Just(Component::Embed),
        Just(Component::PosEmbed),
        (0..60_usize, select(&OF_LAYER)).prop_map(|(layer, of_layer)| of_layer(layer)),
        (0..60_usize, 0..60_usize).prop_map(|(layer, head)| Component::Head(Head { layer, head })),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let pair = (0..12_usize, 0..12_usize).prop_map(|(from, to)| name(Target::Pair { from, to }));
    prop_oneof![select(&Target::NAMED).prop_map(name), pair]
}

/// Words of rows, each word once in the table.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    // What files of other kinds begin with, and what spreadsheets and rows' names do.
    let odd =
        ["<html", "sep=;", "{ a", "[\"b", "%PDF-1", "\u{FEFF}c", "d;e", "f|g", ":", "h:", "\"", "<?xml"];
    let word = prop_oneof![4 => TYPED.boxed(), 1 => select(odd.to_vec()).prop_map(str::to_owned).boxed()];
    let word = word.prop_map(|word| {
        let plain: String = word.chars().filter(|c| !c.is_control() && *c != '\u{FFFD}').take(20).collect();
        plain.trim().to_owned()
    });
    vec(vec(word, 1..6), 1..8).prop_map(|rows| {
        let mut seen = std::collections::HashSet::new();
        let mut own = |row: Vec<String>| {
            let row = row.into_iter().filter(|word| !word.is_empty() && seen.insert(word.clone()));
            row.collect::<Vec<_>>()
        };
        rows.into_iter().map(&mut own).collect()
    })
}

fn groups() -> impl Strategy<Value = String> {
    let group = vec(component().prop_map(name), 1..4).prop_map(|group| group.join("+"));
    prop_oneof![Just("all".to_owned()), vec(group, 1..12).prop_map(|groups| groups.join(","))]
}

fn model() -> impl Strategy<Value = String> {
    let local = select(&["gpt2", "tiny", "file"]).prop_map(str::to_owned);
    prop_oneof![
        local,
        "[A-Za-z][A-Za-z0-9_-]{0,12}/[A-Za-z0-9][A-Za-z0-9_-]{0,12}(@[a-z0-9]{1,8})?",
        "https?://[a-z]{1,8}\\.[a-z]{2,3}(:[0-9]{2,4})?(/[A-Za-z0-9_-]{1,8}){0,3}",
    ]
}

/// A key, and a value that it may have.
fn pair() -> impl Strategy<Value = (&'static str, String)> {
    let key = |key: &'static str, value: BoxedStrategy<String>| value.prop_map(move |value| (key, value));
    let number = |most: u32| (1..=most).prop_map(name).boxed();
    let table = table().prop_filter_map("no table", |rows| Some(WordTable::from_rows(rows).ok()?.to_csv()));
    // Of words of the visitor's own nothing may go, however long they are.
    let text = (TYPED, 1..200_usize).prop_map(|(text, times)| text.repeat(times));
    // As the page writes it.
    let view = "[a-z0-9]{1,8}([.,-][a-z0-9]{1,8}){0,3}";
    let steps = subsequence(&["all", "circuits", "lens", "output", "seeds"][..], 1..=5);
    prop_oneof![
        key("model", model().boxed()),
        key("seed", any::<u32>().prop_map(name).boxed()),
        key("n", number(500)),
        key("len", number(1023)),
        key("cats", number(12)),
        key("repeat", number(2)),
        key("words", table.boxed()),
        key("text", text.boxed()),
        key("head", head().boxed()),
        key("prompt", (0..500_u32).prop_map(name).boxed()),
        key("metric", select(&Metric::ALL).prop_map(name).boxed()),
        key("kind", select(&KindChoice::ALL).prop_map(name).boxed()),
        key("target", target().boxed()),
        key("over", select(&["kept", "prompt"]).prop_map(str::to_owned).boxed()),
        key("ablate", groups().boxed()),
        key("against", select(&KindChoice::ALL).prop_map(name).boxed()),
        key("seeds", (0..u32::MAX - 200, 0..200_u32).prop_map(|(a, n)| format!("{a}-{}", a + n)).boxed()),
        key("pins", vec(head(), 1..12).prop_map(|heads| heads.join(",")).boxed()),
        key("alpha", (-200..=200_i32).prop_map(|a| name(f64::from(a) / 100.0)).boxed()),
        key("logit", logit().prop_map(name).boxed()),
        key("view", view.boxed()),
        key("run", steps.prop_map(|steps| steps.join(".")).boxed()),
        key(
            "embed",
            select(&["heatmap", "heads", "ablations", "verdict", "circuits", "lens"])
                .prop_map(str::to_owned)
                .boxed()
        ),
    ]
}

fn logit() -> impl Strategy<Value = LogitOf> {
    let of = (0..5000_usize, any::<u32>(), any::<Option<u32>>());
    of.prop_map(|(position, token, against)| LogitOf { position, token, against })
}

/// Settings that can be, made as a link makes them.
fn settings() -> impl Strategy<Value = Settings> {
    vec(pair(), 0..24).prop_map(|pairs| {
        let (settings, _) = Settings::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())));
        match settings.texts().len() {
            // Beside a text alone the first number of a draw says nothing, and a link has 0.
            1 if settings.prompt == Settings::default().prompt => Settings { prompt: 0, ..settings },
            _ => settings,
        }
    })
}

const NO_PROBLEMS: Vec<SettingProblem> = Vec::new();

#[test]
fn every_key_is_tried() {
    let keys: std::collections::BTreeSet<&str> = Settings::fields().iter().map(|field| field.key).collect();
    let mut tried = std::collections::BTreeSet::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..2000 {
        tried.insert(pair().new_tree(&mut runner).unwrap().current().0);
    }
    assert_eq!(tried, keys, "a setting that is new needs its values here");
}

#[test]
fn settings_come_back_from_links_and_files() {
    holds(file!(), 400, &settings(), |settings| {
        let hash = link::format(&settings);
        prop_assert_eq!(link::parse(&hash), (settings.clone(), NO_PROBLEMS), "{}", hash);
        let file = serde_json::to_value(&settings).unwrap();
        prop_assert_eq!(Settings::from_json(file.as_object().unwrap()), (settings.clone(), NO_PROBLEMS));
        prop_assert_eq!(serde_json::from_value::<Settings>(file).unwrap(), settings);
        Ok(())
    });
}

#[test]
fn a_change_to_what_may_be_is_made() {
    holds(file!(), 400, &(settings(), settings()), |(before, wanted)| {
        let patch = serde_json::to_value(&wanted).unwrap();
        let change = before.change(patch.as_object().unwrap());
        prop_assert_eq!(&change.settings, &wanted);
        prop_assert_eq!(change.problems, NO_PROBLEMS);
        prop_assert_eq!(link::parse(&change.link).0, wanted);
        Ok(())
    });
}

#[test]
fn what_a_link_was_taken_for_is_what_its_own_link_says() {
    let keys: Vec<&str> =
        Settings::fields().iter().flat_map(|field| [Some(field.key), field.packed]).flatten().collect();
    let typed = prop_oneof![(select(keys), TYPED).prop_map(|(key, value)| format!("{key}={value}")), TYPED];
    holds(file!(), 1500, &vec(typed, 0..6), |parts| {
        let (settings, _) = link::parse(&parts.join("&"));
        let hash = link::format(&settings);
        prop_assert_eq!(link::parse(&hash), (settings, NO_PROBLEMS), "{}", hash);
        Ok(())
    });
}

#[test]
fn tables_come_back_as_they_went() {
    holds(file!(), 800, &table(), |rows| {
        let Ok(table) = WordTable::from_rows(rows) else { return Ok(()) };
        let csv = table.to_csv();
        prop_assert_eq!(WordTable::from_csv(&csv), Ok(table), "{}", csv);
        Ok(())
    });
}

#[test]
fn packed_texts_come_back_as_they_went() {
    holds(file!(), 400, &(TYPED, 1..60_usize), |(text, times)| {
        let text = text.repeat(times);
        let packed = packed_text::pack(&text).unwrap();
        prop_assert_eq!(packed_text::unpack(&packed), Ok(text));
        Ok(())
    });
}

#[test]
fn names_lead_back_to_what_they_name() {
    let choices = (component(), vec(vec(component(), 1..4), 1..5), logit());
    holds(file!(), 800, &choices, |(component, groups, logit)| {
        prop_assert_eq!(component.to_string().parse(), Ok(component));
        prop_assert_eq!(logit.to_string().parse(), Ok(logit));
        let groups = Components::Groups(groups);
        // Links in any case, as mail programs leave them.
        for text in [groups.to_string(), groups.to_string().to_uppercase(), groups.to_string().to_lowercase()]
        {
            prop_assert_eq!(text.parse::<Components>(), Ok(groups.clone()));
        }
        Ok(())
    });
    for kind in AblationKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
}
