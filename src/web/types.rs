//! The page's types of all that crosses the border to this crate: made of the types
//! themselves, so that the two cannot differ. `make types` writes them.

use crate::web::catalogue::Catalogue;
use crate::web::link::change::Change;
use crate::web::link::outcome::Outcome;
use crate::web::payload::{
    Ablations, Estimate, HeadScores, ImportedResults, ModelInfo, PartialScores, PatternResult, Progress,
    PromptSet, ReadLink, ReadWords, Sizes, Stored, WordTokens,
};
use crate::web::request::Request;
use crate::web::tools::{Tool, ToolResults};
use crate::web::{Problem, Settings};
use std::collections::BTreeMap;
use ts_rs::{Config, TS, TypeVisitor};

/// What each request is answered with; a tool's are in [`ToolResults`].
#[derive(TS)]
#[allow(dead_code, reason = "its TypeScript is what it is for")]
struct Answers {
    prompts: PromptSet,
    estimate: Estimate,
    load: ModelInfo,
    pattern: PatternResult,
    scores: HeadScores,
    loaded_scores: PartialScores,
    ablations: Ablations,
    pick_file: (),
    use_threads: (),
    storage: Stored,
    clear_storage: (),
    export_json: String,
    export_csv: String,
    import_results: ImportedResults,
    word_tokens: Vec<WordTokens>,
}

/// Declarations by the names of their types.
struct Declarations {
    config: Config,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::name(&self.config);
        // What has no file of its own is no type of ours.
        if T::output_path().is_none() || self.found.contains_key(&name) {
            return;
        }
        let about = T::docs().unwrap_or_default();
        self.found.insert(name, tidy(&format!("{about}{}", T::decl(&self.config))));
        T::visit_dependencies(self);
    }
}

/// A declaration with its fields indented, and comments of one line on one line.
fn tidy(declaration: &str) -> String {
    let declaration = declaration
        .trim_end()
        .strip_suffix(", };")
        .map_or_else(|| declaration.trim_end().to_owned(), |fields| format!("{fields};\n}};"));
    let mut tidied = String::new();
    let mut is_inside = false;
    let lines: Vec<&str> = declaration.lines().map(str::trim_end).collect();
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        if *line == "};" {
            is_inside = false;
        }
        let mut line = (*line).to_owned();
        if line == "/**" {
            let words: Vec<&str> =
                std::iter::from_fn(|| lines.next_if(|line| line.trim() != "*/").copied()).collect();
            lines.next();
            let words = words.iter().map(|line| line.trim_start_matches([' ', '*']));
            line = format!("/** {} */", words.collect::<Vec<_>>().join(" "));
        }
        tidied += &format!("{}{line}\n", if is_inside { "  " } else { "" });
        is_inside |= line.starts_with("type ") && line.ends_with('{');
    }
    tidied
}

/// One of these names.
fn union(name: &str, names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("type {name} = {};\n", names.join(" | "))
}

fn declarations() -> String {
    let config = Config::default().with_large_int("number");
    let mut all = Declarations { config, found: BTreeMap::new() };
    all.visit::<Request>();
    all.visit::<Answers>();
    all.visit::<ToolResults>();
    all.visit::<Progress<'static>>();
    all.visit::<Settings>();
    all.visit::<Change>();
    all.visit::<Catalogue>();
    all.visit::<Problem>();
    all.visit::<ReadLink>();
    all.visit::<ReadWords>();
    all.visit::<Sizes>();
    let steps = || Outcome::all().filter(|outcome| outcome.is_step());
    let names = [
        union("Tool", Tool::ALL.iter().map(|tool| tool.name())),
        union("Step", steps().map(Outcome::name)),
        union("Outcome", Outcome::all().map(Outcome::name)),
    ];
    let head = "// What crosses the border to the Rust side. `make types` writes it from the types there.\n";
    let parts: Vec<String> = names.into_iter().chain(all.found.into_values()).collect();
    format!("{head}\n{}", parts.join("\n"))
}

#[test]
#[allow(clippy::panic, reason = "a test may panic")]
fn the_pages_types_are_those_of_this_crate() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/engine/shapes.d.ts");
    let declarations = declarations();
    if std::env::var_os("HEADSCOPE_WRITE_TYPES").is_some() {
        assert!(std::fs::write(path, &declarations).is_ok(), "{path} cannot be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    if written != declarations {
        panic!("www/engine/shapes.d.ts is not what the types of src/ come to: run `make types`");
    }
}
