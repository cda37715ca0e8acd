//! Links, plain and packed: they come back as they went, whatever mail and chats do to
//! them, and what is not understood is named.

use super::{keys, settings};
use crate::test;
use headscope::study::Target;
use headscope::web::Settings;
use headscope::web::link::{self, packed_text};

#[test]
fn defaults_are_left_out_but_the_model_never_is() {
    assert_eq!(link::format(&Settings::default()), "v=1&model=gpt2");
    assert_eq!(link::parse("#v=1"), (Settings::default(), vec![]));
    assert_eq!(link::parse(""), (Settings::default(), vec![]));
}

#[test]
fn every_setting_survives_a_round_trip() {
    let hash = "v=1&model=http%3A%2F%2Flocalhost%3A8000%2Fa&seed=4294967295&n=7&len=9&cats=2&\
        words=a%2Cb%0Ac%2Cd%0A&text=Caf%C3%A9+%26+%23%3D&head=L3H2&prompt=6&metric=surprisal&kind=zero&view=x&run=all";
    let (settings, problems) = link::parse(hash);
    assert_eq!(problems, []);
    assert_eq!(settings.text.as_deref(), Some("Café & #="));
    assert_eq!(settings.words.as_deref(), Some("a,b\nc,d\n"));
    assert_eq!(link::format(&settings), hash);
}

#[test]
fn longer_values_survive_a_round_trip() {
    let hash =
        "v=1&model=tiny&target=pair-0-4&over=prompt&ablate=embed%2CL0H1%2BL0.mlp-only&against=zero&seeds=3-9";
    let settings = settings(hash);
    assert_eq!(settings.measure().target, Target::Pair { from: 0, to: 4 });
    assert_eq!(link::format(&settings), hash);
    assert_eq!(link::format(&Settings::default()), "v=1&model=gpt2");
}

#[test]
fn what_chats_and_mail_do_to_a_link_is_undone() {
    let (meant, problems) = link::parse(
        "v=1&model=tiny&seed=77&head=L2H1&metric=row-mass&ablate=L0H1%2CL0H5%2BL0.mlp&seeds=0-9&pins=L1H5%2CL0H3",
    );
    assert_eq!(problems, []);
    let link = link::format(&meant);
    // Every key, in every form.
    let forms: [&dyn Fn(&str) -> String; 16] = [
        &|link| link.replace('&', "&amp;"),
        &|link| link.replace('&', "&amp;amp;"),
        &|link| link.replace('&', "&#38;"),
        &|link| link.to_uppercase().replace("%2C", ",").replace("%2B", "%2b"),
        &|link| link.replace("v=", "V=").replace("seed", "Seed").replace("m", "M").replace("tMp", "tmp"),
        &|link| format!("?{link}"),
        &|link| format!("#/?{link}"),
        &|link| format!("https://host/page/#{link}"),
        &|link| format!("{link})."),
        &|link| format!("<{link}>,"),
        &|link| format!("“{link}”"),
        &|link| format!(" {} ", link.replace('&', " & ").replace('=', " = ")),
        &|link| link.replace('&', "\n&").replace('-', "\u{2013}"),
        &|link| link.replace('&', "%26").replace('=', "%3D"),
        &|link| link.replace('&', "%26"),
        &|link| form_urlencoded::byte_serialize(link.as_bytes()).collect(),
    ];
    for (i, form) in forms.iter().enumerate() {
        let mangled = form(&link);
        let (settings, problems) = link::parse(&mangled);
        assert_eq!((settings, problems), (meant.clone(), vec![]), "{i}: {mangled}");
        // And of each pair alone, as the last of a link.
        for pair in link.split('&') {
            let mangled = form(&format!("v=1&{pair}"));
            assert_eq!(link::parse(&mangled), (link::parse(pair).0, vec![]), "{i}: {mangled}");
        }
    }
}

