//! What a visitor can set, which is what a link carries. A new setting is a line of
//! the table below, and a control on the page.

use crate::circuits::LogitOf;
use crate::circuits::steering::Alpha;
use crate::prompts::{DrawSettings, WordTable};
use crate::study::{AblationKind, Head, KindChoice, Measure, Metric, Target};
use crate::web::link::ablation_choice::{Components, MOST_GROUPS, MOST_SEEDS, SeedRange};
use crate::web::link::field::Letters::{Any, Capital, Own, Small, Table};
use crate::web::link::field::{Field, Form, Setting};
use crate::web::link::model_address;
use crate::web::link::outcome::Outcome;
use crate::web::link::outcome::Outcome::{Ablations, Costs, Draw, Head as Shown, Pattern, Scores, Tool};
use crate::web::tools::Tool::{
    Attribution, Categories, Check, Circuits, Continuation, Contrasts, Lens, Output, Pins, Seeds, Text,
    Thumbnails,
};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// Most sequences of one study.
const MOST_SEQUENCES: u32 = 500;
/// Longest sequence; GPT-2's context less beginning-of-text.
const MOST_WORDS: u32 = 1023;
/// Most copies of a sequence that are fed one after the other.
const MOST_COPIES: u32 = 2;
/// Longest free text, in bytes.
const LONGEST_TEXT: u32 = 20_000;
/// Longest description of a view, in bytes.
const LONGEST_VIEW: u32 = 200;
/// Most heads that are shown beside one another.
const MOST_PINS: u32 = 12;
/// Most attention cells of one head over all sequences: those of one sequence of
/// GPT-2's context. Twelve heads of them take 50 MB.
const MOST_CELLS: u64 = 1 << 20;

