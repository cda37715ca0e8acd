//! The command as it is run: its numbers against TransformerLens' and the page's, its
//! files, its messages and how it ends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use headscope::tokens::Tokens;
use headscope::web::Settings;
use headscope::web::results::import;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::Field;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// TransformerLens' numbers have seven decimals and float32 behind them.
const TOLERANCE: f64 = 1e-5;

const RANDOM: &str = "tests/fixtures/random-3x4x32";
const TINY: &str = "data/tiny";

/// A file of the repository.
fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&fs::read(at(path)).unwrap()).unwrap()
}

/// An empty folder for a test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headscope"));
    command.args(words);
    command
}

fn run(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

/// What the command printed, if it ended well.
#[track_caller]
fn done(words: &[&str]) -> String {
    let Output { status, stdout, stderr } = run(words);
    assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// What the command said when it could not do what it was asked for.
#[track_caller]
fn refused(words: &[&str]) -> String {
    let Output { status, stderr, .. } = run(words);
    assert_eq!(status.code(), Some(2), "{words:?}");
    String::from_utf8(stderr).unwrap()
}

/// The results file of a link, which can be opened.
#[track_caller]
fn results(link: &str, model: &str) -> Value {
    let file = serde_json::from_str(&done(&["run", link, "--model", at(model).to_str().unwrap()])).unwrap();
    read_back(&file);
    file
}

/// All numbers of a value, in their order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => vec![number.as_f64().unwrap()],
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        Value::Object(values) => values.values().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

#[track_caller]
fn assert_close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    assert!(!ours.is_empty(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= TOLERANCE, "{what}: {ours} against {theirs}");
    }
}

fn read_back(file: &Value) -> Settings {
    let merges = fs::read(at("data/tokenizer/merges.bin")).unwrap();
    import::read(file, &Tokens::from_packed(&merges).unwrap()).unwrap().settings
}

#[test]
fn run_reaches_transformerlens() {
    let reference = json(&format!("{RANDOM}/reference.json"));
    let theirs = reference["ablation_scores"].as_object().unwrap();
    let mut compared = 0;
    for kind in ["position-mean", "dataset-mean", "global-mean", "zero", "head-mean"] {
        let link = format!("https://any.where/page/?x=1#v=1&model=file&head=L2H1&kind={kind}&run=all");
        let file = results(&link, RANDOM);
        let mean = &file["head_scores"]["mean"];
        assert_close("mean scores", &numbers(mean), &numbers(&reference["head_scores_mean"]));
        let pattern = numbers(&file["patterns"]["rows"]);
        assert_close("pattern", &pattern, &numbers(&reference["target_pattern_second_prompt"]));
        for ablation in file["ablations"].as_array().unwrap() {
            assert_close("baseline", &numbers(&ablation["baseline"]), &numbers(&theirs["baseline"]));
            let component = ablation["component"].as_str().unwrap();
            // The reference lacks these.
            if !component.ends_with("mlp-only") {
                let name = format!("{component}|{kind}");
                assert_close(&name, &numbers(&ablation["ablated"]), &numbers(&theirs[&name]));
                compared += 1;
            }
        }
        assert_eq!(read_back(&file).head.to_string(), "L2H1");
    }
    assert_eq!(compared + 1, theirs.len());
}

#[test]
fn run_gives_the_numbers_that_the_page_exported() {
    let page = json("tests/fixtures/results-0.1.0-drawn.json");
    let ours = results(page["link"].as_str().unwrap(), TINY);
    assert_eq!(ours["model"]["id"], "tiny");
    for key in ["prompts", "categories"] {
        assert_eq!(ours[key], page[key], "{key}");
    }
    for key in ["head_scores", "breakdown", "patterns", "ablations"] {
        let mut of_ours = ours[key].clone();
        // Files of then know nothing of steering.
        assert!(of_ours.as_object_mut().is_none_or(|part| part.remove("alpha") == Some(1.0.into())));
        assert_close(key, &numbers(&of_ours), &numbers(&page[key]));
    }
    assert_eq!(read_back(&ours).seed, 9);
}

#[test]
fn run_takes_what_the_page_takes() {
    // A text: nothing is scored for a category it has not, and the pattern is there.
    let file = results("v=1&model=tiny&text=red dog and a blue cat&head=L1H0", TINY);
    assert_eq!(file["prompts"].as_array().unwrap().len(), 1);
    assert_eq!(file["patterns"]["rows"].as_array().unwrap().len(), 7);
    // A head that the model lacks gives way to its best one, and a dropped prompt is shown.
    let file = results("v=1&model=tiny&head=L9H9&prompt=11", TINY);
    assert_eq!(file["prompts"][11]["kept"], false);
    let scores = &file["head_scores"]["mean"];
    let best = numbers(scores).into_iter().fold(0.0, f64::max);
    let head: Vec<usize> = file["settings"]["head"].as_str().unwrap()[1..]
        .split('H')
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(scores[head[0]][head[1]].as_f64(), Some(best));
    assert!(!numbers(&file["patterns"]["rows"]).is_empty());
    // A published name is not given to other bytes.
    assert_eq!(results("v=1&model=gpt2&n=2", RANDOM)["model"]["id"], "file");
}

/// Holds numbers, lists of them and objects of those against TransformerLens'.
fn assert_reached(what: &str, ours: &Value, theirs: &Value) {
    match theirs {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| assert_reached(&format!("{what}.{name}"), &ours[name], value));
        }
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(i, value)| assert_reached(&format!("{what}.{i}"), &ours[i], value));
        }
        Value::Number(number) => {
            let (ours, theirs) = (ours.as_f64().unwrap_or(f64::NAN), number.as_f64().unwrap());
            assert!((ours - theirs).abs() <= 1e-4, "{what}: {ours} is not {theirs}");
        }
        other => assert_eq!(ours, other, "{what}"),
    }
}

