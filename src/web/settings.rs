//! What a visitor can set, which is what a link carries.

use super::choice::{Components, seed_range};
use crate::prompts::{DrawSettings, WordTable};
use crate::study::{Head, Kind, Measure, Metric, Target};
use serde::{Deserialize, Serialize};

/// Most sequences of one study.
const MOST_SEQUENCES: u32 = 500;
/// Longest sequence; GPT-2's context less beginning-of-text.
const MOST_WORDS: u32 = 1023;
/// Longest free text, in bytes.
const LONGEST_TEXT: usize = 20_000;
/// Most heads that are shown beside one another.
const MOST_PINS: usize = 12;
/// Most attention cells of one head over all sequences: those of one sequence of
/// GPT-2's context. Twelve heads of them take 50 MB.
const MOST_CELLS: u64 = 1 << 20;

/// Everything a link restores, under the link's own names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `gpt2`, `tiny`, the http(s) URL of a model's folder, or `file` for one that
    /// the visitor picks from disk, which a link cannot carry.
    pub model: String,
    /// Seed of the draw.
    pub seed: u32,
    /// Sequences.
    pub n: u32,
    /// Words in each.
    pub len: u32,
    /// Categories mixed in each.
    pub cats: u32,
    /// The word table as CSV; `None` for the notebook's.
    pub words: Option<String>,
    /// A free prompt instead of drawn ones.
    pub text: Option<String>,
    /// The shown head, as in `L1H5`.
    pub head: String,
    /// The shown prompt: a sequence number, from 0, as drawn.
    pub prompt: u32,
    /// Name of the metric.
    pub metric: String,
    /// `notebook`, or the name of an ablation kind.
    pub kind: String,
    /// Name of the target that heads are scored for.
    pub target: String,
    /// What heads are scored over: `kept` prompts, or the shown `prompt` alone.
    pub over: String,
    /// Which components to ablate instead of those that the kind stands for; see
    /// [`Components`].
    pub ablate: Option<String>,
    /// Name of a second ablation kind, or `notebook`, to put beside the first.
    pub against: Option<String>,
    /// The seeds of a run over many.
    pub seeds: String,
    /// Heads shown beside one another, as in `L1H5,L0H3`.
    pub pins: Option<String>,
    /// How the page shows it; the page's own affair.
    pub view: Option<String>,
    /// `all` to go through to the ablations once started.
    pub run: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let drawn = DrawSettings::default();
        Self {
            model: "gpt2".to_owned(),
            seed: drawn.seed,
            n: drawn.sequences as u32,
            len: drawn.length as u32,
            cats: drawn.categories as u32,
            words: None,
            text: None,
            head: "L1H5".to_owned(),
            prompt: 1,
            metric: Metric::default().to_string(),
            kind: "notebook".to_owned(),
            target: Target::default().to_string(),
            over: "kept".to_owned(),
            ablate: None,
            against: None,
            seeds: "0-19".to_owned(),
            pins: None,
            view: None,
            run: None,
        }
    }
}

/// A value that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingProblem {
    /// The setting, under the link's name.
    pub key: String,
    /// The value as given.
    pub value: String,
    /// What is wrong with it, as a sentence.
    pub message: String,
    /// What is used in its place, as a sentence. A control that refuses the value
    /// says instead what stays in force.
    pub consequence: String,
}

impl Settings {
    /// The settings' names, in the order in which links carry them.
    pub const KEYS: [&str; 19] = [
        "model", "seed", "n", "len", "cats", "words", "text", "head", "prompt", "metric", "kind", "target",
        "over", "ablate", "against", "seeds", "pins", "view", "run",
    ];

