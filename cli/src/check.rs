//! `headscope check`: a folder's model held against what is published of GPT-2 small.

use crate::folder::{Folder, GPT2_SHA256, gpt2_manifest, gpt2_tokens, said};
use crate::progress::Progress;
use crate::threads::Threads;
use anyhow::{Context, Result};
use clap::Args;
use headscope::model::{Depth, Gpt2};
use headscope::study::self_check::{PublishedPattern, compare_pattern};
use headscope::study::{self, Effect, Head, Metric, TokenizedPrompt, notebook_preset};
use headscope::web::Settings;
use headscope::web::prompt_set::PromptSet;
use headscope::web::tools::check::{CheckedPrompt, check_all, read_figures, unscored};
use headscope::weights::{ByteSource, Config, Dtype, sha256};
use pollster::block_on;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

const NOTEBOOK: &str = include_str!("../../data/gpt2/notebook.json");
const FIGURES: &str = include_str!("../../data/gpt2/published-figures.json");
const POST: &str = include_str!("../../data/gpt2/post-pattern.json");

/// The notebook printed four places.
const PRINTED: f64 = 1e-4;
/// The page's tolerance for figures of float32 arithmetic that were printed to four places.
const PUBLISHED: f64 = 2e-3;
/// What the notebook's file calls the four components of its preset, in its order.
const PRINTED_AS: [&str; 4] = ["embed", "pos_embed", "L0 pattern", "L0 mlp_out"];
/// Tensors that are named one by one.
const MOST_NAMED: usize = 5;

/// What `headscope check` takes.
#[derive(Debug, Args)]
pub struct Check {
    /// The folder that holds model.safetensors and config.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Threads to work with; all processors if it is left out
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

/// The parts of the notebook's file that a check is made of.
#[derive(Deserialize)]
struct Notebook {
    token_ids: Vec<Vec<u32>>,
    kept_sequences: Vec<usize>,
    #[serde(rename = "same_category_attention_L1H5")]
    printed: Printed,
}

#[derive(Deserialize)]
struct Printed {
    second_kept_sequence_no_ablation: f64,
    per_kept_sequence: BTreeMap<String, Vec<f64>>,
}

/// How one comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Differs,
    /// It cannot be made of this model.
    NotMade,
}

/// A line of the table.
struct Line {
    what: String,
    outcome: Outcome,
    detail: String,
}

impl Line {
    fn of(what: impl Into<String>, passed: bool, detail: impl Into<String>) -> Self {
        let outcome = if passed { Outcome::Passed } else { Outcome::Differs };
        Self { what: what.into(), outcome, detail: detail.into() }
    }

    fn not_made(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), outcome: Outcome::NotMade, detail: why.into() }
    }
}

impl Check {
    /// Prints the table; ends with 0 if all passed, 1 if something differs, 2 if nothing
    /// differs and not all could be compared.
    pub fn run(&self) -> Result<ExitCode> {
        let folder = Folder::open(&self.model, "gpt2")?;
        let notebook: Notebook = serde_json::from_str(NOTEBOOK).context("the notebook's figures")?;
        let set = PromptSet::of(&Settings::default(), &*gpt2_tokens()?)?;
        let ids: Vec<Vec<u32>> = set.prompts.iter().map(|prompt| prompt.tokenized.ids.clone()).collect();
        let cases = set.cases();
        let kept: Vec<usize> = cases.iter().map(|case| case.sequence).collect();
        let same = ids == notebook.token_ids && kept == notebook.kept_sequences;
        let mut lines = vec![Line::of(
            "The notebook's prompts, drawn and tokenized here",
            same,
            format!("{} sequences, {} kept, token for token", ids.len(), kept.len()),
        )];
        let mut unpublished = Vec::new();
        match other_sizes(&folder.config) {
            Some(sizes) => {
                let why = format!("of GPT-2 small alone; this model has {sizes}");
                let left = [
                    "SHA-256 of the file and its tensors",
                    "The notebook's printed scores",
                    "Figures of five prompts",
                    "The post's pattern",
                ];
                lines.extend(left.map(|what| Line::not_made(what, &why)));
            }
            None => {
                let progress = Progress::new();
                unpublished = hashes(&folder, &mut lines)?;
                let mut model = folder.model(Threads::pool(self.threads));
                folder.load(
                    &mut model,
                    &study::need(&unscored(&read_figures(FIGURES).map_err(said)?), Depth::Logits),
                    &progress,
                )?;
                printed_scores(&folder, &mut model, &cases, &notebook.printed, &mut lines, &progress)?;
                figures(&folder, &model, &mut lines, &progress)?;
                posts_pattern(&folder, &mut model, &mut lines, &progress)?;
                progress.clear();
            }
        }
        print(&lines, &unpublished);
        Ok(ExitCode::from(status(&lines)))
    }
}

