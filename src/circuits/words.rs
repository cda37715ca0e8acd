//! The table's words alone, each after beginning-of-text: whom the head's query of one
//! looks for among the keys of all, and what attending to one writes.

use super::folded::{rows, vector};
use super::stream::normalised_before;
use super::{CircuitError, FoldedHead, Spectrum};
use crate::model::Gpt2;
use crate::prompts::WordTable;
use crate::prompts::draw::RandomState;
use crate::study::{YieldPoint, stats};
use crate::tokens::{Tokens, TokensError};
use nalgebra::DMatrix;
use serde::Serialize;

/// Most words that are compared each with each: a million cells.
const MOST_WORDS: usize = 1000;
/// Shuffles of a permutation test.
pub const SHUFFLES: usize = 1000;
/// Fixed, so that a link shows the same everywhere.
const SEED: u32 = 20_250_701;
/// Shuffles between two chances to cancel.
const SHUFFLES_AT_ONCE: usize = 50;

/// A word that is one token after a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub word: String,
    /// Its row of the word table.
    pub category: usize,
    /// Its token.
    pub id: u32,
}

/// The table's words that are one token after a space, in its order.
///
/// # Errors
///
/// [`TokensError`] if the tokenizer fails.
pub fn single_words(table: &WordTable, tokens: &Tokens) -> Result<Vec<Word>, TokensError> {
    let mut words = Vec::new();
    for (category, row) in table.rows().iter().enumerate() {
        for word in row {
            // Beginning-of-text comes first.
            if let [_, id] = tokens.encode(&format!(" {word}"))?[..] {
                words.push(Word { word: word.clone(), category, id });
            }
        }
    }
    Ok(words)
}

/// Scores of every word's query with every word's key, and what attending to a word
/// writes. Matrices are (query word, key word), rows and columns in the order of `words`.
#[derive(Debug, Clone, PartialEq)]
pub struct WordsAlone {
    /// The words.
    pub words: Vec<Word>,
    /// q·k with biases, over √d_head.
    pub qk: Vec<Vec<f64>>,
    /// Of S alone, without biases, over √d_head.
    pub qk_symmetric: Vec<Vec<f64>>,
    /// Of K alone, without biases, over √d_head.
    pub qk_skew: Vec<Vec<f64>>,
    /// Of S₋ alone: what steering scales.
    pub qk_negative: Vec<Vec<f64>>,
    /// (word attended to, word whose logit moves), each row less its mean over the words,
    /// in units of ln_f's standard deviation; `None` where what it takes is not loaded.
    pub ov_direct: Option<Vec<Vec<f64>>>,
}

/// Runs every word alone. It takes the pattern of the head's layer on prompts of two
/// tokens, and for `ov_direct` what [`Need::direct`](crate::model::Need::direct) names.
///
/// # Errors
///
/// [`CircuitError::TooManyWords`], [`CircuitError::Nothing`] without words, or
/// [`CircuitError::Study`].
pub async fn words_alone(
    model: &Gpt2,
    bos: u32,
    words: &[Word],
    head: &FoldedHead,
    spectrum: &Spectrum,
    pace: &impl YieldPoint,
) -> Result<WordsAlone, CircuitError> {
    if words.len() > MOST_WORDS {
        return Err(CircuitError::TooManyWords { words: words.len(), most: MOST_WORDS });
    }
    if words.is_empty() {
        return Err(CircuitError::Nothing);
    }
    let prompts: Vec<Vec<u32>> = words.iter().map(|word| vec![bos, word.id]).collect();
    let prompts = normalised_before(model, &prompts, head.head.layer, pace).await?;
    let at_word: Vec<_> = prompts.iter().map(|x| x.row(1)).collect();
    let x = DMatrix::from_rows(&at_word); // (n, d)
    let (q, k) = (&x * &head.w_q, &x * &head.w_k);
    let bare = &q * k.transpose() * head.scale;
    let (on_keys, on_queries) = (&q * &head.b_k * head.scale, &k * &head.b_q * head.scale);
    let of_biases = head.b_q.dot(&head.b_k) * head.scale;
    let qk = DMatrix::from_fn(words.len(), words.len(), |i, j| {
        bare[(i, j)] + on_keys[i] + on_queries[j] + of_biases
    });
    let transposed = bare.transpose();
    Ok(WordsAlone {
        words: words.to_vec(),
        qk: rows(&qk),
        qk_symmetric: rows(&((&bare + &transposed) * 0.5)),
        qk_skew: rows(&((&bare - &transposed) * 0.5)),
        qk_negative: rows(&(spectrum.negative().between(&x) * head.scale)),
        ov_direct: ov_direct(model, words, head, &x).await,
    })
}