/// Makes the settings, their defaults and their table of one line each: key, type and
/// default; how it is written; how it is called at the start of a sentence; what a
/// change of it is called, as a clause; and which outcomes stand on it.
macro_rules! settings {
    ($($(#[$doc:meta])* $key:ident: $type:ty = $default:expr, $form:expr, $called:literal, $change:literal, $touches:expr;)*) => {
        /// Everything a link restores, under the link's own names.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Settings {
            $($(#[$doc])* pub $key: $type,)*
        }

        #[cfg(test)]
        impl ts_rs::TS for Settings {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &ts_rs::Config) -> String {
                "Settings".to_owned()
            }

            fn inline(_: &ts_rs::Config) -> String {
                let mut fields = String::new();
                $(fields += &format!("\n{}: {},", stringify!($key), <$type as Setting>::ts());)*
                format!("{{{fields} }}")
            }

            fn decl(config: &ts_rs::Config) -> String {
                format!("type Settings = {};", Self::inline(config))
            }

            fn output_path() -> Option<std::path::PathBuf> {
                Some("Settings.ts".into())
            }
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }

        /// The table of settings, in the order in which links carry them.
        static FIELDS: &[Field] = &[$({
            const FORM: Form<$type> = $form;
            Field {
                key: stringify!($key),
                packed: FORM.packed,
                called: $called,
                change: $change,
                letters: FORM.letters,
                limits: FORM.limits,
                read: |settings, text| {
                    settings.$key = (FORM.read)(text)?;
                    Ok(())
                },
                json: |settings| settings.$key.json(),
                copy: |settings, other| settings.$key.clone_from(&other.$key),
                is_same: |a, b| a.$key == b.$key,
                touches: $touches,
            }
        },)*];
    };
}

settings! {
    /// `gpt2`, `tiny`, a model by its address ([`model_address`]), or `file` for one
    /// that the visitor picks from disk, which a link cannot carry.
    model: String = "gpt2".to_owned(), Form::of(Any, model_address::canonical),
        "The model", "another model was chosen", |of, _| of != Draw;
    /// Seed of the draw.
    seed: u32 = DrawSettings::default().seed, Form::whole::<0, { u32::MAX }>(),
        "The seed", "the seed was changed", |of, _| !matches!(of, Tool(Seeds | Check));
    /// Sequences.
    n: u32 = DrawSettings::default().sequences as u32, Form::whole::<1, MOST_SEQUENCES>(),
        "The number of sequences", "the number of sequences was changed", |of, _| of != Tool(Check);
    /// Words in each.
    len: u32 = DrawSettings::default().length as u32, Form::whole::<1, MOST_WORDS>(),
        "The number of words in a sequence", "the length was changed", |of, _| of != Tool(Check);
    /// Categories mixed in each.
    cats: u32 = DrawSettings::default().categories as u32, Form::whole::<1, 1000>(),
        "The number of categories", "the number of categories was changed", |of, _| of != Tool(Check);
    /// How often each sequence's words are fed, one copy after the other.
    repeat: u32 = 1, Form::whole::<1, MOST_COPIES>(),
        "The number of copies", "the number of copies was changed", |of, _| of != Tool(Check);
    /// The word table as CSV; `None` for the notebook's.
    words: Option<String> = None, Form::of(Table, words).packed("words-z"),
        "The word table", "the word table was changed", |of, _| of != Tool(Check);
    /// Texts instead of drawn prompts: each line that is not empty is one.
    text: Option<String> = None, Form::of(Own, text).at_most(LONGEST_TEXT).packed("text-z"),
        "The text", "the text was changed", |of, _| !matches!(of, Tool(Seeds | Check));
    /// The shown head, as in `L1H5`.
    head: Head = Head { layer: 1, head: 5 }, Form::of(Capital, head),
        "The head", "another head was chosen",
        |of, settings| match of {
            // Steering changes the shown head's scores.
            Scores => settings.alpha.is_steered(),
            _ => matches!(of, Pattern | Shown | Ablations | Costs | Tool(Categories | Circuits | Seeds)),
        };
    /// The shown prompt: a sequence number, from 0, as drawn; of texts, that of the line.
    prompt: u32 = 1, Form::whole::<0, { MOST_SEQUENCES - 1 }>(),
        "The number of the prompt", "another prompt was chosen",
        |of, settings| match of {
            // Scores over the shown prompt are that prompt's.
            Scores => settings.scored_over() == Over::Prompt,
            Pattern | Shown => true,
            // Painted cells are the shown prompt's.
            Ablations | Tool(Contrasts) => settings.is_painted(),
            Tool(tool) => {
                matches!(tool, Pins | Thumbnails | Text | Continuation | Circuits | Lens | Attribution | Output)
            }
            _ => false,
        };
    /// The metric.
    metric: Metric = Metric::default(), Form::of(Small, metric),
        "The metric", "the metric was changed",
        |of, _| matches!(of, Shown | Scores | Ablations | Tool(Pins | Thumbnails | Contrasts | Seeds));
    /// The notebook's ablations, or one kind.
    kind: KindChoice = KindChoice::default(), Form::of(Small, kind),
        "The ablation kind", "the kind of ablation was changed",
        |of, _| matches!(of, Ablations | Tool(Text | Continuation | Output));
    /// What heads are scored for.
    target: Target = Target::default(), Form::of(Small, target),
        "What is attended to", "the target was changed",
        |of, _| matches!(of, Shown | Scores | Ablations | Tool(Pins | Thumbnails | Circuits | Contrasts | Seeds));
    /// What heads are scored over.
    over: Over = Over::Kept, Form::of(Small, over),
        "What is scored over", "the prompts to score over were changed", |of, _| of == Scores;
    /// Which components to ablate instead of those that the kind stands for.
    ablate: Option<Components> = None, Form::of(Any, components).at_most(MOST_GROUPS).packed("ablate-z"),
        "The list of components", "the components were changed",
        |of, _| matches!(of, Ablations | Tool(Text | Continuation | Output));
    /// A second kind, to put beside the first.
    against: Option<KindChoice> = None, Form::of(Small, second_kind),
        "The second ablation kind", "the kind to compare with was changed", |of, _| of == Ablations;
    /// The seeds of a run over many.
    seeds: SeedRange = SeedRange { first: 0, last: 19 }, Form::of(Any, str::parse).at_most(MOST_SEEDS),
        "The range of seeds", "the seeds were changed", |of, _| of == Tool(Seeds);
    /// Heads shown beside one another, each once, in the order in which they were pinned.
    pins: Vec<Head> = Vec::new(), Form::of(Capital, pins).at_most(MOST_PINS),
        "The list of compared heads", "the compared heads were changed", |of, _| of == Tool(Pins);
    /// What the negative eigenvalues of the shown head's S are multiplied by.
    alpha: Alpha = Alpha::MODEL, Form::of(Any, alpha),
        "Steering", "the steering was changed",
        |of, _| matches!(of, Pattern | Shown | Scores | Tool(Circuits));
    /// The logit that is attributed: position, token and, if any, the one against it.
    logit: Option<LogitOf> = None, Form::of(Any, logit),
        "The logit", "another logit was chosen", |of, _| matches!(of, Tool(Attribution | Output));
    /// How the page shows it; the page's own affair.
    view: Option<String> = None, Form::of(Small, view).at_most(LONGEST_VIEW),
        "The view", "the view was changed", |_, _| false;
    /// How far a Start goes by itself.
    run: Option<Run> = None, Form::of(Small, run),
        "What Start runs", "what Start runs was changed", |_, _| false;
    /// The one section that a frame shows.
    embed: Option<Embed> = None, Form::of(Small, embed),
        "The section to embed", "the section to embed was changed", |_, _| false;
}

/// What heads are scored over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// All kept prompts.
    Kept,
    /// The shown prompt alone.
    Prompt,
}

impl Over {
    const ALL: [Self; 2] = [Self::Kept, Self::Prompt];
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept",
            Self::Prompt => "prompt",
        })
    }
}