#[test]
fn texts_keep_every_letter() {
    for text in ["The end.", "(so) it (is)", "50%25 of 100%20", "\"quoted\" > &amp; & seed=7;", " a\nb "] {
        let of = |settings: &Settings| settings.text.clone();
        let written = link::format(&Settings { text: Some(text.to_owned()), ..Settings::default() });
        assert_eq!(of(&link::parse(&written).0).as_deref(), Some(text), "{written}");
        let spoilt = written.replace('&', "&amp;");
        assert_eq!(of(&link::parse(&spoilt).0).as_deref(), Some(text), "{spoilt}");
    }
    // A table has a line end after each row, unless it was encoded twice.
    let (settings, problems) = link::parse("v=1&cats=2&words=a%252Cb%250Ac%252Cd%250A");
    assert_eq!((settings.words.as_deref(), problems), (Some("a,b\nc,d\n"), vec![]));
    // Bytes of another encoding are not taken for letters.
    assert_eq!(keys("text=caf%E9"), ["text"]);
    assert_eq!(keys("words=caf%E9%2Ctea"), ["words"]);
    assert_eq!(keys("text=%EF%BF%BD"), [] as [&str; 0]);
}

#[test]
fn what_stands_around_a_value_leaves_nothing_behind() {
    for view in ["%22+q12", "%E2%80%9C%0Aq12+%E2%80%9D", "+%3C+%60q12."] {
        assert_eq!(settings(&format!("view={view}")).view.as_deref(), Some("q12"), "{view}");
    }
}

#[test]
fn what_was_not_understood_is_named() {
    assert_eq!(keys("v=1&sed=7"), ["sed"]);
    let (settings, problems) = link::parse("model=tiny&sed=7&seed=8");
    assert_eq!((settings.seed, problems.len()), (8, 1));
    assert_eq!(problems[0].message, "“sed” is no setting of this page.");
    assert_eq!(problems[0].consequence, "It was ignored.");
    assert_eq!(keys("v=1&seed7&n"), ["seed7", "n"]);
    assert_eq!(keys("v=1&unknown=1&=&&%zz"), ["unknown", "zz"]);
    assert_eq!(keys("sed=7"), ["sed"]);
    assert_eq!(keys("seed=7&seed=8"), ["seed"], "which of the two was meant?");
    assert_eq!(keys("seed=7&SEED=7"), [] as [&str; 0]);
    // Many are counted, and long ones cut.
    let many: String = (0..50_000).map(|i| format!("&k{i}=1")).collect();
    let (_, problems) = link::parse(&format!("v=1{many}"));
    assert_eq!(problems.len(), 6);
    assert!(problems[5].message.starts_with("49995 more"), "{}", problems[5].message);
    let (_, problems) = link::parse(&format!("v=1&{}=1", "é".repeat(1000)));
    assert!(problems[0].key.chars().count() < 50);
}

#[test]
fn a_place_on_the_page_is_no_link() {
    for hash in [
        "",
        "#",
        "#heads",
        "heads",
        "#where-it-looks",
        "#seed-error",
        "#sed=7",
        "#:~:text=seed",
        "#a&b",
        "#seed",
        "#n",
        "#text",
    ] {
        assert!(link::is_empty(hash), "{hash}");
        assert_eq!(link::parse(hash).0, Settings::default());
    }
    assert_eq!(keys("#heads"), [] as [&str; 0]);
    for hash in ["#v=1", "seed=7", "#Seed=7", "?n=3", "v%3D1%26seed%3D7", "#sed=1&amp;seed=7", "words-z=AAAA"]
    {
        assert!(!link::is_empty(hash), "{hash}");
    }
}

#[test]
fn hostile_links_end_in_words_not_in_panics() {
    let long = "x".repeat(100_000);
    for hash in [
        "#",
        "#&&&===",
        "#v=%FF%FE&seed=%00",
        "#words=%22%22%22%0A%22",
        "#head=L18446744073709551616H0",
        "#n=99999999999999999999&len=%F0%9F%98%80",
        &format!("#text={long}"),
        &format!("#words={}", "a%2C".repeat(50_000)),
        &format!("#view={long}"),
    ] {
        let (settings, _) = link::parse(hash);
        let again = link::parse(&link::format(&settings));
        assert_eq!(again.0, settings);
    }
}

/// A table that is much shorter when it is packed.
fn long_table() -> String {
    (0..40).map(|row| format!("first{row},second{row},third{row}\n")).collect()
}

#[test]
fn long_texts_are_packed_and_plain_ones_stay_readable() {
    let words = Settings { words: Some(long_table()), ..Settings::default() };
    let packed = link::format(&words);
    let plain = format!("v=1&model=gpt2&words={}", long_table().replace(',', "%2C").replace('\n', "%0A"));
    assert!(packed.starts_with("v=1&model=gpt2&words-z="), "{packed}");
    assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
    for hash in [&packed, &plain] {
        assert_eq!(link::parse(hash), (words.clone(), vec![]), "{hash}");
    }
    let short = Settings { text: Some("The cat sat.".to_owned()), ..Settings::default() };
    assert_eq!(link::format(&short), "v=1&model=gpt2&text=The+cat+sat.");
}