#[test]
fn run_goes_on_to_what_the_link_names() {
    let theirs = json(&format!("{RANDOM}/circuits.json"));
    let head = theirs["head"].as_str().unwrap();
    let parts = &theirs["score_parts"];
    for (alpha, steered) in theirs["steered"].as_object().unwrap() {
        let link = format!(
            "v=1&head={head}&alpha={}&run=circuits&view=q{}k{}",
            alpha.parse::<f64>().unwrap(),
            parts["query"],
            parts["key"]
        );
        let file = results(&link, RANDOM);
        let circuits = &file["further"]["circuits"];
        assert_reached("forms", &circuits["forms"], &theirs["forms"]);
        for name in ["cell_mean", "self_share"] {
            let ours = circuits["steered"][name].as_object().unwrap();
            let mut ours: Vec<(usize, f64)> = ours
                .iter()
                .map(|(sequence, value)| (sequence.parse().unwrap(), value.as_f64().unwrap()))
                .collect();
            ours.sort_by_key(|(sequence, _)| *sequence);
            let ours: Vec<f64> = ours.into_iter().map(|(_, value)| value).collect();
            assert_close(name, &ours, &numbers(&steered[name]));
        }
        assert_eq!(file["head_scores"]["alpha"].as_f64(), file["settings"]["alpha"].as_f64());
        assert_eq!(file["patterns"]["alpha"].as_f64(), file["settings"]["alpha"].as_f64());
        for name in ["words", "qk_symmetric", "qk_skew", "ov_direct"] {
            assert_reached(name, &circuits["words"][name], &theirs["words_alone"][name]);
        }
        for name in ["query", "key", "components", "parts", "score"] {
            assert_reached(name, &circuits["score_parts"][name], &parts[name]);
        }
    }
}

