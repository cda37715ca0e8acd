//! What comes of settings: results and costs, each of which stands on some of them.

use crate::web::tools::Tool;

/// Something that may be untrue after a change of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The words that are drawn.
    Draw,
    /// The prompts, as the model reads them.
    Prompts,
    /// The shown head's pattern on the shown prompt.
    Pattern,
    /// The same with its score and its chance level.
    Head,
    /// The scores of all heads.
    Scores,
    /// The ablations of the shown head.
    Ablations,
    /// What a tool beyond these steps found.
    Tool(Tool),
    /// What the first three steps would fetch, beside what was loaded and kept.
    Costs,
}

impl Outcome {
    /// All that do not come of a tool.
    const BEFORE: [Self; 7] =
        [Self::Draw, Self::Prompts, Self::Pattern, Self::Head, Self::Scores, Self::Ablations, Self::Costs];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::BEFORE.into_iter().chain(Tool::ALL.iter().copied().map(Self::Tool))
    }

    /// What the page calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draw => "draw",
            Self::Prompts => "prompts",
            Self::Pattern => "pattern",
            Self::Head => "head",
            Self::Scores => "scores",
            Self::Ablations => "ablations",
            Self::Tool(tool) => tool.name(),
            Self::Costs => "costs",
        }
    }

    /// Whether it comes of something that a visitor runs.
    #[must_use]
    pub fn is_step(self) -> bool {
        matches!(self, Self::Head | Self::Scores | Self::Ablations | Self::Tool(_))
    }

    /// What comes of the step or the tool of this name.
    #[must_use]
    pub fn step(name: &str) -> Option<Self> {
        Self::all().find(|outcome| outcome.is_step() && outcome.name() == name)
    }
}
