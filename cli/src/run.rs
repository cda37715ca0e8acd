//! `headscope run`: the study of a link, and its results file.

use crate::folder::{Folder, said};
use crate::link;
use crate::output;
use crate::progress::Progress;
use crate::threads::Threads;
use anyhow::{Context, Result};
use clap::Args;
use headscope::circuits;
use headscope::model::{Depth, Gpt2, Need};
use headscope::study::{self, Head, StudyError, TokenizedPrompt};
use headscope::web::Settings;
use headscope::web::link::settings::RunStep;
use headscope::web::payload::{can_be_scored, scored_cases};
use headscope::web::prompt_set::PromptSet;
use headscope::web::results::file::Tilings;
use headscope::web::results::{Results, Shown};
use headscope::web::steps::{self, Instead};
use headscope::web::taken_apart::{self, HeadTakenApart, Wanted};
use headscope::web::tools::Tool;
use headscope::web::tools::attribution::{self, Attribution};
use headscope::web::tools::lens::Lens;
use headscope::web::tools::output::{self as on_output, Output, OutputRow};
use headscope::web::tools::seeds::{self, Seeds};
use pollster::block_on;
use serde::Serialize;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Instant;

/// What names this program in results files.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), " (command)");

/// What `headscope run` takes.
#[derive(Debug, Args)]
pub struct Run {
    /// A link of the page: the whole address, or what stands in it after `#`
    link: String,
    /// The folder that holds model.safetensors and config.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Where the results file goes; standard output if it is left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Threads to work with; all processors if it is left out
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

impl Run {
    /// Runs the head, the scores of all heads, the ablations and what the link's `run` names
    /// beside them, and writes the file.
    pub fn run(&self) -> Result<()> {
        let settings = link::read(&self.link)?;
        let folder = Folder::open(&self.model, &settings.model)?;
        folder.notes.iter().for_each(|note| eprintln!("{note}"));
        let mut study = Study::new(&folder, settings, self.threads)?;
        study.run()?;
        let mut json = serde_json::to_string_pretty(&study.results.to_json())?;
        json.push('\n');
        output::write(self.output.as_deref(), json.as_bytes())
    }
}

/// A link's study of a model.
struct Study<'a> {
    folder: &'a Folder,
    model: Gpt2,
    set: PromptSet,
    /// The kept prompts.
    cases: Vec<TokenizedPrompt>,
    results: Results,
    progress: Progress,
}

impl<'a> Study<'a> {
    fn new(folder: &'a Folder, mut settings: Settings, threads: Option<NonZero<usize>>) -> Result<Self> {
        settings.model.clone_from(&folder.id);
        let set = PromptSet::of(&settings, &folder.tokens)?;
        let cases = set.cases();
        let model = Some(folder.model_id());
        let mut results = Results { build: BUILD.to_owned(), model, settings, ..Results::default() };
        results.take_prompts(set.clone(), &folder.tokens);
        let model = folder.model(Threads::pool(threads));
        Ok(Self { folder, model, set, cases, results, progress: Progress::new() })
    }

    fn run(&mut self) -> Result<()> {
        if !self.results.settings.head.exists(&self.folder.config) {
            self.choose_head()?;
        }
        let head = self.results.settings.head;
        let baseline = self.show(head)?;
        // What cannot be scored or ablated leaves the rest of the file as it is.
        if can_be_scored(&self.results.settings, &self.set) {
            self.score()?;
        } else {
            eprintln!("No head is scored: {}.", StudyError::NothingToScore);
        }
        if let Some(baseline) = baseline {
            self.ablate(head, &baseline)?;
        }
        if self.results.settings.alpha.is_steered() {
            self.steer(head)?;
        }
        self.go_on(head)?;
        self.results.weights_checked = Some(self.folder.checked());
        self.progress.clear();
        Ok(())
    }

    /// Takes the best head in place of one that the model lacks.
    fn choose_head(&mut self) -> Result<()> {
        let scorable = can_be_scored(&self.results.settings, &self.set);
        let best = if scorable { Some(self.score()?) } else { None };
        let Instead { head, note, problem } =
            Instead::of(self.results.settings.head, best, &self.folder.config);
        let told = problem.map(|problem| format!("{} {}", problem.message, problem.consequence));
        note.or(told).iter().for_each(|note| eprintln!("{note}"));
        self.results.settings.head = head;
        Ok(())
    }

    fn load(&mut self, cases: &[TokenizedPrompt], depth: Depth) -> Result<()> {
        self.load_needed(&study::need(cases, depth))
    }