#[test]
fn run_reads_a_text_by_every_layer_and_without_each_component() {
    let theirs = json(&format!("{RANDOM}/circuits.json"));
    let reference = json(&format!("{RANDOM}/reference.json"));
    let text: String =
        reference["text"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let logit = &theirs["direct_logit"];
    let link = format!(
        "v=1&head=L1H0&text={text}&kind=zero&logit={}.{}.{}&run=output.lens",
        logit["position"], logit["token"], logit["against"]
    );
    let further = &results(&link, RANDOM)["further"];
    assert_reached("lens", &further["lens"]["layers"], &theirs["lens"]);
    assert_reached("attribution", &further["attribution"], logit);
    for row in further["output"].as_array().unwrap() {
        let name = match row["component"].as_str().unwrap() {
            "none" => "none".to_owned(),
            component => format!("{component}|{}", row["kind"].as_str().unwrap()),
        };
        assert_reached(&name, row, &theirs["output_under_ablation"][&name]);
    }
    assert_eq!(further["output"].as_array().unwrap().len(), 1 + 3 * 5);
}

#[test]
fn draw_prints_the_notebooks_prompts() {
    let notebook = json("data/gpt2/notebook.json");
    let text = done(&["draw", "#v=1"]);
    let first: Vec<&str> = text.lines().next().unwrap().split(' ').collect();
    assert_eq!(serde_json::to_value(first).unwrap(), notebook["words"][0]);
    assert_eq!(text.lines().count(), 30);
    let prompts: Value = serde_json::from_str(&done(&["draw", "v=1", "--format", "json"])).unwrap();
    let ids: Vec<Value> =
        prompts.as_array().unwrap().iter().map(|prompt| prompt["token_ids"].clone()).collect();
    assert_eq!(Value::Array(ids), notebook["token_ids"]);
    let csv = done(&["draw", "v=1&seed=7&n=2", "--format", "csv"]);
    assert_eq!(csv.lines().count(), 3);
    assert!(csv.starts_with("sequence,kept,reason,text,token_ids\n0,"));
}

#[test]
fn check_says_what_does_not_apply() {
    let Output { status, stdout, .. } = run(&["check", "--model", at(TINY).to_str().unwrap()]);
    let table = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(2), "{table}");
    assert!(table.contains("1 passed, 0 differ, 4 could not be compared."), "{table}");
    assert!(table.contains("this model has 3 layers of 2 heads"), "{table}");
}

#[test]
fn messages_say_what_is_wrong() {
    let tiny = at(TINY);
    let tiny = tiny.to_str().unwrap();
    let empty = folder("empty");
    let empty = empty.to_str().unwrap();
    for (words, said) in [
        (&["run", "v=1", "--model", "nowhere"][..], "nowhere is no folder"),
        (
            &["run", "v=1", "--model", empty],
            "holds neither model.safetensors nor model.safetensors.index.json",
        ),
        (&["run", "hello", "--model", tiny], "“hello” is no link to a study"),
        (&["run", "v=1&model=tiny&head=L1H1&ablate=L7.mlp", "--model", tiny], "no component L7.mlp"),
        (&["run", "v=1&model=tiny&len=100&n=2", "--model", tiny], "does not fit the model's context of 64"),
        (&["check", "--model", empty], "holds neither"),
        (&["convert", "--model", tiny, "--to", "f16", "-o", empty], "only F32 is converted"),
        (
            &["sweep", "--model", tiny, "--heads", "L9H9", "--seeds", "0", "--kinds", "zero", "-o", "x"],
            "no head L9H9",
        ),
        (
            &["sweep", "--model", tiny, "--heads", "all", "--seeds", "0", "--kinds", "none", "-o", "x"],
            "“none” is no kind",
        ),
        (
            &[
                "sweep", "--model", tiny, "--heads", "all", "--seeds", "0", "--kinds", "zero", "--shard",
                "2/1", "-o", "x",
            ],
            "is no shard",
        ),
        (&["fly"], "unrecognized subcommand"),
    ] {
        let stderr = refused(words);
        assert!(stderr.contains(said), "{words:?}: {stderr}");
    }
    // What of a link cannot be used is told, and the rest is done.
    let Output { status, stderr, .. } = run(&["draw", "v=1&seed=x&colour=red"]);
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(
        status.success() && stderr.contains("“colour” is no setting") && stderr.contains("seed"),
        "{stderr}"
    );
}

/// The rows of a table, as texts, null as nothing.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let text = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| text(field)).collect()).collect()
}