#[test]
fn a_text_is_packed_from_two_hundred_letters_on() {
    for (letters, key) in [(199, "text="), (200, "text-z=")] {
        let settings = Settings { text: Some("a".repeat(letters)), ..Settings::default() };
        let hash = link::format(&settings);
        assert!(hash.contains(key), "{hash}");
        assert_eq!(link::parse(&hash).0.text, settings.text);
    }
}

#[test]
fn signs_that_nobody_sees_are_no_part_of_a_link() {
    let (found, problems) = link::parse("v=1&s%E2%80%8Beed=7&head=%EF%BB%BFL0H3&n=%C2%AD9&len=8%07");
    assert_eq!(problems, []);
    assert_eq!(found, settings("seed=7&head=L0H3&n=9&len=8"));
}

#[test]
fn pairs_that_run_into_one_another_are_taken_apart_so_far_and_no_further() {
    let (settings, problems) = link::parse(&format!("v=1{}", ";seed=7".repeat(50)));
    assert_eq!(settings.seed, 7);
    assert!(problems.len() <= 1, "{problems:?}");
}

#[test]
fn a_view_that_ends_in_signs_of_a_message_comes_back_as_it_went() {
    let found = link::parse("v=&view=log.q3k1reggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg\u{0}\u{0}\u{0}\u{0}\u{1}ext=Caf%C3%A9+%26+%23\u{1}\u{0}\u{0}\u{a}%3\u{15}\u{15}\u{15}ttprGesF68AaD13.0.0.1%3A8L000%2Fkodels%2Fmine'catsdineind=resam~days%3A%2CMonday%2=4A%\u{22}Cda-aset\u{0}\u{0}\u{0}2F12I\u{0}7.0.0\u{0}\u{0}\u{0}\u{0}\u{0}-ar\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{d}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}ggggggggggggggggggggggggggggggggggggggggggggggpeat").0;
    assert_eq!(link::parse(&link::format(&found)), (found, vec![]));
}

#[test]
fn damaged_and_hostile_packed_texts_are_named_and_left_out() {
    // A megabyte of one letter packs to a thousandth of that.
    let bomb = packed_text::pack(&"a".repeat(packed_text::LONGEST)).unwrap();
    assert!(bomb.len() < 2000);
    assert!(packed_text::pack(&"a".repeat(packed_text::LONGEST + 1)).is_none());
    let good = packed_text::pack(&long_table()).unwrap();
    let binary = "_____w"; // No deflate stream begins with these bits.
    for (key, value) in [
        ("words", good[..good.len() / 2].to_owned()),
        ("words", format!("{}!{}", &good[..40], &good[40..])),
        ("words", String::new()),
        ("text", binary.to_owned()),
        ("text", bomb.clone()),
    ] {
        let (settings, problems) = link::parse(&format!("v=1&{key}-z={value}&seed=6"));
        assert_eq!(problems.len(), 1, "{key}-z={value}: {problems:?}");
        assert_eq!(problems[0].key, key);
        let called = if key == "words" { "The word table" } else { "The text" };
        assert!(problems[0].message.starts_with(called), "{}", problems[0].message);
        assert_eq!(settings, Settings { seed: 6, ..Settings::default() });
    }
    // What would unpack to more than the limit, which `pack` refuses to write.
    let gigabyte = deflated_run(&bomb);
    let (_, problems) = link::parse(&format!("words-z={gigabyte}"));
    assert!(problems[0].message.contains("unpacks to more than"), "{problems:?}");
    // Nobody can ask for the work a thousand times.
    let (settings, problems) = link::parse(&format!("text-z={good}{}", "&text-z=AAAA".repeat(1000)));
    // That each of its lines is a prompt is told, and nothing else.
    assert_eq!((settings.text, problems.len()), (Some(long_table()), 1));
}

/// A stream that unpacks to more than the limit: stored blocks before the bomb.
fn deflated_run(bomb: &str) -> String {
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut bytes = vec![0, 1, 0, 0xfe, 0xff, b'b']; // One stored byte, not the last block.
    bytes.extend(engine.decode(bomb).unwrap());
    engine.encode(bytes)
}