    fn load_needed(&mut self, need: &Need) -> Result<()> {
        let started = Instant::now();
        self.folder.load(&mut self.model, need, &self.progress)?;
        self.results.timings.load += milliseconds(started);
        Ok(())
    }

    /// The head on the shown prompt, and on all kept ones where there are any.
    fn show(&mut self, head: Head) -> Result<Option<study::Baseline>> {
        let settings = self.results.settings.clone();
        let number = settings.shown_prompt();
        let depth = steps::head_depth(&settings, &self.folder.config);
        let (cases, set) = (self.cases.clone(), self.set.clone());
        self.load(&cases, depth)?;
        let dropped = !cases.iter().any(|case| case.sequence == number);
        let alone = if dropped { Some(steps::shown_case(&set, &settings).map_err(said)?) } else { None };
        if let Some(case) = &alone {
            self.load(std::slice::from_ref(case), depth)?;
        }
        self.progress.stage("Running the model");
        let started = Instant::now();
        let run =
            |cases: &[TokenizedPrompt]| block_on(study::baseline(&self.model, cases, head, &self.progress));
        let baseline = if cases.is_empty() { None } else { Some(run(&cases)?) };
        let patterns = baseline.as_ref().map_or(&[][..], |baseline| &baseline.pattern.patterns);
        // A dropped prompt is not part of any score, and run by itself.
        let pattern = match &alone {
            Some(case) => run(std::slice::from_ref(case))?.pattern.patterns.swap_remove(0),
            None => {
                let place = cases.iter().position(|case| case.sequence == number);
                place.map_or_else(Vec::new, |place| patterns[place].clone())
            }
        };
        self.results.shown = Some(steps::shown(head, number, pattern, &cases, patterns));
        self.results.timings.forward = milliseconds(started);
        self.results.timings.tiling = Tilings::chosen();
        Ok(baseline)
    }

    /// Scores all heads, unless that is done; gives the best.
    fn score(&mut self) -> Result<Head> {
        if self.results.head_scores.is_none() {
            let cases = self.cases.clone();
            self.load(&cases, steps::every_pattern(&self.folder.config))?;
            let settings = &self.results.settings;
            let scored = scored_cases(settings, &self.set);
            self.progress.stage("Scoring all heads");
            let started = Instant::now();
            let scores = study::score_heads(&self.model, &scored, settings.measure(), &self.progress);
            self.results.head_scores = Some(block_on(scores)?);
            self.results.timings.detect = milliseconds(started);
            self.results.timings.tiling = Tilings::chosen();
        }
        let best = self.results.head_scores.as_ref().map(|scores| scores.ranking()[0].0);
        best.ok_or_else(|| StudyError::NothingToScore.into())
    }

    /// Puts the shown head's pattern, shares and scores under steering in the model's place.
    fn steer(&mut self, head: Head) -> Result<()> {
        let settings = self.results.settings.clone();
        let alpha = settings.alpha.factor();
        let apart = self.take_apart(head)?;
        let number = settings.shown_prompt();
        let pattern = apart.pattern(number, alpha).context("the shown prompt was not run")?;
        let steered = apart.scores(&settings.measure(), alpha);
        let shares = steered.iter().take(self.cases.len()).map(|one| (one.sequence, one.shares)).collect();
        self.results.shown = Some(Shown { head, prompt: number, pattern, shares });
        if let Some(scores) = &mut self.results.head_scores {
            apart.steer_scores(scores, alpha);
        }
        Ok(())
    }

    fn take_apart(&mut self, head: Head) -> Result<HeadTakenApart> {
        let settings = self.results.settings.clone();
        let need = taken_apart::need(&self.set, &settings, &self.folder.tokens, head.layer, true);
        self.load_needed(&need.map_err(said)?)?;
        self.progress.stage("Taking the head apart");
        let apart = HeadTakenApart::of(&self.model, &settings, &self.set, head, &self.progress);
        block_on(apart).map_err(said)
    }

    /// What the link's `run` names beside all heads, in its order.
    fn go_on(&mut self, head: Head) -> Result<()> {
        let steps = self.results.settings.run.clone().map_or_else(Vec::new, |run| run.steps);
        for step in steps {
            match step {
                RunStep::All => {}
                RunStep::Circuits => self.circuits(head)?,
                RunStep::Lens => self.lens()?,
                RunStep::Output => self.output()?,
                RunStep::Seeds => self.seeds(head)?,
            }
        }
        Ok(())
    }

