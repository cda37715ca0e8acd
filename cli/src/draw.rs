//! `headscope draw`: the prompts of a link.

use crate::folder::{Folder, gpt2_tokens};
use crate::{link, output};
use anyhow::Result;
use clap::{Args, ValueEnum};
use headscope::web::Settings;
use headscope::web::prompt_set::{Prompt, PromptSet};
use headscope::web::results::Results;
use headscope::web::results::file::File;
use std::path::PathBuf;

/// What `headscope draw` takes.
#[derive(Debug, Args)]
pub struct Draw {
    /// A link of the page: the whole address, or what stands in it after `#`
    link: String,
    /// The model's folder, for a model with a tokenizer of its own
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// text: a prompt a line; csv: with its tokens and whether it is scored; json: as in
    /// results files
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where the prompts go; standard output if it is left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Csv,
    Json,
}

impl Draw {
    /// Writes the prompts, in the order of the draw.
    pub fn run(&self) -> Result<()> {
        let settings = link::read(&self.link)?;
        let tokens = match &self.model {
            Some(folder) => Folder::open(folder, &settings.model)?.tokens,
            None => {
                if !["gpt2", "tiny"].contains(&settings.model.as_str()) {
                    eprintln!(
                        "GPT-2’s tokenizer reads the prompts; --model DIR reads them by the model’s own."
                    );
                }
                gpt2_tokens()?
            }
        };
        let set = PromptSet::of(&settings, &tokens)?;
        let text = match self.format {
            Format::Text => {
                set.prompts.iter().enumerate().map(|prompt| text_of(prompt, &settings) + "\n").collect()
            }
            Format::Csv => csv(&set, &settings)?,
            Format::Json => {
                let mut results = Results { settings, ..Results::default() };
                results.take_prompts(set, &tokens);
                serde_json::to_string_pretty(&File::of(&results).prompts)? + "\n"
            }
        };
        output::write(self.output.as_deref(), text.as_bytes())
    }
}

/// A prompt, by its number, as a text.
fn text_of((sequence, prompt): (usize, &Prompt), settings: &Settings) -> String {
    match settings.texts().get(sequence) {
        Some(text) => (*text).to_owned(),
        None => prompt.words.words.join(" "),
    }
}

fn csv(set: &PromptSet, settings: &Settings) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["sequence", "kept", "reason", "text", "token_ids"])?;
    for (sequence, prompt) in set.prompts.iter().enumerate() {
        let ids: Vec<String> = prompt.tokenized.ids.iter().map(ToString::to_string).collect();
        let reason = prompt.dropped.as_deref().unwrap_or_default();
        let (kept, text) = (prompt.dropped.is_none(), text_of((sequence, prompt), settings));
        writer.serialize((sequence, kept, reason, text, ids.join(" ")))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
