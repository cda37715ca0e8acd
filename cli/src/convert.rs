//! `headscope convert`: a model in half the bytes, and what that costs in scores.

use crate::folder::Folder;
use crate::progress::Progress;
use crate::threads::Threads;
use crate::{link, output};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use half::{bf16, f16};
use headscope::study::{self, HeadScores, Measure, Metric};
use headscope::web::prompt_set::PromptSet;
use headscope::web::steps;
use headscope::weights::{ByteSource, Dtype};
use pollster::block_on;
use safetensors::serialize_to_file;
use safetensors::tensor::TensorView;
use std::collections::HashMap;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};

/// Files of a model's folder that go along as they are.
const BESIDE: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "generation_config.json",
];

/// What `headscope convert` takes.
#[derive(Debug, Args)]
pub struct Convert {
    /// The folder that holds model.safetensors and config.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The numbers to write
    #[arg(long, value_enum)]
    to: To,
    /// The folder to write to, which is made where there is none
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The link whose prompts the scores are compared on
    #[arg(long, value_name = "LINK", default_value = "")]
    link: String,
    /// Threads to work with; all processors if it is left out
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    F16,
    Bf16,
}

impl To {
    fn dtype(self) -> safetensors::Dtype {
        match self {
            Self::F16 => safetensors::Dtype::F16,
            Self::Bf16 => safetensors::Dtype::BF16,
        }
    }

    /// A number's bytes; nothing if it is beyond the range.
    fn bytes(self, x: f32) -> Option<[u8; 2]> {
        match self {
            Self::F16 => Some(f16::from_f32(x)).filter(|x| x.is_finite()).map(f16::to_le_bytes),
            Self::Bf16 => Some(bf16::from_f32(x)).filter(|x| x.is_finite()).map(bf16::to_le_bytes),
        }
    }
}

impl Convert {
    /// Writes the folder, and prints the largest error of any head's score.
    pub fn run(&self) -> Result<()> {
        let settings = link::read(&self.link)?;
        let from = Folder::open(&self.model, "file")?;
        let path = self.output.join("model.safetensors");
        if path.exists() {
            bail!("{} is there already; give another folder", path.display());
        }
        fs::create_dir_all(&self.output)
            .with_context(|| format!("{} cannot be made", self.output.display()))?;
        let new = output::beside(&path, "new");
        self.write(&from, &new)?;
        for name in BESIDE.map(Path::new).into_iter().filter(|name| self.model.join(name).exists()) {
            fs::copy(self.model.join(name), self.output.join(name))
                .with_context(|| format!("{} cannot be copied", name.display()))?;
        }
        fs::rename(&new, &path).with_context(|| format!("{} cannot be written", path.display()))?;
        let to = Folder::open(&self.output, "file")?;
        let megabytes = |folder: &Folder| folder.index.file_len as f64 / 1e6;
        println!("{}: {:.1} MB, from {:.1} MB", path.display(), megabytes(&to), megabytes(&from));

        let set = PromptSet::of(&settings, &from.tokens)?;
        let cases = set.cases();
        let progress = Progress::new();
        println!("Largest error of any head's score on any of {} prompts:", cases.len());
        let scores = |folder: &Folder| -> Result<Vec<HeadScores>> {
            let mut model = folder.model(Threads::pool(self.threads));
            folder.load(&mut model, &study::need(&cases, steps::every_pattern(&folder.config)), &progress)?;
            progress.stage("Scoring");
            let of = |metric| {
                let measure = Measure { metric, target: settings.target.clone() };
                Ok(block_on(study::score_heads(&model, &cases, measure, &progress))?)
            };
            Metric::ALL.into_iter().map(of).collect()
        };
        let (before, after) = (scores(&from)?, scores(&to)?);
        progress.clear();
        for (before, after) in before.iter().zip(&after) {
            let flat = |scores: &HeadScores| scores.per_prompt.concat().concat();
            let errors = flat(before).into_iter().zip(flat(after)).map(|(a, b)| (a - b).abs());
            println!("  {:10} {:.2e}", before.measure.metric.to_string(), errors.fold(0.0, f64::max));
        }
        Ok(())
    }

    /// Writes the tensors that GPT-2 has, and so no mask buffers.
    fn write(&self, from: &Folder, path: &Path) -> Result<()> {
        let mut tensors = Vec::new();
        let own = from.config.own_unembedding().into_iter();
        for (name, _) in from.config.tensors().chain(own) {
            let span = from.index.span(&name)?;
            if span.dtype != Dtype::F32 {
                bail!("{name} is {:?}, and only F32 is converted", span.dtype);
            }
            let mut bytes = Vec::new();
            block_on(from.source.read(span.bytes.clone(), &mut |more| bytes.extend_from_slice(more)))?;
            let mut halves = Vec::with_capacity(bytes.len() / 2);
            for number in bytes.as_chunks().0 {
                let Some(half) = self.to.bytes(f32::from_le_bytes(*number)) else {
                    bail!("{name} has a number that is beyond the range of these numbers");
                };
                halves.extend(half);
            }
            tensors.push((name, span.shape.clone(), halves));
        }
        let views = tensors.iter().map(|(name, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(self.to.dtype(), shape.clone(), bytes)?))
        });
        let views = views.collect::<Result<Vec<_>>>()?;
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let shown = || format!("{} cannot be written", path.display());
        // Made first as any file is: what `safetensors` makes its owner alone may read, and a
        // web server often is somebody else.
        let usual = fs::File::create(path).and_then(|file| file.metadata()).with_context(shown)?;
        serialize_to_file(views, Some(metadata), path).with_context(shown)?;
        fs::set_permissions(path, usual.permissions()).with_context(shown)
    }
}