#[test]
fn sweep_reaches_transformerlens() {
    let folder = folder("sweep-reference");
    let out = folder.join("out.parquet");
    let kinds = "position-mean,dataset-mean,global-mean,zero,head-mean";
    let model = at(RANDOM);
    done(&[
        "sweep",
        "--model",
        model.to_str().unwrap(),
        "--heads",
        "L2H1",
        "--seeds",
        "5",
        "--kinds",
        kinds,
        "-o",
        out.to_str().unwrap(),
    ]);
    let theirs = json(&format!("{RANDOM}/reference.json"));
    let theirs = theirs["ablation_scores"].as_object().unwrap();
    let mean = |name: &str| {
        let scores = numbers(&theirs[name]);
        scores.iter().sum::<f64>() / scores.len() as f64
    };
    let mut compared = 0;
    for row in rows(&out) {
        let [seed, layer, head, component, kind, metric, target, n, baseline, ablated, effect] = &row[..]
        else {
            panic!("{row:?}")
        };
        assert_eq!(
            [seed, layer, head, metric, target, n],
            ["5", "2", "1", "cell-mean", "same-category", "22"]
        );
        let number = |text: &String| text.parse::<f64>().unwrap();
        assert_close("baseline", &[number(baseline)], &[mean("baseline")]);
        if component.is_empty() {
            assert_eq!([kind, ablated, effect], ["", "", ""]);
        } else {
            assert!((number(effect) - (number(ablated) - number(baseline))).abs() < 1e-12);
            if component.ends_with("mlp-only") {
                continue;
            }
            let name = format!("{component}|{kind}");
            assert_close(&name, &[number(ablated)], &[mean(&name)]);
        }
        compared += 1;
    }
    assert_eq!(compared, theirs.len());
}

/// A sweep of the bundled model.
fn sweep<'a>(model: &'a str, seeds: &'a str, shard: &'a str, out: &'a Path) -> Vec<&'a str> {
    let mut words = vec!["sweep", "--model", model, "--heads", "all", "--kinds", "notebook,resample"];
    words.extend(["--link", "v=1&model=tiny", "--seeds", seeds, "--shard", shard, "-o"]);
    words.push(out.to_str().unwrap());
    words
}

/// Kills a sweep in its middle. One that was through before that is begun again.
fn kill_after_a_seed(words: &[&str], out: &Path, notes: &Path) {
    let lines = || fs::read(notes).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count());
    for _ in 0..10 {
        let mut child = command(words).stdout(Stdio::null()).spawn().unwrap();
        while lines() < 2 && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if !out.exists() {
            assert!(lines() >= 2, "it ended by itself");
            return;
        }
        fs::remove_file(out).unwrap();
    }
    panic!("it was always through");
}