/// How far a Start goes by itself, beyond the shown head: words joined by dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What it goes on to, each once, in the order in which that is done.
    pub steps: Vec<RunStep>,
    /// Words that are none; [`Settings::reconcile`] tells of them.
    unknown: Vec<String>,
}

/// Something that a Start goes on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStep {
    /// All heads' scores and the ablations.
    All,
    /// Why the head looks where it looks.
    Circuits,
    /// The logit lens and the attribution of a logit.
    Lens,
    /// The output without each component.
    Output,
    /// Other seeds.
    Seeds,
}

impl RunStep {
    const ALL: [Self; 5] = [Self::All, Self::Circuits, Self::Lens, Self::Output, Self::Seeds];

    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Circuits => "circuits",
            Self::Lens => "lens",
            Self::Output => "output",
            Self::Seeds => "seeds",
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.steps.iter().map(|step| step.name()).collect();
        f.write_str(&words.join("."))
    }
}

/// A section of the page that a frame can show alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embed {
    /// The heatmap of the shown head.
    Heatmap,
    /// All heads' scores.
    Heads,
    /// What the head depends on.
    Ablations,
    /// The figures that answer the claim.
    Verdict,
    /// Why the head looks where it looks.
    Circuits,
    /// What each layer would say.
    Lens,
}

impl Embed {
    const ALL: [Self; 6] =
        [Self::Heatmap, Self::Heads, Self::Ablations, Self::Verdict, Self::Circuits, Self::Lens];
}

impl fmt::Display for Embed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Heatmap => "heatmap",
            Self::Heads => "heads",
            Self::Ablations => "ablations",
            Self::Verdict => "verdict",
            Self::Circuits => "circuits",
            Self::Lens => "lens",
        })
    }
}

/// A value that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SettingProblem {
    /// The setting, under the link's name.
    pub key: String,
    /// The value as given.
    pub value: String,
    /// What is wrong with it, as a sentence.
    pub message: String,
    /// What is used in its place, or stays in force, as a sentence.
    pub consequence: String,
}