    /// Sets one value from its text form.
    ///
    /// # Errors
    ///
    /// What would have been acceptable, as a clause: "has to be ...". The setting
    /// then keeps the value it had.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "model" => self.model = model(value)?,
            "seed" => self.seed = number(value, 0, u32::MAX)?,
            "n" => self.n = number(value, 1, MOST_SEQUENCES)?,
            "len" => self.len = number(value, 1, MOST_WORDS)?,
            "cats" => self.cats = number(value, 1, 1000)?,
            "words" => {
                let table = WordTable::from_csv(value).map_err(|e| format!("cannot be used: {e}"))?;
                self.words = Some(table.to_csv());
            }
            "text" if value.trim().is_empty() => return Err("is empty".to_owned()),
            "text" if value.len() > LONGEST_TEXT => {
                return Err(format!("is longer than {LONGEST_TEXT} bytes"));
            }
            "text" => self.text = Some(value.to_owned()),
            "head" => {
                let head: Head = value.parse().map_err(|()| "has to look like L1H5".to_owned())?;
                self.head = head.to_string();
            }
            "prompt" => self.prompt = number(value, 0, MOST_SEQUENCES - 1)?,
            "metric" => {
                let metric: Metric = value.parse().map_err(|()| one_of(&Metric::ALL))?;
                self.metric = metric.to_string();
            }
            "kind" => self.kind = kind(value)?,
            "target" => {
                let pair = || format!("{} or a pair of rows such as pair-0-4", one_of(&Target::NAMED));
                let target: Target = value.parse().map_err(|()| pair())?;
                self.target = target.to_string();
            }
            "over" if ["kept", "prompt"].contains(&value) => self.over = value.to_owned(),
            "over" => return Err(one_of(&["kept", "prompt"])),
            "ablate" => self.ablate = Some(value.parse::<Components>()?.to_string()),
            "against" => self.against = Some(kind(value)?),
            "seeds" => {
                let range = seed_range(value)?;
                self.seeds = format!("{}-{}", range.start(), range.end());
            }
            "pins" => self.pins = pins(value)?,
            "view" if value.len() > 200 => return Err("is too long".to_owned()),
            "view" => self.view = Some(value.to_owned()),
            "run" if value == "all" => self.run = Some(value.to_owned()),
            "run" => return Err("has to be all".to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// The text form of one value; `None` where it is not set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        match key {
            "model" => Some(self.model.clone()),
            "seed" => Some(self.seed.to_string()),
            "n" => Some(self.n.to_string()),
            "len" => Some(self.len.to_string()),
            "cats" => Some(self.cats.to_string()),
            "words" => self.words.clone(),
            "text" => self.text.clone(),
            "head" => Some(self.head.clone()),
            "prompt" => Some(self.prompt.to_string()),
            "metric" => Some(self.metric.clone()),
            "kind" => Some(self.kind.clone()),
            "target" => Some(self.target.clone()),
            "over" => Some(self.over.clone()),
            "ablate" => self.ablate.clone(),
            "against" => self.against.clone(),
            "seeds" => Some(self.seeds.clone()),
            "pins" => self.pins.clone(),
            "view" => self.view.clone(),
            "run" => self.run.clone(),
            _ => None,
        }
    }

    /// Sets values from their text form. Of those that cannot be used, alone or
    /// together, the default stays and the problem is told.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> (Self, Vec<SettingProblem>) {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        for (key, value) in pairs {
            if let Err(wanted) = settings.set(key, value) {
                let consequence = settings
                    .get(key)
                    .map_or_else(|| "It is left out.".to_owned(), |kept| format!("Instead, {kept} is used."));
                problems.push(SettingProblem {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    message: format!("{key} {wanted}."),
                    consequence,
                });
            }
        }
        settings.reconcile(&mut problems);
        (settings, problems)
    }

    /// Puts values right that are possible alone but not together.
    fn reconcile(&mut self, problems: &mut Vec<SettingProblem>) {
        let defaults = Self::default();
        let mut report = |key: &str, value: &dyn ToString, message: String, consequence: String| {
            let (key, value) = (key.to_owned(), value.to_string());
            problems.push(SettingProblem { key, value, message, consequence });
        };
        let rows = self.table().rows().len() as u32;
        if self.cats > rows {
            let kept = defaults.cats.min(rows);
            let message = format!("cats is {} and the word table has {rows} categories.", self.cats);
            report("cats", &self.cats, message, format!("Instead, {kept} is used."));
            self.cats = kept;
        }
        if let Ok(Target::Pair { from, to }) = self.target.parse()
            && from.max(to) >= rows as usize
        {
            let message = format!("target is {} and the word table has rows 0 to {}.", self.target, rows - 1);
            report("target", &self.target, message, format!("Instead, {} is used.", defaults.target));
            self.target.clone_from(&defaults.target);
        }
        let cells = |n: u32, len: u32| u64::from(n) * u64::from(len + 1).pow(2);
        if cells(self.n, self.len) > MOST_CELLS {
            let kept = (MOST_CELLS / cells(1, self.len)).clamp(1, u64::from(defaults.n)) as u32;
            let message = format!("{} sequences of {} words are too many to hold at once.", self.n, self.len);
            let noun = if kept == 1 { "sequence is" } else { "sequences are" };
            report("n", &self.n, message, format!("{kept} {noun} drawn."));
            self.n = kept;
        }
        if self.text.is_none() && self.prompt >= self.n {
            let last = self.n - 1;
            // The default may itself lie beyond a short draw; that is nobody's mistake.
            if self.prompt != defaults.prompt {
                let message = format!("prompt is {} and the last one is {last}.", self.prompt);
                report("prompt", &self.prompt, message, "The last one is shown.".to_owned());
            }
            self.prompt = last;
        }
    }

    /// The word table. It was checked when it was set; a table that fails now is
    /// replaced by the notebook's.
    #[must_use]
    pub fn table(&self) -> WordTable {
        let own = self.words.as_deref().and_then(|csv| WordTable::from_csv(csv).ok());
        own.unwrap_or_else(WordTable::notebook)
    }

    /// What is drawn.
    #[must_use]
    pub fn draw_settings(&self) -> DrawSettings {
        DrawSettings {
            seed: self.seed,
            sequences: self.n as usize,
            length: self.len as usize,
            categories: self.cats as usize,
        }
    }

    /// The metric.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric.parse().unwrap_or_default()
    }

    /// What scores measure.
    #[must_use]
    pub fn measure(&self) -> Measure {
        Measure { metric: self.metric(), target: self.target.parse().unwrap_or_default() }
    }

    /// The components to ablate; `None` for those that the kind stands for.
    #[must_use]
    pub fn components(&self) -> Option<Components> {
        self.ablate.as_deref().and_then(|text| text.parse().ok())
    }

    /// The heads shown beside one another, in the order in which they were pinned.
    #[must_use]
    pub fn pinned_heads(&self) -> Vec<Head> {
        let names = self.pins.as_deref().unwrap_or_default().split(',');
        names.filter_map(|name| name.parse().ok()).collect()
    }

    /// The number of the shown prompt; a text is the only one there is.
    #[must_use]
    pub fn shown_prompt(&self) -> usize {
        if self.text.is_some() { 0 } else { self.prompt as usize }
    }

    /// Whether two settings draw the same prompts.
    #[must_use]
    pub fn same_prompts(&self, other: &Self) -> bool {
        ["seed", "n", "len", "cats", "words", "text"].iter().all(|key| self.get(key) == other.get(key))
    }
}

