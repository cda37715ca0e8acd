//! `headscope sweep`: heads × seeds × components as a table.
//!
//! Seeds are dealt out to shards one by one, so that each shard is known by its number
//! alone. What a shard has computed is noted seed by seed ([`journal`]) and becomes a
//! Parquet file ([`table`]) at its end: a shard that was killed goes on with the seed that
//! it was at, and its file is there as a whole or not at all.

mod choice;
mod journal;
mod table;

use crate::folder::Folder;
use crate::link;
use crate::progress::Progress;
use crate::threads::Threads;
use anyhow::{Result, bail};
use choice::{Heads, Kinds, Seeds, Shard};
use clap::Args;
use headscope::model::{Depth, Gpt2};
use headscope::study::{
    self, Ablation, AblationKind, Component, EveryHead, Head, StudyError, Uninterrupted, stats,
};
use headscope::web::prompt_set::PromptSet;
use headscope::web::{Settings, link as page_link};
use journal::{Journal, Noted};
use pollster::block_on;
use serde::Serialize;
use std::num::NonZero;
use std::path::PathBuf;
use table::Rows;

/// What `headscope sweep` takes.
#[derive(Debug, Args)]
pub struct Sweep {
    /// The folder that holds model.safetensors and config.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The heads to score, as in L1H5,L5H1, or all
    #[arg(long, value_name = "HEADS")]
    heads: Heads,
    /// The seeds, as in 0-999 or 5,7,20-29
    #[arg(long, value_name = "SEEDS")]
    seeds: Seeds,
    /// Kinds of ablation, as in zero,position-mean; notebook is the notebook's preset
    #[arg(long, value_name = "KINDS")]
    kinds: Kinds,
    /// Which part of the seeds to run, as in 3/64
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// A link that gives the other settings: n, len, cats, words, metric, target
    #[arg(long, value_name = "LINK", default_value = "")]
    link: String,
    /// The Parquet file to write; notes of an unfinished run stand beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Threads to work with; all processors if it is left out
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    /// Wait while another process writes the same file, rather than end
    #[arg(long)]
    wait: bool,
}

/// All that the rows of a shard stand on. A file that was made of another is not gone on
/// with.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Job {
    weights_sha256: String,
    tokenizer_sha256: Option<String>,
    /// The settings but the seed, as a link.
    link: String,
    heads: Vec<Head>,
    /// Components by the kinds that they are ablated by.
    ablations: Vec<(Component, AblationKind)>,
    seeds: Vec<u32>,
}

impl Job {
    /// The rows that a seed has, each a head under nothing or under an ablation.
    fn heads_above(&self, ablation: (Component, AblationKind)) -> impl Iterator<Item = Head> + '_ {
        let first = EveryHead::first_layer(&Ablation::from(ablation));
        self.heads.iter().copied().filter(move |head| head.layer >= first)
    }

    /// The last layer that any of the heads is in.
    fn last(&self) -> usize {
        self.heads.iter().map(|head| head.layer).max().unwrap_or(0)
    }
}

impl Sweep {
    /// Runs the shard from where it was, and writes its file.
    pub fn run(&self) -> Result<()> {
        let mut settings = link::read(&self.link)?;
        if settings.text.is_some() {
            bail!("a sweep draws its prompts by their seeds, and the link has a text");
        }
        if settings.is_painted() {
            bail!("a sweep is over many seeds, and painted cells are of one prompt");
        }
        let folder = Folder::open(&self.model, &settings.model)?;
        folder.notes.iter().for_each(|note| eprintln!("{note}"));
        settings.model.clone_from(&folder.id);
        let job = self.job(&folder, &settings)?;
        let Some(mut journal) = Journal::open(&self.output, &job, self.wait)? else {
            println!("{} is complete already.", self.output.display());
            return Ok(());
        };
        let progress = Progress::new();
        let mut model = folder.model(Threads::pool(self.threads));
        let begun = journal.noted();
        if begun > 0 {
            println!("{begun} of {} seeds were done already.", job.seeds.len());
        }
        for (i, &seed) in job.seeds.iter().enumerate().skip(begun) {
            let settings = Settings { seed, ..settings.clone() };
            let noted = one_seed(&folder, &mut model, &job, &settings, &progress)?;
            journal.note(&noted)?;
            progress.stage("Seeds");
            progress.at(i as u64 + 1, job.seeds.len() as u64);
        }
        progress.clear();
        let rows = journal.finish(&job, &settings)?;
        println!("{}: {rows} rows of {} seeds", self.output.display(), job.seeds.len());
        Ok(())
    }

