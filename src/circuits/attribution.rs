//! Direct logit attribution: what every component adds to a token's logit.

use super::folded::vector;
use super::stream::{Decomposed, Projection, position_in};
use super::{CircuitError, Source, Stage};
use crate::model::Gpt2;
use crate::study::YieldPoint;
use nalgebra::{DMatrix, DVector};
use std::fmt;
use std::str::FromStr;

/// What ln_f's shift adds, and the unembedding's bias, which GPT-2 has not.
pub const UNEMBED_BIAS: &str = "unembed-bias";

/// A logit, or a difference of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogitOf {
    /// Position in the text, beginning-of-text at 0.
    pub position: usize,
    /// The token.
    pub token: u32,
    /// Another token whose logit is taken from it; `None`: the mean over the vocabulary.
    pub against: Option<u32>,
}

impl fmt::Display for LogitOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.token)?;
        self.against.map_or(Ok(()), |against| write!(f, ".{against}"))
    }
}

impl FromStr for LogitOf {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.split('.').map(|digits| digits.parse::<u32>().map_err(|_| ()));
        let (Some(position), Some(token)) = (numbers.next(), numbers.next()) else { return Err(()) };
        let against = numbers.next().transpose()?;
        let logit = Self { position: position? as usize, token: token?, against };
        // `+1` parses as a number too; a link has one form only.
        if logit.to_string() == text { Ok(logit) } else { Err(()) }
    }
}

/// A logit difference by component. ln_f's divisor is frozen at what it is, so the parts
/// sum to the difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Of what.
    pub of: LogitOf,
    /// Components of the stream after the last layer; `unembed-bias` is the last.
    pub components: Vec<String>,
    /// What each adds.
    pub parts: Vec<f64>,
    /// Their sum.
    pub difference: f64,
}

impl LogitOf {
    /// What is attributed by default: the text's last token, at the position before it,
    /// against the mean over the vocabulary. `None` for a text of one token.
    #[must_use]
    pub fn last_of(ids: &[u32]) -> Option<Self> {
        let (&token, before) = ids.split_last()?;
        Some(Self { position: before.len().checked_sub(1)?, token, against: None })
    }

    /// The same of some logits, (V).
    pub(super) fn difference(self, logits: &[f32]) -> Option<f64> {
        let logit = |id: u32| logits.get(id as usize).map(|&logit| f64::from(logit));
        let against = match self.against {
            Some(id) => logit(id)?,
            None => logits.iter().map(|&logit| f64::from(logit)).sum::<f64>() / logits.len() as f64,
        };
        Some(logit(self.token)? - against)
    }

    /// Whether text and vocabulary have it.
    pub(super) fn check(self, tokens: usize, model: &Gpt2) -> Result<(), CircuitError> {
        position_in(self.position, tokens)?;
        let known = |id: u32| (id as usize) < model.config().d_vocab;
        match [Some(self.token), self.against].into_iter().flatten().find(|&id| !known(id)) {
            Some(id) => Err(CircuitError::NoSuchToken(id)),
            None => Ok(()),
        }
    }

    /// The token's row of the unembedding less the other's, (d).
    async fn row(self, model: &Gpt2) -> Result<DVector<f64>, CircuitError> {
        let row = vector(&model.unembedding_rows(&[self.token]).await?);
        Ok(row
            - match self.against {
                Some(against) => vector(&model.unembedding_rows(&[against]).await?),
                None => DVector::from_vec(model.mean_unembedding()?),
            })
    }
}

/// Attributes a logit of one text; it takes the whole model.
///
/// # Errors
///
/// [`CircuitError::NoSuchPosition`], [`CircuitError::NoSuchToken`] or
/// [`CircuitError::Study`].
pub async fn attribute(
    model: &Gpt2,
    ids: &[u32],
    of: LogitOf,
    pace: &impl YieldPoint,
) -> Result<Attribution, CircuitError> {
    of.check(ids.len(), model)?;
    let layers = model.config().n_layer;
    let row = of.row(model).await?;
    let (scale, shift) = model.final_norm()?;
    let direction = vector(scale).component_mul(&row);
    let stage = |stage: usize| Stage { whole: pace, stage, stages: 2 };
    let projection = Projection::of(model, DMatrix::from_columns(&[direction]), layers, &stage(0)).await?;
    // What comes later does not reach the position.
    let run = Decomposed::run(model, &ids[..=of.position], layers, &projection, &stage(1)).await?;
    let deviation = run.deviations[of.position];
    let mut parts: Vec<f64> =
        run.projected(&projection).iter().map(|part| part[(of.position, 0)] / deviation).collect();
    parts.push(vector(shift).dot(&row));
    let names = Source::of_stream(layers, model.config()).into_iter().map(|source| source.to_string());
    Ok(Attribution {
        of,
        components: names.chain([UNEMBED_BIAS.to_owned()]).collect(),
        difference: parts.iter().sum(),
        parts,
    })
}
