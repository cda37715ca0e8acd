//! What the steps of a study come to, wherever they run: in the page's worker, or on the
//! command line.

use crate::model::Depth;
use crate::study::{Ablation, AttentionBreakdown, Head, TokenizedPrompt};
use crate::web::link::ablation_choice;
use crate::web::prompt_set::{Prompt, PromptSet};
use crate::web::results::Shown;
use crate::web::{Problem, SettingProblem, Settings};
use crate::weights::Config;

/// Whether this is a head of such a model.
#[must_use]
pub fn exists(head: &str, config: &Config) -> bool {
    head.parse().is_ok_and(|head: Head| head.exists(config))
}

/// The shown head.
///
/// # Errors
///
/// A [`Problem`] if the model lacks it.
pub fn head_of(settings: &Settings, config: &Config) -> Result<Head, Problem> {
    let head = Some(settings.head).filter(|head| head.exists(config));
    head.ok_or_else(|| {
        let what = format!("the model has no head {}", settings.head);
        Problem::new(what, "The settings are kept.", "Choose a head in the map of all heads.")
    })
}

/// How deep the shown head has to go, and so its ablations.
#[must_use]
pub fn head_depth(settings: &Settings, config: &Config) -> Depth {
    match settings.head.exists(config) {
        true => Depth::Pattern(settings.head.layer),
        // A head that the model lacks gives way to the best one, which takes all scores.
        false => every_pattern(config),
    }
}

/// How deep all heads' patterns are.
#[must_use]
pub fn every_pattern(config: &Config) -> Depth {
    Depth::Pattern(config.n_layer - 1)
}

/// The shown prompt.
///
/// # Errors
///
/// A [`Problem`] if there is none of its number, which settings are not made with.
pub fn shown_prompt<'a>(set: &'a PromptSet, settings: &Settings) -> Result<&'a Prompt, Problem> {
    set.prompts.get(settings.shown_prompt()).ok_or_else(|| Problem::bug("There is no such prompt"))
}

/// The same, ready for the model.
///
/// # Errors
///
/// As [`shown_prompt`].
pub fn shown_case(set: &PromptSet, settings: &Settings) -> Result<TokenizedPrompt, Problem> {
    Ok(shown_prompt(set, settings)?.case(settings.shown_prompt()))
}

/// Refuses what runs other prompts than those that the shown one is of, where the target is
/// painted on it.
///
/// # Errors
///
/// A [`Problem`] that says so.
pub fn needs_no_painting(settings: &Settings) -> Result<(), Problem> {
    if !settings.is_painted() {
        return Ok(());
    }
    let what = "the painted cells are those of the shown prompt, and other prompts have none";
    let next = "Choose another target, or look at the scores of the shown prompt.";
    Err(Problem::new(what, "The settings are kept.", next).about("target"))
}

/// A head in place of one that the model lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Instead {
    /// The head.
    pub head: Head,
    /// What is to be said where the settings' head was nobody's choice.
    pub note: Option<String>,
    /// The same where it was.
    pub problem: Option<SettingProblem>,
}

impl Instead {
    /// The `best` head by its scores; the first of the last layer where nothing can be
    /// scored, and so no head is better than another.
    #[must_use]
    pub fn of(asked: Head, best: Option<Head>, config: &Config) -> Self {
        let (head, why) = match best {
            Some(best) => (best, "its best-scoring head"),
            None => (Head { layer: config.n_layer - 1, head: 0 }, "the first head of its last layer"),
        };
        if asked == Settings::default().head {
            let note = format!("This model has no {asked}; {why}, {head}, is shown.");
            return Self { head, note: Some(note), problem: None };
        }
        let problem = SettingProblem {
            key: "head".to_owned(),
            message: format!("This model has no {asked}."),
            value: asked.to_string(),
            consequence: format!("{head}, {why}, is shown."),
        };
        Self { head, note: None, problem: Some(problem) }
    }
}

/// The shown head's result, from its `pattern` on the shown prompt and its patterns on
/// all kept prompts, `cases`.
#[must_use]
pub fn shown(
    head: Head,
    prompt: usize,
    pattern: Vec<f32>,
    cases: &[TokenizedPrompt],
    patterns: &[Vec<f32>],
) -> Shown {
    let shares = |(case, pattern): (&TokenizedPrompt, &Vec<f32>)| {
        (case.sequence, AttentionBreakdown::of(pattern, &case.relations))
    };
    let shares = cases.iter().zip(patterns).map(shares).collect();
    Shown { head, prompt, pattern, shares }
}

/// The ablations that the settings ask for on a head.
///
/// # Errors
///
/// A [`Problem`] if the model lacks a component that they name, or if there are none.
pub fn asked_ablations(settings: &Settings, head: Head, config: &Config) -> Result<Vec<Ablation>, Problem> {
    let ablations = ablation_choice::ablations(settings, head.layer, config);
    let named = ablations.iter().flat_map(|ablation| ablation.parts().iter().map(|(c, _)| *c));
    if let Some(component) = named.into_iter().find(|component| !component.exists(config)) {
        let what = format!("the model has no component {component}");
        let next = "Choose other components, or those of the kind.";
        return Err(Problem::new(what, "The results so far are kept.", next).about("ablate"));
    }
    if ablations.is_empty() {
        let what = format!("nothing that feeds {head} can be ablated by {}", settings.kind);
        let next = "Choose another kind, or a head of a later layer.";
        return Err(Problem::new(what, "The results so far are kept.", next));
    }
    Ok(ablations)
}