/// `None` where a weight or a word's row of the unembedding is not loaded.
async fn ov_direct(
    model: &Gpt2,
    words: &[Word],
    head: &FoldedHead,
    x: &DMatrix<f64>,
) -> Option<Vec<Vec<f64>>> {
    let w_o = head.w_o.as_ref()?;
    let ln_scale = vector(model.final_norm_scale().ok()?);
    let ids: Vec<u32> = words.iter().map(|word| word.id).collect();
    // A column for each word.
    let mut unembedding = DMatrix::from_vec(
        head.d_model(),
        words.len(),
        vector(&model.unembedding_rows(&ids).await.ok()?).data.into(),
    );
    unembedding.column_iter_mut().for_each(|mut column| column.component_mul_assign(&ln_scale));
    let mut logits = x * &head.w_v * (w_o * unembedding);
    for mut row in logits.row_iter_mut() {
        let mean = row.mean();
        row.add_scalar_mut(-mean);
    }
    Some(rows(&logits))
}

impl WordsAlone {
    /// `qk` with the negative eigenvalues of S scaled by `alpha`.
    #[must_use]
    pub fn steered(&self, alpha: f64) -> Vec<Vec<f64>> {
        let row = |(qk, negative): (&Vec<f64>, &Vec<f64>)| {
            qk.iter().zip(negative).map(|(qk, negative)| qk + (alpha - 1.0) * negative).collect()
        };
        self.qk.iter().zip(&self.qk_negative).map(row).collect()
    }

    /// The row of the word table of each word.
    #[must_use]
    pub fn categories(&self) -> Vec<usize> {
        self.words.iter().map(|word| word.category).collect()
    }
}

/// What a matrix of words holds of one category, as the query's.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CategoryContrast {
    /// Row of the word table.
    pub category: usize,
    /// How many words it has here.
    pub words: usize,
    /// Mean of a word with itself.
    pub diagonal: f64,
    /// Mean of a word with another of its category; `None` if it has one word only.
    pub inside: Option<f64>,
    /// Mean of a word with one of another category; `None` if there is none.
    pub outside: Option<f64>,
    /// `diagonal` − `inside`: below 0, a word alone keeps the head off itself.
    pub self_minus_category: Option<f64>,
    /// Standard deviation of that over the category's words; `None` for fewer than two.
    pub spread: Option<f64>,
}

/// Contrasts of a square matrix of words, by category, ascending.
#[must_use]
pub fn by_category(matrix: &[Vec<f64>], categories: &[usize]) -> Vec<CategoryContrast> {
    let mut distinct = categories.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let of = |category: usize| {
        let (own, others): (Vec<usize>, Vec<usize>) =
            (0..categories.len()).partition(|&word| categories[word] == category);
        let with = |word: usize, others: &[usize]| {
            let values = others.iter().filter(|&&other| other != word).map(|&other| matrix[word][other]);
            values.collect::<Vec<f64>>()
        };
        let mean_of = |values: Vec<f64>| (!values.is_empty()).then(|| stats::mean(&values));
        let inside = mean_of(own.iter().flat_map(|&word| with(word, &own)).collect());
        let differences: Vec<f64> =
            own.iter().filter_map(|&word| Some(matrix[word][word] - mean_of(with(word, &own))?)).collect();
        let diagonal = stats::mean(&own.iter().map(|&word| matrix[word][word]).collect::<Vec<f64>>());
        CategoryContrast {
            category,
            words: own.len(),
            diagonal,
            inside,
            outside: mean_of(own.iter().flat_map(|&word| with(word, &others)).collect()),
            self_minus_category: inside.map(|inside| diagonal - inside),
            spread: stats::sd(&differences),
        }
    };
    distinct.into_iter().map(of).collect()
}

