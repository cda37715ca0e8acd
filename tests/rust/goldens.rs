//! The same link gives the same numbers and the same pictures in every version: held to
//! numpy’s numbers (tests/fixtures/statistics.py) and to the pictures that this code drew on
//! 27 November 2026, as version 0.1.0.
//!
//! What else a link stands on is held elsewhere: the draw to numpy and pandas (prompts), the
//! sampler to candle-transformers (study/texts), results files of 0.1.0 (web/earlier).

use crate::fixtures::{assert_close, json, numbers};
use headscope::prompts::{Relation, Relations, WordSequence};
use headscope::render::pattern::{Cell, PatternMap, Token};
use headscope::render::{Bos, HeadMap, Look, Max, Palette, Scale, Svg, Theme, Thumbnails, Values, Window};
use headscope::study::stats;
use std::path::Path;

#[test]
fn statistics_are_numpys() {
    let fixture = json("tests/fixtures/statistics.json");
    let samples = fixture["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 4);
    for sample in samples {
        let values = numbers(&sample["values"]);
        let (low, high) = stats::bootstrap(&values).unwrap();
        assert_close("interval", &[low, high], &numbers(&sample["bootstrap"]), 1e-12);
        assert_eq!(stats::sign_flip(&values), sample["sign_flip"].as_f64().unwrap(), "{values:?}");
    }
    for case in fixture["holm"].as_array().unwrap() {
        let adjusted = stats::holm(&numbers(&case["p_values"]));
        assert_close("adjusted", &adjusted, &numbers(&case["adjusted"]), 1e-15);
    }
}

/// A pattern of some tokens, (destination, source) row-major, whose rows sum to 1.
fn attention(n: usize) -> Vec<f32> {
    let weight = |q: usize, k: usize| if k > q { 0.0 } else { ((3 * q + 5 * k) % 7 + 1) as f32 };
    let row = |q: usize| {
        let sum: f32 = (0..n).map(|k| weight(q, k)).sum();
        (0..n).map(move |k| weight(q, k) / sum)
    };
    (0..n).flat_map(row).collect()
}

fn pattern(look: Look) -> PatternMap {
    let words = ["red", "dog", "<b>&\"", "blue", "dog", "cat", "splits"];
    let categories = [Some(0), Some(1), None, Some(0), Some(1), Some(1), None];
    let sequence = WordSequence { words: words.map(str::to_owned).to_vec(), categories: categories.to_vec() };
    let relations = Relations::of(&sequence);
    let token = |(i, word): (usize, &str)| Token {
        text: format!(" {word}"),
        category: categories[i].map(|row| (row, ["A", "B"][row].to_owned())),
        joined: i == 6,
    };
    let bos = Token { text: "<|endoftext|>".to_owned(), category: None, joined: false };
    let tokens = std::iter::once(bos).chain(words.into_iter().enumerate().map(token)).collect();
    let n = words.len() + 1;
    let outlined = relations.cells().iter().map(|relation| *relation == Relation::SameCategory).collect();
    PatternMap { values: Values::new(attention(n), n, look), outlined, outline: "same category", tokens }
}

fn of_pattern(look: Look, dark: bool, width: f64, marked: Cell) -> String {
    let (map, theme, mut svg) = (pattern(look), Theme::of(dark), Svg::default());
    let layout = map.layout(width);
    let window = Window::whole(layout.width, layout.height);
    map.draw(&layout, &theme, window, &mut svg);
    map.mark(&layout, &theme, marked, window, &mut svg);
    svg.into_document(layout.width, layout.height)
}

fn of_heads(higher_is_more: bool, dark: bool, width: f64) -> String {
    let mut scores: Vec<f64> = (0..12).map(|i| f64::from(i * 7 % 12) / 11.0).collect();
    scores[10] = f64::NAN;
    let map = HeadMap {
        n_layer: 3,
        n_head: 4,
        scores,
        chance: Some(0.3),
        higher_is_more,
        best: Some((1, 3)),
        shown: Some((0, 2)),
    };
    let (layout, theme, mut svg) = (map.layout(width), Theme::of(dark), Svg::default());
    map.draw(&layout, &theme, &mut svg);
    map.mark(&layout, &theme, (2, 1), &mut svg);
    svg.into_document(layout.width, layout.height)
}

fn of_thumbnails(dark: bool) -> String {
    let sheet = Thumbnails {
        names: ["L0H0", "L0H1", "L11H11"].map(str::to_owned).to_vec(),
        columns: Some(2),
        side: 4,
        cells: (0..3).flat_map(|_| attention(4)).collect(),
        look: Look::default(),
        shown: Some(1),
    };
    let (layout, theme, mut svg) = (sheet.layout(300.0), Theme::of(dark), Svg::default());
    sheet.draw_pictures(&layout, &theme, &mut svg);
    sheet.draw_names(&layout, &theme, &mut svg);
    sheet.mark(&layout, &theme, 2, &mut svg);
    svg.into_document(layout.width, layout.height)
}

/// Where a picture has to differ, write all of them anew and look at them:
/// `HEADSCOPE_WRITE_PICTURES=1 cargo test pictures_are`.
#[test]
fn pictures_are_those_of_before() {
    let odd = Look { scale: Scale::Log, max: Max::Row, palette: Palette::Magma, bos: Bos::Renormalised };
    let root = Look { scale: Scale::Sqrt, max: Max::One, palette: Palette::Cividis, bos: Bos::Hidden };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    for (name, ours) in [
        ("pattern", of_pattern(Look::default(), false, 700.0, Cell { q: 5, k: 2 })),
        ("pattern-dark", of_pattern(odd, true, 700.0, Cell { q: -1, k: 3 })),
        ("pattern-narrow", of_pattern(root, false, 320.0, Cell::NONE)),
        ("heads", of_heads(true, false, 400.0)),
        ("heads-dark", of_heads(false, true, 120.0)),
        ("thumbnails", of_thumbnails(false)),
        ("thumbnails-dark", of_thumbnails(true)),
    ] {
        // An element a line, so that a change can be read.
        let ours = ours.replace("><", ">\n<") + "\n";
        let path = folder.join(format!("{name}.svg"));
        if std::env::var_os("HEADSCOPE_WRITE_PICTURES").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &ours).unwrap();
        }
        let theirs = std::fs::read_to_string(&path).unwrap();
        let differing = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
        assert_eq!(differing, None, "{name}: ours, and that of before");
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{name}");
    }
}