/// How the command ends.
fn status(lines: &[Line]) -> u8 {
    let any = |outcome| lines.iter().any(|line| line.outcome == outcome);
    match (any(Outcome::Differs), any(Outcome::NotMade)) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    }
}

/// The sizes of a model that are not GPT-2 small's.
fn other_sizes(config: &Config) -> Option<String> {
    let Config { n_layer, n_head, d_model, d_vocab, .. } = *config;
    let small = (n_layer, n_head, d_model, d_vocab) == (12, 12, 768, 50257);
    let shown = || format!("{n_layer} layers of {n_head} heads, width {d_model}, {d_vocab} tokens");
    (!small).then(shown)
}

/// Compares hashes; gives those of tensors of which none is published.
fn hashes(folder: &Folder, lines: &mut Vec<Line>) -> Result<Vec<String>> {
    if folder.sha256 == GPT2_SHA256 {
        lines.push(Line::of("SHA-256 of the whole file", true, GPT2_SHA256));
    } else {
        // Another file may hold the same tensors, as one without mask buffers does.
        println!("These bytes are not the published file's; their SHA-256 is {}.\n", folder.sha256);
    }
    let what = "SHA-256 of its tensors";
    let names: Vec<String> = folder.config.tensors().map(|(name, _)| name).collect();
    for name in &names {
        if folder.index.span(name)?.dtype != Dtype::F32 {
            lines.push(Line::not_made(what, "known of F32 alone; this file holds other numbers"));
            return Ok(Vec::new());
        }
    }
    let manifest = gpt2_manifest();
    let (mut same, mut differ, mut unpublished) = (0, Vec::new(), Vec::new());
    for name in names {
        let mut bytes = Vec::new();
        let range = folder.index.span(&name)?.bytes.clone();
        block_on(folder.source.read(range, &mut |more| bytes.extend_from_slice(more)))?;
        match manifest.check(&name, &bytes) {
            Some(true) => same += 1,
            Some(false) => differ.push(name),
            None => unpublished.push(format!("{name}\t{}", sha256(&bytes))),
        }
    }
    let known = same + differ.len();
    let mut detail = format!("{same} of the {known} known ones");
    if !differ.is_empty() {
        let more = differ.len().saturating_sub(MOST_NAMED);
        let named = differ.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        detail += &format!("; other: {named}{more}");
    }
    lines.push(Line::of(what, differ.is_empty() && known > 0, detail));
    Ok(unpublished)
}

/// The notebook's 88 ablated scores and the one without ablation.
fn printed_scores(
    folder: &Folder,
    model: &mut Gpt2,
    cases: &[TokenizedPrompt],
    printed: &Printed,
    lines: &mut Vec<Line>,
    progress: &Progress,
) -> Result<()> {
    let head = Head { layer: 1, head: 5 };
    folder.load(model, &study::need(cases, Depth::Pattern(head.layer)), progress)?;
    progress.stage("Ablating");
    let preset = notebook_preset(head.layer);
    let baseline = block_on(study::baseline(model, cases, head, progress))?;
    let effects = block_on(study::effects(model, cases, &baseline, Metric::CellMean, &preset, progress))?;
    let second = effects.first().and_then(|effect| effect.baseline.get(1).copied());
    let theirs = [printed.second_kept_sequence_no_ablation];
    lines.push(printed_line("without ablation, prompt 1", second.as_slice(), &theirs));
    for (effect, called) in effects.iter().zip(PRINTED_AS) {
        let named = printed.per_kept_sequence.iter().find(|(name, _)| name.starts_with(called));
        let theirs = named.map_or(&[][..], |(_, scores)| scores);
        let Effect { ablation, ablated, .. } = effect;
        lines.push(printed_line(
            &format!("{} by {}", ablation.components(), ablation.kinds()),
            ablated,
            theirs,
        ));
    }
    Ok(())
}

fn printed_line(what: &str, ours: &[f64], theirs: &[f64]) -> Line {
    let differences = ours.iter().zip(theirs).map(|(ours, theirs)| (ours - theirs).abs());
    let reached = differences.clone().filter(|difference| *difference <= PRINTED).count();
    let all = theirs.len();
    // What is not a number is as far away as can be.
    let largest = differences.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max);
    let what = format!("Printed score of L1H5 {what}");
    let detail = format!("{reached} of {all} within {PRINTED}, largest difference {largest:.5}");
    Line::of(what, reached == all && ours.len() == all && all > 0, detail)
}

