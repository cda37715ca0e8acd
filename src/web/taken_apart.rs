//! The shown head taken apart: its folded weights, its spectrum and its patterns under
//! steering, kept for as long as its prompts stay the same, so that a step of the steering
//! costs no more than the patterns.

use super::prompt_set::PromptSet;
use super::steps::{head_depth, shown_case};
use super::tools::circuits::{AskCircuits, Circuits, Form, Parts, SteeredScores, Words};
use super::{Problem, Settings};
use crate::circuits::forms::loaded_heads;
use crate::circuits::words::{by_category, shuffle_test};
use crate::circuits::{
    FoldedHead, HeadForms, PromptCells, Spectrum, Steered, Steering, WordsAlone, forms_of, score_parts,
    single_words, words_alone,
};
use crate::model::{Depth, Gpt2, Need};
use crate::study::{self, Head, HeadScores, Measure, Metric, TokenizedPrompt, YieldPoint};
use crate::tokens::Tokens;
use crate::weights::Config;
use std::cell::RefCell;

/// A head on the kept prompts, and on the shown one where that is not among them.
pub struct HeadTakenApart {
    settings: Settings,
    folded: FoldedHead,
    spectrum: Spectrum,
    cases: Vec<TokenizedPrompt>,
    steering: Steering,
    /// Forms of the heads whose weights were here when they were computed.
    forms: RefCell<Vec<HeadForms>>,
    words: RefCell<Option<WordsAlone>>,
}

/// What is wanted of a head taken apart beside its own form, the words and the steering.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// The cell of the shown prompt, (destination, source), whose score is cut into parts;
    /// without one, the target's strongest.
    pub cell: Option<(usize, usize)>,
    /// The forms of all loaded heads.
    pub all_heads: bool,
    /// The parts of the scores of all cells of the target, their mean over the kept prompts.
    pub mean: bool,
}

impl From<&AskCircuits> for Wanted {
    fn from(&AskCircuits { cell, all_heads, mean, .. }: &AskCircuits) -> Self {
        Self { cell, all_heads, mean }
    }
}

/// The kept prompts, and the shown one where that is not among them.
///
/// # Errors
///
/// A [`Problem`] if there is no shown one.
pub fn kept_and_shown(set: &PromptSet, settings: &Settings) -> Result<Vec<TokenizedPrompt>, Problem> {
    let mut cases = set.cases();
    let shown = shown_case(set, settings)?;
    if cases.iter().all(|case| case.sequence != shown.sequence) {
        cases.push(shown);
    }
    Ok(cases)
}

/// What taking the head apart reads: its prompts, the table's words each alone and, if that
/// is wanted, what it writes (`direct`).
///
/// # Errors
///
/// A [`Problem`] if the tokenizer fails.
pub fn need(
    set: &PromptSet,
    settings: &Settings,
    tokens: &Tokens,
    layer: usize,
    direct: bool,
) -> Result<Need, Problem> {
    let mut need = study::need(&kept_and_shown(set, settings)?, Depth::Pattern(layer));
    need.positions = need.positions.max(2);
    need.tokens.extend(single_words(&settings.table(), tokens)?.into_iter().map(|word| word.id));
    need.direct = direct.then_some(layer);
    Ok(need)
}

/// The same of the shown head of a model whose config is not known yet.
///
/// # Errors
///
/// As [`need`].
pub fn need_of_head(
    set: &PromptSet,
    settings: &Settings,
    tokens: &Tokens,
    direct: bool,
) -> Result<impl Fn(&Config) -> Need, Problem> {
    let asked = need(set, settings, tokens, settings.head.layer, direct)?;
    let settings = settings.clone();
    Ok(move |config: &Config| {
        let depth = head_depth(&settings, config);
        let direct = asked.direct.filter(|_| settings.head.exists(config));
        Need { depth, direct, ..asked.clone() }
    })
}

impl HeadTakenApart {
    /// Takes apart a head of a model that has what [`kept_and_shown`] needs.
    ///
    /// # Errors
    ///
    /// A [`Problem`] if it was cancelled, or if the model cannot be run.
    pub async fn of(
        model: &Gpt2,
        settings: &Settings,
        set: &PromptSet,
        head: Head,
        pace: &impl YieldPoint,
    ) -> Result<Self, Problem> {
        let cases = kept_and_shown(set, settings)?;
        let folded = FoldedHead::of(model, head).await?;
        let spectrum = Spectrum::of(&folded)?;
        let prompts: Vec<Vec<u32>> = cases.iter().map(|case| case.ids.clone()).collect();
        let steering = Steering::of(model, &prompts, &folded, &spectrum, pace).await?;
        let (settings, forms, words) = (settings.clone(), RefCell::default(), RefCell::default());
        Ok(Self { settings, folded, spectrum, cases, steering, forms, words })
    }