impl Settings {
    /// The table of settings, in the order in which links carry them.
    #[must_use]
    pub fn fields() -> &'static [Field] {
        FIELDS
    }

    /// The field of this key.
    #[must_use]
    pub fn field(key: &str) -> Option<&'static Field> {
        FIELDS.iter().find(|field| field.key == key)
    }

    /// Sets one value from its text form; a key that is none sets nothing.
    ///
    /// # Errors
    ///
    /// What would have been acceptable, as a clause: "has to be ...". The setting
    /// then keeps the value it had.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        Self::field(key).map_or(Ok(()), |field| (field.read)(self, value))
    }

    /// The text form of one value; `None` where it is not set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        Self::field(key)?.text(self)
    }

    /// Sets values from their text form. Of those that cannot be used, alone or
    /// together, the default stays and the problem is told.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> (Self, Vec<SettingProblem>) {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        let mut has_prompt = false;
        for (key, value) in pairs {
            let set = settings.set(key, value);
            has_prompt |= key == "prompt" && set.is_ok();
            if let Err(wanted) = set {
                let consequence = settings
                    .get(key)
                    .map_or_else(|| "It is left out.".to_owned(), |kept| format!("Instead, {kept} is used."));
                problems.push(SettingProblem::refused(key, value, &wanted, consequence));
            }
        }
        if !has_prompt {
            settings.prompt = settings.defaults().prompt;
        }
        settings.reconcile(&|_| false, &mut problems);
        (settings, problems)
    }

    /// What a setting is where a link says nothing of it, beside the others of these.
    pub(super) fn defaults(&self) -> Self {
        let prompt = if self.text.is_some() { 0 } else { Self::default().prompt };
        Self { prompt, ..Self::default() }
    }

    /// Reads what [`Serialize`] wrote; what is left out has its default. Of values that
    /// cannot be used, alone or together, the default stays and the problem is told.
    #[must_use]
    pub fn from_json(given: &Map<String, Value>) -> (Self, Vec<SettingProblem>) {
        let pairs: Vec<(&str, String)> = texts(given).collect();
        Self::from_pairs(pairs.iter().map(|(key, value)| (*key, value.as_str())))
    }

    /// Puts values right that are possible alone but not together. Of some it is known
    /// that they were asked for just now.
    pub(super) fn reconcile(&mut self, is_asked: &dyn Fn(&str) -> bool, problems: &mut Vec<SettingProblem>) {
        let defaults = Self::default();
        let mut report = |key: &str, value: &dyn ToString, message: String, consequence: String| {
            let (key, value) = (key.to_owned(), value.to_string());
            problems.push(SettingProblem { key, value, message, consequence });
        };
        let rows = self.table().rows().len() as u32;
        if self.cats > rows {
            let kept = defaults.cats.min(rows);
            let noun = if rows == 1 { "category" } else { "categories" };
            let message = format!("The word table has {rows} {noun}, fewer than {}.", self.cats);
            report("cats", &self.cats, message, format!("Instead, {kept} is used."));
            self.cats = kept;
        }
        if let Target::Pair { from, to } = self.target
            && from.max(to) >= rows as usize
        {
            let message =
                format!("The word table has no row {}: its rows run from 0 to {}.", from.max(to), rows - 1);
            report("target", &self.target, message, format!("Instead, {} is used.", defaults.target));
            self.target = defaults.target;
        }
        let tokens = match self.text {
            // How many a text has, only its tokenizer knows.
            Some(_) => None,
            None => Some((self.len * self.repeat + 1) as usize),
        };
        let left = tokens.and_then(|tokens| self.target_within(tokens));
        if let Some(run) = &mut self.run
            && !run.unknown.is_empty()
        {
            let unknown = std::mem::take(&mut run.unknown).join(", ");
            let message = format!("Start runs nothing called {unknown}.");
            report("run", &unknown, message, format!("It runs {run}."));
        }
        if self.len * self.repeat > MOST_WORDS {
            let message =
                format!("Fed {} times, {} words are more than {MOST_WORDS}.", self.repeat, self.len);
            report("repeat", &self.repeat, message, "They are fed once.".to_owned());
            self.repeat = 1;
        }
        let cells = |n: u32, len: u32| u64::from(n) * u64::from(len + 1).pow(2);
        let words = self.len * self.repeat;
        if cells(self.n, words) > MOST_CELLS {
            let kept = (MOST_CELLS / cells(1, words)).clamp(1, u64::from(defaults.n)) as u32;
            let message = format!("{} sequences of {words} words are too many to hold at once.", self.n);
            let noun = if kept == 1 { "sequence is" } else { "sequences are" };
            report("n", &self.n, message, format!("{kept} {noun} drawn."));
            self.n = kept;
        }
        let prompts = match self.texts().len() {
            0 => self.n,
            // Beside a text alone earlier versions kept the number of a drawn prompt.
            1 => u32::MAX,
            texts => texts as u32,
        };
        if self.prompt >= prompts {
            let last = prompts - 1;
            // The default may itself lie beyond a short draw; that is nobody's mistake.
            if self.prompt != defaults.prompt || is_asked("prompt") {
                let message = match last {
                    0 => "There is no prompt but 0.".to_owned(),
                    last => format!("Prompts run from 0 to {last}."),
                };
                report("prompt", &self.prompt, message, "The last one is shown.".to_owned());
            }
            self.prompt = last;
        }
        if let Some((target, problem)) = left {
            self.target = target;
            problems.push(problem);
        }
    }

    /// The first setting in which these differ from earlier ones and on which an outcome
    /// stands, which is then untrue.
    #[must_use]
    pub fn outdates(&self, earlier: &Self, outcome: Outcome) -> Option<&'static Field> {
        FIELDS.iter().find(|field| (field.touches)(outcome, self) && !(field.is_same)(self, earlier))
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

    /// What scores measure.
    #[must_use]
    pub fn measure(&self) -> Measure {
        Measure { metric: self.metric, target: self.target.clone() }
    }

    /// The number of the shown prompt; a text alone is the only one there is.
    #[must_use]
    pub fn shown_prompt(&self) -> usize {
        if self.texts().len() == 1 { 0 } else { self.prompt as usize }
    }

    /// The texts, if they take the place of the drawn prompts.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.text.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()).collect()
    }

    /// Whether the target is cells of the shown prompt.
    #[must_use]
    pub fn is_painted(&self) -> bool {
        matches!(self.target, Target::Cells(_))
    }

    /// What heads are scored over: painted cells are of one prompt.
    #[must_use]
    pub fn scored_over(&self) -> Over {
        if self.is_painted() { Over::Prompt } else { self.over }
    }

    /// What is left of a target on a shown prompt of so many tokens, and what is to be
    /// said of the rest; nothing if all of it is there.
    #[must_use]
    pub fn target_within(&self, tokens: usize) -> Option<(Target, SettingProblem)> {
        let Target::Cells(mask) = &self.target else { return None };
        let (inside, beyond) = mask.within(tokens);
        let cells = if beyond == 1 { "1 painted cell lies" } else { &format!("{beyond} painted cells lie") };
        let message = format!("{cells} beyond the prompt, whose last token is {}.", tokens - 1);
        let consequence = match inside {
            Some(_) => "The others are the target.".to_owned(),
            None => format!("Instead, {} is used.", Target::default()),
        };
        let (key, value) = ("target".to_owned(), self.target.to_string());
        let problem = SettingProblem { key, value, message, consequence };
        (beyond > 0).then(|| (inside.map_or_else(Target::default, Target::Cells), problem))
    }

    /// Whether two settings draw the same words.
    #[must_use]
    pub fn same_prompts(&self, other: &Self) -> bool {
        self.outdates(other, Draw).is_none()
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(FIELDS.iter().map(|field| (field.key, (field.json)(self))))
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Map::deserialize(deserializer)?;
        let mut settings = Self::default();
        for (key, value) in texts(&given) {
            settings.set(key, &value).map_err(|wanted| D::Error::custom(format!("{key} {wanted}")))?;
        }
        Ok(settings)
    }
}