/// Whether what categories differ in would be found of any grouping of the words.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ShuffleTest {
    /// Mean over the words of: the word with itself less its category's mean.
    pub self_minus_category: f64,
    /// Share of shuffles in which that lies as far from the shuffles' mean, or farther.
    pub self_minus_category_p: f64,
    /// Its mean over the shuffles: what chance gives.
    pub self_minus_category_chance: f64,
    /// Mean over the words of: its category's mean less the mean of the others.
    pub inside_minus_outside: f64,
    /// As above.
    pub inside_minus_outside_p: f64,
    /// As above.
    pub inside_minus_outside_chance: f64,
    /// How many shuffles.
    pub shuffles: usize,
}

/// Shuffles the categories among the words, by a fixed seed. The order as it is counts as
/// one more shuffle, so that no share is 0.
///
/// # Errors
///
/// [`CircuitError::Nothing`] if no category has two words or there is only one, and that
/// the visitor cancelled.
pub async fn shuffle_test(
    matrix: &[Vec<f64>],
    categories: &[usize],
    pace: &impl YieldPoint,
) -> Result<ShuffleTest, CircuitError> {
    let found = contrasts(matrix, categories).ok_or(CircuitError::Nothing)?;
    let mut stream = RandomState::new(SEED);
    let mut shuffled = [Vec::with_capacity(SHUFFLES), Vec::with_capacity(SHUFFLES)];
    for i in 0..SHUFFLES {
        if i % SHUFFLES_AT_ONCE == 0 {
            pace.step(i, SHUFFLES).await?;
        }
        let order = stream.permutation(categories.len());
        let categories: Vec<usize> = order.into_iter().map(|word| categories[word]).collect();
        let of = contrasts(matrix, &categories).ok_or(CircuitError::Nothing)?;
        shuffled.iter_mut().zip(of).for_each(|(all, one)| all.push(one));
    }
    pace.step(SHUFFLES, SHUFFLES).await?;
    let chance = [0, 1].map(|i| stats::mean(&shuffled[i]));
    let p = [0, 1].map(|i| {
        let far = (found[i] - chance[i]).abs();
        // A shuffle that changes nothing differs by rounding alone.
        let as_far = shuffled[i].iter().filter(|one| (*one - chance[i]).abs() >= far * (1.0 - 1e-12));
        (as_far.count() + 1) as f64 / (SHUFFLES + 1) as f64
    });
    Ok(ShuffleTest {
        self_minus_category: found[0],
        self_minus_category_p: p[0],
        self_minus_category_chance: chance[0],
        inside_minus_outside: found[1],
        inside_minus_outside_p: p[1],
        inside_minus_outside_chance: chance[1],
        shuffles: SHUFFLES,
    })
}

/// Means over the words that have another of their category: itself less its category,
/// and its category less the others. `None` if no word has both.
fn contrasts(matrix: &[Vec<f64>], categories: &[usize]) -> Option<[f64; 2]> {
    let (mut sums, mut words) = ([0.0; 2], 0);
    for (word, row) in matrix.iter().enumerate() {
        let (mut inside, mut own, mut all) = (0.0, 0, 0.0);
        for (value, category) in row.iter().zip(categories) {
            all += value;
            if *category == categories[word] {
                inside += value;
                own += 1;
            }
        }
        let others = row.len() - own;
        if own < 2 || others == 0 {
            continue;
        }
        let outside = (all - inside) / others as f64;
        let inside = (inside - row[word]) / (own - 1) as f64;
        sums[0] += row[word] - inside;
        sums[1] += inside - outside;
        words += 1;
    }
    (words > 0).then(|| sums.map(|sum| sum / f64::from(words)))
}