    /// Whether it is still this head on these prompts, with what it writes if that is wanted
    /// (`direct`).
    #[must_use]
    pub fn is_of(&self, head: Head, settings: &Settings, direct: bool) -> bool {
        self.folded.head == head
            && (!direct || self.folded.w_o.is_some())
            && self.settings.model == settings.model
            && self.settings.same_prompts(settings)
            && (!settings.is_painted() || self.settings.prompt == settings.prompt)
            && self.cases.iter().any(|case| case.sequence == settings.shown_prompt())
    }

    /// The head's pattern on a prompt, by its number, under steering.
    #[must_use]
    pub fn pattern(&self, sequence: usize, alpha: f64) -> Option<Vec<f32>> {
        let place = self.cases.iter().position(|case| case.sequence == sequence)?;
        self.steering.pattern(place, alpha)
    }

    /// The head's scores under steering.
    #[must_use]
    pub fn scores(&self, measure: &Measure, alpha: f64) -> Vec<Steered> {
        self.steering.scores(&self.cases, measure, alpha)
    }

    /// Puts the head's scores under steering in the place of the model's.
    pub fn steer_scores(&self, scores: &mut HeadScores, alpha: f64) {
        let Head { layer, head } = self.folded.head;
        for steered in self.scores(&scores.measure, alpha) {
            let place = scores.sequences.iter().position(|sequence| *sequence == steered.sequence);
            if let (Some(i), Some(score)) = (place, steered.score) {
                scores.per_prompt[i][layer][head] = score;
            }
        }
    }

    /// All of it, as far as it is wanted.
    ///
    /// # Errors
    ///
    /// As [`Self::of`].
    pub async fn found(
        &self,
        model: &Gpt2,
        tokens: &Tokens,
        (set, settings): (&PromptSet, &Settings),
        Wanted { cell, all_heads, mean }: Wanted,
        pace: &impl YieldPoint,
    ) -> Result<Circuits, Problem> {
        let head = self.folded.head;
        let alpha = settings.alpha.factor();
        let heads = if all_heads { loaded_heads(model) } else { vec![head] };
        if self.forms.borrow().len() < heads.len() {
            let forms = forms_of(model, &heads, pace).await?;
            self.forms.replace(forms);
        }
        if self.words.borrow().is_none() {
            let words = single_words(&settings.table(), tokens)?;
            let alone = words_alone(model, tokens.bos(), &words, &self.folded, &self.spectrum, pace).await;
            if let Ok(found) = alone {
                self.words.replace(Some(found));
            }
        }
        let case = shown_case(set, settings)?;
        let measure = settings.measure();
        let pattern = self.pattern(case.sequence, alpha);
        let strongest = || {
            let cells = measure.target.cells(&case.relations);
            let n = case.ids.len();
            let weight =
                |&(q, k): &(usize, usize)| pattern.as_ref().map_or(0.0, |pattern| pattern[q * n + k]);
            cells.into_iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))
        };
        let cell = cell.filter(|&(q, k)| k <= q && q < case.ids.len()).or_else(strongest);
        let parts = match cell {
            None => None,
            Some(cell) => {
                let cells = [PromptCells { ids: &case.ids, cells: vec![cell] }];
                Some(Parts::of(&score_parts(model, &self.folded, &cells, pace).await?, case.sequence, cell))
            }
        };
        let of_target = |case: &TokenizedPrompt| measure.target.cells(&case.relations).collect();
        let mean_parts = if mean {
            let kept = set.cases();
            let cells: Vec<PromptCells<'_>> =
                kept.iter().map(|case| PromptCells { ids: &case.ids, cells: of_target(case) }).collect();
            Some(score_parts(model, &self.folded, &cells, pace).await?.into())
        } else {
            None
        };
        let cell_mean = Measure { metric: Metric::CellMean, ..measure };
        let kept = set.cases().len();
        let steered = |alpha| SteeredScores::of(alpha, &self.scores(&cell_mean, alpha)[..kept]);
        let alone = self.words.borrow().clone();
        let words = match &alone {
            None => None,
            Some(words) => {
                let (qk, categories) = (words.steered(alpha), words.categories());
                let test = shuffle_test(&qk, &categories, pace).await.ok();
                Some(Words::of(words, alpha, &by_category(&qk, &categories), test.as_ref()))
            }
        };
        let forms = self.forms.borrow();
        let shown = forms.iter().find(|form| form.head == head).ok_or_else(|| Problem::bug("No form"))?;
        Ok(Circuits {
            head,
            alpha,
            form: Form { eigenvalues: Some(shown.qk.eigenvalues.clone()), ..Form::of(shown) },
            forms: forms.iter().map(|forms| (forms.head.to_string(), Form::of(forms))).collect(),
            words,
            steered: steered(alpha),
            unsteered: steered(1.0),
            score_parts: parts,
            mean_parts,
        })
    }
}