/// The settings of a JSON object that are set, in their text form.
fn texts(given: &Map<String, Value>) -> impl Iterator<Item = (&'static str, String)> + '_ {
    FIELDS.iter().filter_map(|field| Some((field.key, text_of(given.get(field.key)?)?)))
}

/// The text form of a value in JSON; nothing for null.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

impl SettingProblem {
    /// A value that is not what was `wanted` of it.
    pub(super) fn refused(key: &str, value: &str, wanted: &str, consequence: String) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        Self { message: format!("{} {wanted}.", name_of(&key)), key, value, consequence }
    }
}

/// A setting as the page calls it, to begin a sentence with.
pub(super) fn name_of(key: &str) -> &str {
    Settings::field(key).map_or(key, |field| field.called)
}

fn one_of<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    format!("has to be one of {}", names.join(", "))
}

fn words(text: &str) -> Result<Option<String>, String> {
    let table = WordTable::from_csv(text).map_err(|e| format!("cannot be used: {e}"))?;
    Ok(Some(table.to_csv()))
}

fn text(text: &str) -> Result<Option<String>, String> {
    match text {
        blank if blank.trim().is_empty() => Err("is empty".to_owned()),
        long if long.len() > LONGEST_TEXT as usize => Err(format!("is longer than {LONGEST_TEXT} bytes")),
        many if many.lines().count() > MOST_SEQUENCES as usize => {
            Err(format!("has more than {MOST_SEQUENCES} lines, each a prompt"))
        }
        text => Ok(Some(text.to_owned())),
    }
}