    fn job(&self, folder: &Folder, settings: &Settings) -> Result<Job> {
        let config = &folder.config;
        let heads = self.heads.of(config)?;
        let last = heads.iter().map(|head| head.layer).max().unwrap_or(0);
        let ablations = self.kinds.ablations(last, config);
        let seeds: Vec<u32> = self.shard.part(&self.seeds.0);
        if seeds.is_empty() {
            bail!("shard {} of {} seeds has none", self.shard, self.seeds.0.len());
        }
        Ok(Job {
            weights_sha256: folder.sha256.clone(),
            tokenizer_sha256: folder.tokens.sha256().map(str::to_owned),
            link: page_link::format(&Settings { seed: Settings::default().seed, ..settings.clone() }),
            heads,
            ablations,
            seeds,
        })
    }
}

/// Scores one seed's prompts: without ablation, and in one run for each ablation.
fn one_seed(
    folder: &Folder,
    model: &mut Gpt2,
    job: &Job,
    settings: &Settings,
    progress: &Progress,
) -> Result<Noted> {
    let cases = PromptSet::of(settings, &folder.tokens)?.cases();
    let last = job.last();
    folder.load(model, &study::need(&cases, Depth::Pattern(last)), progress)?;
    let every = EveryHead::run(model, &cases, settings.measure(), last, &Uninterrupted);
    let every = match block_on(every) {
        Ok(every) => every,
        // Such a seed has its rows too, without numbers.
        Err(StudyError::NothingToScore) => return Ok(Noted::nothing(settings.seed, job)),
        Err(error) => return Err(error.into()),
    };
    let mean = |scores: &study::every_head::Scores, from: usize, head: Head| {
        let own: Vec<f64> = scores.iter().map(|layers| layers[head.layer - from][head.head]).collect();
        Some(stats::mean(&own))
    };
    let mut ablated = Vec::with_capacity(job.ablations.len());
    for &part in &job.ablations {
        let ablation = Ablation::from(part);
        let from = EveryHead::first_layer(&ablation);
        ablated.push(match block_on(every.ablated(model, &ablation)) {
            Ok(scores) => job.heads_above(part).map(|head| mean(&scores, from, head)).collect(),
            Err(StudyError::NoOthers { .. }) => job.heads_above(part).map(|_| None).collect(),
            Err(error) => return Err(error.into()),
        });
    }
    let baseline = job.heads.iter().map(|&head| mean(&every.scores, 0, head)).collect();
    Ok(Noted { seed: settings.seed, n: every.scores.len(), baseline, ablated })
}

impl Rows {
    /// Adds all rows of a seed.
    fn add(&mut self, noted: &Noted, job: &Job, settings: &Settings) {
        let (metric, target) = (settings.metric.to_string(), settings.target.to_string());
        let mut row =
            |head: Head, part: Option<(Component, AblationKind)>, baseline, ablated: Option<f64>| {
                let effect = ablated.zip(baseline).map(|(ablated, baseline)| ablated - baseline);
                self.seed.push(i64::from(noted.seed));
                self.layer.push(head.layer as i32);
                self.head.push(head.head as i32);
                self.component.push(part.map(|(component, _)| component.to_string()));
                self.kind.push(part.map(|(_, kind)| kind.to_string()));
                self.metric.push(Some(metric.clone()));
                self.target.push(Some(target.clone()));
                self.n.push(noted.n as i32);
                self.baseline.push(baseline);
                self.ablated.push(ablated);
                self.effect.push(effect);
            };
        for (&head, &baseline) in job.heads.iter().zip(&noted.baseline) {
            row(head, None, baseline, None);
        }
        for (&part, scores) in job.ablations.iter().zip(&noted.ablated) {
            for (head, &ablated) in job.heads_above(part).zip(scores) {
                let place = job.heads.iter().position(|each| *each == head);
                let baseline = place.and_then(|place| noted.baseline[place]);
                row(head, Some(part), baseline, ablated);
            }
        }
    }
}