fn number(value: &str, least: u32, most: u32) -> Result<u32, String> {
    let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let number = value.parse().ok().filter(|x| plain && (least..=most).contains(x));
    number.ok_or_else(|| format!("has to be a whole number from {least} to {most}"))
}

fn one_of(names: &[impl ToString]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    format!("has to be one of {}", names.join(", "))
}

fn kind(value: &str) -> Result<String, String> {
    if value == "notebook" {
        return Ok(value.to_owned());
    }
    let kind: Kind = value.parse().map_err(|()| format!("{} or notebook", one_of(&Kind::ALL)))?;
    Ok(kind.to_string())
}

/// Heads to be shown beside one another, each once; none is nothing.
fn pins(value: &str) -> Result<Option<String>, String> {
    let mut heads: Vec<Head> = Vec::new();
    for name in value.split(',').filter(|name| !name.is_empty()) {
        let head = name.trim().parse().map_err(|()| "has to look like L1H5,L0H3")?;
        if !heads.contains(&head) {
            heads.push(head);
        }
    }
    if heads.len() > MOST_PINS {
        return Err(format!("names more than {MOST_PINS} heads"));
    }
    let names: Vec<String> = heads.iter().map(ToString::to_string).collect();
    Ok((!names.is_empty()).then(|| names.join(",")))
}

/// A model's name or URL. Credentials in a URL would end up in shared links.
fn model(value: &str) -> Result<String, String> {
    if ["gpt2", "tiny", "file"].contains(&value) {
        return Ok(value.to_owned());
    }
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    // A browser reads `\` as `/`, and the names of files are put behind the address.
    let odd = |c: char| c.is_whitespace() || c.is_control() || ['\\', '?', '#'].contains(&c);
    let plain = !value.chars().any(odd) && value.len() <= 2000;
    match host {
        Some(host) if plain && !host.is_empty() && !host.contains('@') => {
            Ok(value.trim_end_matches('/').to_owned())
        }
        _ => Err("has to be gpt2, tiny or the http(s) address of a model's folder".to_owned()),
    }
}