/// The five prompts of which others published figures.
fn figures(folder: &Folder, model: &Gpt2, lines: &mut Vec<Line>, progress: &Progress) -> Result<()> {
    let figures = read_figures(FIGURES).map_err(said)?;
    progress.stage("Checking figures");
    let checked = block_on(check_all(model, &folder.tokens, &figures, progress)).map_err(said)?;
    for CheckedPrompt { prompt, same_ids, same_top, logits, attention, attention_figures, pattern } in checked
    {
        let near = |distance: Option<f64>| distance.is_some_and(|distance| distance <= PUBLISHED);
        let passed = same_ids && same_top && near(logits) && near(attention) && near(pattern);
        let shown = |distance: Option<f64>| {
            distance.map_or_else(|| "of another shape".to_owned(), |distance| format!("{distance:.1e}"))
        };
        let same = |same| if same { "same" } else { "other" };
        let detail = format!(
            "{} tokens, {} top ten; largest differences: logits {}, {attention_figures} of attention {}, a pattern {}",
            same(same_ids),
            same(same_top),
            shown(logits),
            shown(attention),
            shown(pattern)
        );
        lines.push(Line::of(format!("Figures of “{prompt}”"), passed, detail));
    }
    Ok(())
}

/// The pattern of L1H5 that the post shows.
fn posts_pattern(
    folder: &Folder,
    model: &mut Gpt2,
    lines: &mut Vec<Line>,
    progress: &Progress,
) -> Result<()> {
    let post: PublishedPattern = serde_json::from_str(POST).context("the post's pattern")?;
    let ids = folder.tokens.encode(&post.text)?;
    let tokens = post.token_ids.iter().copied().collect();
    let (positions, depth) = (post.token_ids.len(), Depth::Pattern(1));
    folder.load(model, &headscope::model::Need { tokens, positions, depth, direct: None }, progress)?;
    let found = block_on(compare_pattern(model, &post, &ids, progress))?;
    let passed = found.same_ids && found.pattern <= PUBLISHED && found.means <= PUBLISHED;
    let detail = format!(
        "{} tokens; largest differences: pattern {:.1e}, means of all heads {:.1e}",
        if found.same_ids { "same" } else { "other" },
        found.pattern,
        found.means
    );
    lines.push(Line::of("The post's pattern of L1H5, 64 tokens", passed, detail));
    Ok(())
}

fn print(lines: &[Line], unpublished: &[String]) {
    let width = lines.iter().map(|line| line.what.chars().count()).max().unwrap_or(0);
    for Line { what, outcome, detail } in lines {
        let outcome = match outcome {
            Outcome::Passed => "passed",
            Outcome::Differs => "DIFFERS",
            Outcome::NotMade => "not compared",
        };
        println!("{what:width$}  {outcome:12}  {detail}");
    }
    let of = |outcome| lines.iter().filter(|line| line.outcome == outcome).count();
    let (passed, differ, not) = (of(Outcome::Passed), of(Outcome::Differs), of(Outcome::NotMade));
    println!("\n{passed} passed, {differ} differ, {not} could not be compared.");
    if !unpublished.is_empty() {
        println!("\nTensors of which no hash is known, with the SHA-256 that they have here:");
        unpublished.iter().for_each(|line| println!("{line}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, printed_line, status};

    #[test]
    fn a_difference_outweighs_what_was_not_compared() {
        let line = |passed| Line::of("a", passed, "");
        let not = || Line::not_made("b", "");
        assert_eq!(status(&[line(true), line(true)]), 0);
        assert_eq!(status(&[line(true), line(false)]), 1);
        assert_eq!(status(&[line(true), not()]), 2);
        assert_eq!(status(&[not(), line(false)]), 1);
    }

    #[test]
    fn a_printed_score_is_reached_within_its_last_place() {
        let passed = |ours: &[f64], theirs: &[f64]| status(&[printed_line("x", ours, theirs)]) == 0;
        assert!(passed(&[0.187_749], &[0.1877]));
        assert!(!passed(&[0.187_9], &[0.1877]));
        assert!(!passed(&[0.1877], &[0.1877, 0.1]));
        assert!(!passed(&[f64::NAN], &[0.1877]));
        assert!(!passed(&[], &[]));
    }
}
