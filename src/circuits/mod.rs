//! Why a head looks where it looks, and what that does: circuits of TransformerLens'
//! kind, from the weights and on prompts.
//!
//! [`folded`] takes a head's weights as TransformerLens takes them. From them alone come
//! its QK and OV [`forms`]; with the words of the table, each alone after
//! beginning-of-text, come the [`words`]' scores with one another; [`steering`] scales
//! the QK form's negative eigenvalues. [`score_parts()`] says which components of the
//! [`stream`] a score comes from. On a text, [`lens()`] reads the stream after each layer,
//! [`attribution`] cuts a logit into components, and [`output`] takes components away.
//!
//! Shapes: d = d_model, e = d_head, T tokens of a prompt, V of the vocabulary. Numbers
//! made of weights are in double precision, since near ties of eigenvalues flip their
//! order in single; activations are the model's, in single precision.
//!
//! N. Elhage et al., A Mathematical Framework for Transformer Circuits, 2021;
//! nostalgebraist, interpreting GPT: the logit lens, 2020.

pub mod attribution;
pub mod folded;
pub mod forms;
pub mod lens;
pub mod output;
pub mod score_parts;
pub mod steering;
pub mod stream;
pub mod words;

pub use attribution::{Attribution, LogitOf, attribute};
pub use folded::FoldedHead;
pub use forms::{HeadForms, OvForm, QkForm, Spectrum, embedded_ov, forms_of};
pub use lens::{LensLayer, lens};
pub use output::{OutputChange, output_under_ablation};
pub use score_parts::{PromptCells, ScoreParts, score_parts};
pub use steering::{Steered, Steering};
pub use stream::Source;
pub use words::{CategoryContrast, ShuffleTest, Word, WordsAlone, single_words, words_alone};

use crate::model::ModelError;
use crate::study::{Head, StudyError, YieldPoint};

/// Why a circuit cannot be computed.
#[derive(Debug, thiserror::Error)]
pub enum CircuitError {
    /// The model cannot compute, or the visitor cancelled.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// An eigenvalue problem has no solution in the allowed steps, as with weights that
    /// are not finite.
    #[error("the eigenvalues of {0} cannot be computed")]
    NoEigenvalues(Head),
    /// A prompt has no such cell or position.
    #[error("a prompt of {tokens} tokens has no position {position}")]
    NoSuchPosition {
        /// The position that was asked for.
        position: usize,
        /// Tokens of the prompt.
        tokens: usize,
    },
    /// A token that the model's vocabulary does not have.
    #[error("the model has no token {0}")]
    NoSuchToken(u32),
    /// A word table too large for a matrix of its words.
    #[error("{words} words are too many to compare each with each; {most} can be")]
    TooManyWords {
        /// Words of the table.
        words: usize,
        /// How many are taken.
        most: usize,
    },
    /// There is nothing to compute of.
    #[error("nothing is left to compute this of")]
    Nothing,
}

impl From<ModelError> for CircuitError {
    fn from(error: ModelError) -> Self {
        Self::Study(error.into())
    }
}

impl From<candle_core::Error> for CircuitError {
    fn from(error: candle_core::Error) -> Self {
        Self::Study(error.into())
    }
}

/// A ratio; 0 where there is nothing to divide by.
fn ratio(of: f64, by: f64) -> f64 {
    if by == 0.0 { 0.0 } else { of / by }
}

/// One of several equal stages of a computation, whose steps are told as the whole's.
struct Stage<'a, P> {
    whole: &'a P,
    stage: usize,
    stages: usize,
}

impl<P: YieldPoint> YieldPoint for Stage<'_, P> {
    async fn step(&self, done: usize, total: usize) -> Result<(), StudyError> {
        let total = total.max(1);
        self.whole.step(self.stage * total + done, self.stages * total).await
    }
}