#[test]
fn shards_and_killed_runs_lose_no_row_and_have_none_twice() {
    let folder = folder("sweep-shards");
    let model = at(TINY);
    let model = model.to_str().unwrap();
    let whole = folder.join("whole.parquet");
    done(&sweep(model, "0-19", "1/1", &whole));
    let expected = rows(&whole);

    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let out = folder.join(format!("{}.parquet", &shard[..1]));
        done(&sweep(model, "0-19", shard, &out));
        parts.extend(rows(&out));
    }
    // A shard's seeds are every third; within a seed the order is the same.
    parts.sort_by_key(|row| row[0].parse::<u32>().unwrap());
    assert_eq!(parts, expected);
    // Six heads, and under each kind every component below them: of the notebook's preset
    // two embeddings, and a pattern and an MLP of every earlier layer.
    let per_seed = expected.len() / 20;
    let resample: usize = [2, 2 + 4, 2 + 8].iter().map(|components| 2 * components).sum();
    let notebook: usize = [2, 2 + 2, 2 + 4].iter().map(|components| 2 * components).sum();
    assert_eq!(per_seed, 6 + notebook + resample);

    // Killed once a seed is noted, with a line half written, it goes on from there.
    let out = folder.join("killed.parquet");
    let notes = folder.join("killed.parquet.partial");
    let words = sweep(model, "0-19", "1/1", &out);
    kill_after_a_seed(&words, &out, &notes);
    let mut torn = fs::read(&notes).unwrap();
    torn.extend(b"{\"seed\":");
    fs::write(&notes, torn).unwrap();
    // Nobody goes on beside somebody else.
    let held = fs::File::open(&notes).unwrap();
    held.lock().unwrap();
    let second = refused(&words);
    assert!(second.contains("is being written by another process"), "{second}");
    // Who waits goes on once they are free, and another who waits finds it complete.
    let waiting = || command(&words).arg("--wait").stdout(Stdio::piped()).spawn().unwrap();
    let mut both = [waiting(), waiting()];
    std::thread::sleep(Duration::from_millis(500));
    assert!(both.iter_mut().all(|each| each.try_wait().unwrap().is_none()));
    drop(held);
    let mut printed = both.map(|each| {
        let Output { status, stdout, .. } = each.wait_with_output().unwrap();
        assert!(status.success());
        String::from_utf8(stdout).unwrap()
    });
    printed.sort_by_key(|each| each.contains("is complete already"));
    let [printed, complete] = printed;
    assert!(printed.contains("of 20 seeds were done already"), "{printed}");
    assert!(complete.contains("is complete already"), "{complete}");
    assert_eq!(rows(&out), expected);
    assert!(!notes.exists());

    // What is complete is left as it is, and another sweep does not take its place.
    assert!(done(&words).contains("is complete already"));
    assert!(refused(&sweep(model, "0-20", "1/1", &out)).contains("not of this sweep"));
    assert_eq!(rows(&out), expected);
}

#[test]
fn a_seed_without_scores_has_its_rows() {
    let out = folder("sweep-nothing").join("out.parquet");
    let model = at(TINY);
    // Sequences of one word have no earlier word of their category.
    done(&[
        "sweep",
        "--model",
        model.to_str().unwrap(),
        "--heads",
        "L1H0",
        "--seeds",
        "1-2",
        "--kinds",
        "notebook",
        "--link",
        "v=1&model=tiny&len=1",
        "-o",
        out.to_str().unwrap(),
    ]);
    let rows = rows(&out);
    assert_eq!(rows.len(), 2 * 5);
    assert!(rows.iter().all(|row| row[7] == "0" && row[8..] == ["", "", ""]), "{rows:?}");
}

#[test]
fn convert_halves_a_model() {
    let folder = folder("convert");
    let model = at(RANDOM);
    for (to, error) in [("f16", 5e-3), ("bf16", 5e-2)] {
        let out = folder.join(to);
        let printed =
            done(&["convert", "--model", model.to_str().unwrap(), "--to", to, "-o", out.to_str().unwrap()]);
        let told: Vec<f64> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next_back()?.parse().ok())
            .collect();
        assert_eq!(told.len(), 3, "{printed}");
        assert!(told.iter().all(|told| (1e-9..error).contains(told)), "{printed}");
        let (before, after) = (model.join("model.safetensors"), out.join("model.safetensors"));
        let length = |path: &Path| fs::metadata(path).unwrap().len();
        assert!(length(&after) * 2 < length(&before) + 10_000);
        // A web server may read it as it may read any file that is made here.
        fs::write(out.join("any"), "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions();
        assert_eq!(mode(&after), mode(&out.join("any")));
        // What is told is what a run of it differs by, at most.
        let link = "v=1&model=file&head=L2H1";
        let scores = |folder: &str| numbers(&results(link, folder)["head_scores"]["per_prompt"]);
        let (whole, half) = (scores(RANDOM), scores(out.to_str().unwrap()));
        let largest = whole.iter().zip(&half).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!((largest - told[0]).abs() < 0.01 * told[0], "{largest} is told as {}", told[0]);
        let again = refused(&[
            "convert",
            "--model",
            model.to_str().unwrap(),
            "--to",
            to,
            "-o",
            out.to_str().unwrap(),
        ]);
        assert!(again.contains("is there already"), "{again}");
    }
}