fn head(text: &str) -> Result<Head, String> {
    text.parse().map_err(|()| "has to look like L1H5".to_owned())
}

fn metric(text: &str) -> Result<Metric, String> {
    text.parse().map_err(|()| one_of(Metric::ALL))
}

fn target(text: &str) -> Result<Target, String> {
    let wanted = |()| {
        format!(
            "{}, a pair of rows such as pair-0-4 or cells such as cells-q5k1_3.q7k2-4",
            one_of(Target::NAMED)
        )
    };
    text.parse().map_err(wanted)
}

fn kind(text: &str) -> Result<KindChoice, String> {
    let wanted = |()| format!("{} or {}", one_of(AblationKind::ALL), KindChoice::Notebook);
    text.parse().map_err(wanted)
}

fn second_kind(text: &str) -> Result<Option<KindChoice>, String> {
    kind(text).map(Some)
}

fn over(text: &str) -> Result<Over, String> {
    Over::ALL.into_iter().find(|over| over.to_string() == text).ok_or_else(|| one_of(Over::ALL))
}

fn components(text: &str) -> Result<Option<Components>, String> {
    text.parse().map(Some)
}

fn run(text: &str) -> Result<Option<Run>, String> {
    let words: Vec<&str> = text.split('.').filter(|word| !word.is_empty()).collect();
    let known = |word: &&str| RunStep::ALL.iter().any(|step| step.name() == *word);
    let steps: Vec<RunStep> = RunStep::ALL.into_iter().filter(|step| words.contains(&step.name())).collect();
    if steps.is_empty() {
        return Err(one_of(RunStep::ALL.map(RunStep::name)));
    }
    let unknown = words.into_iter().filter(|word| !known(word)).map(str::to_owned).collect();
    Ok(Some(Run { steps, unknown }))
}

fn embed(text: &str) -> Result<Option<Embed>, String> {
    let found = Embed::ALL.into_iter().find(|embed| embed.to_string() == text);
    found.map(Some).ok_or_else(|| one_of(Embed::ALL))
}

fn alpha(text: &str) -> Result<Alpha, String> {
    let wanted = || "has to be a number from -2 to 2 with at most two decimals".to_owned();
    text.parse().map_err(|()| wanted())
}

fn logit(text: &str) -> Result<Option<LogitOf>, String> {
    let wanted = "has to be a position, a token’s id and, if any, another’s, as in 13.13.14477";
    text.parse().map(Some).map_err(|()| wanted.to_owned())
}

fn view(text: &str) -> Result<Option<String>, String> {
    // Cut out of a link it may end in a space, which the next reading would take away.
    let text = text.trim_end();
    if text.len() > LONGEST_VIEW as usize { Err("is too long".to_owned()) } else { Ok(Some(text.to_owned())) }
}

/// Heads to be shown beside one another, each once; none is nothing.
fn pins(text: &str) -> Result<Vec<Head>, String> {
    let mut heads: Vec<Head> = Vec::new();
    for name in text.split(',').filter(|name| !name.is_empty()) {
        let head = name.trim().parse().map_err(|()| "has to look like L1H5,L0H3")?;
        if !heads.contains(&head) {
            heads.push(head);
        }
    }
    if heads.len() > MOST_PINS as usize {
        return Err(format!("names more than {MOST_PINS} heads"));
    }
    Ok(heads)
}