    fn circuits(&mut self, head: Head) -> Result<()> {
        let apart = self.take_apart(head)?;
        let settings = &self.results.settings;
        let wanted = Wanted { cell: locked_cell(settings), all_heads: true, mean: false };
        let prompts = (&self.set, settings);
        let found = apart.found(&self.model, &self.folder.tokens, prompts, wanted, &self.progress);
        let found = block_on(found).map_err(said)?;
        self.keep(Tool::Circuits, &found)
    }

    /// The logit lens, and with it the attribution of a logit.
    fn lens(&mut self) -> Result<()> {
        let case = self.whole_model()?;
        let tokens = &self.folder.tokens;
        self.progress.stage("Reading every layer");
        let layers = block_on(circuits::lens(&self.model, &case.ids, &self.progress))?;
        let lens = Lens::of(&layers, &case, tokens);
        let of = attribution::needed_logit(&self.results.settings, &case.ids).map_err(said)?;
        self.progress.stage("Attributing the logit");
        let found = block_on(circuits::attribute(&self.model, &case.ids, of, &self.progress))?;
        let attribution = Attribution::of(found, of, case.sequence, tokens);
        self.keep(Tool::Lens, &lens)?;
        self.keep(Tool::Attribution, &attribution)
    }

    fn output(&mut self) -> Result<()> {
        let case = self.whole_model()?;
        let settings = &self.results.settings;
        let ablations = on_output::asked(settings, &self.folder.config);
        let logit = attribution::asked_logit(settings, &case.ids);
        self.progress.stage("Ablating");
        let rows = circuits::output_under_ablation(&self.model, &case.ids, &ablations, logit, &self.progress);
        let rows: Output = block_on(rows)?.iter().map(OutputRow::from).collect();
        self.keep(Tool::Output, &rows)
    }

    fn seeds(&mut self, head: Head) -> Result<()> {
        let settings = self.results.settings.clone();
        steps::needs_no_painting(&settings).map_err(said)?;
        self.progress.stage("Running seed by seed");
        let draws = block_on(seeds::draws(&settings, &self.folder.tokens, &self.progress)).map_err(said)?;
        let cases: Vec<TokenizedPrompt> = draws.iter().flat_map(|(_, cases)| cases.clone()).collect();
        self.load(&cases, steps::every_pattern(&self.folder.config))?;
        let measure = settings.measure();
        let results = study::over_seeds(&self.model, &draws, head, measure.clone(), &self.progress);
        let found = Seeds::of(&block_on(results)?, head, &measure, &self.folder.config, draws.len());
        self.keep(Tool::Seeds, &found)
    }

    /// Loads all of the model for the shown prompt.
    fn whole_model(&mut self) -> Result<TokenizedPrompt> {
        let case = steps::shown_case(&self.set, &self.results.settings).map_err(said)?;
        self.load(std::slice::from_ref(&case), Depth::Logits)?;
        Ok(case)
    }

    fn keep(&mut self, tool: Tool, found: &impl Serialize) -> Result<()> {
        self.results.further.insert(tool.name(), serde_json::to_value(found)?);
        Ok(())
    }

    fn ablate(&mut self, head: Head, baseline: &study::Baseline) -> Result<()> {
        let settings = &self.results.settings;
        let measure = settings.measure();
        if !self.cases.iter().any(|case| measure.chance(&case.relations).is_some()) {
            eprintln!("Nothing is ablated: {}.", StudyError::NothingToScore);
            return Ok(());
        }
        let ablations = match steps::asked_ablations(settings, head, &self.folder.config) {
            Ok(ablations) => ablations,
            // A component that was asked for by name is another matter.
            Err(problem) if problem.key.is_none() => {
                eprintln!("{}", problem.what);
                return Ok(());
            }
            Err(problem) => return Err(said(problem)),
        };
        self.progress.stage("Ablating");
        let started = Instant::now();
        let effects = study::effects(&self.model, &self.cases, baseline, measure, &ablations, &self.progress);
        self.results.ablations = block_on(effects)?;
        self.results.timings.ablate = milliseconds(started);
        self.results.timings.tiling = Tilings::chosen();
        Ok(())
    }
}

/// The cell that the link's view locks, as in `q12k3`.
fn locked_cell(settings: &Settings) -> Option<(usize, usize)> {
    let cell = |word: &str| {
        let (q, k) = word.strip_prefix('q')?.split_once('k')?;
        Some((q.parse().ok()?, k.parse().ok()?))
    };
    settings.view.as_deref()?.split('.').find_map(cell)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
