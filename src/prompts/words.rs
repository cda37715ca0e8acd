//! The word table: one category a row, as CSV without a header.

use std::collections::HashMap;

/// The notebook's table: ten categories of six words.
const NOTEBOOK_CSV: &str = include_str!("../../data/semantic_words.csv");

/// A table may not be larger than this, so that a hostile link cannot stall the page.
const MAX_WORDS: usize = 20_000;

/// The longest word, in bytes.
const LONGEST_WORD: usize = 100;

/// Words by category: every row is a category, and all rows are equally long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordTable {
    rows: Vec<Vec<String>>,
}

/// Why a word table cannot be used. Rows and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordTableError {
    /// There is no row with a word in it.
    #[error("the word table is empty")]
    Empty,
    /// The draw picks a column of any row, so all rows have to be equally long.
    #[error("row {row} has {found} words where row 1 has {expected}")]
    Ragged {
        /// The row that differs.
        row: usize,
        /// How many words it has.
        found: usize,
        /// How many the first row has.
        expected: usize,
    },
    /// A field without text.
    #[error("row {row}, word {column} is empty")]
    EmptyWord {
        /// The row of the field.
        row: usize,
        /// Its place in the row.
        column: usize,
    },
    /// A word in two rows has no single category.
    #[error("\"{word}\" stands in row {first} and in row {second}")]
    TwoCategories {
        /// The word.
        word: String,
        /// The first row that has it.
        first: usize,
        /// The second.
        second: usize,
    },
    /// A word twice in one row would be drawn twice as often.
    #[error("\"{word}\" stands twice in row {row}")]
    Repeated {
        /// The word.
        word: String,
        /// The row.
        row: usize,
    },
    /// A word that is no word.
    #[error("row {row}, word {column} is longer than {LONGEST_WORD} bytes")]
    LongWord {
        /// The row of the word.
        row: usize,
        /// Its place in the row.
        column: usize,
    },
    /// More words than the page is willing to draw from.
    #[error("the word table has more than {MAX_WORDS} words")]
    TooLarge,
    /// The text is not CSV.
    #[error("the word table is not CSV: {0}")]
    Csv(String),
}

impl WordTable {
    /// The notebook's table.
    #[must_use]
    pub fn notebook() -> Self {
        let row = |line: &str| line.split(',').map(str::to_owned).collect();
        Self { rows: NOTEBOOK_CSV.lines().map(row).collect() }
    }

    /// Reads CSV without a header, one category a row. White space around words
    /// and blank lines are ignored.
    ///
    /// # Errors
    ///
    /// See [`WordTableError`].
    pub fn from_csv(text: &str) -> Result<Self, WordTableError> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut rows = Vec::new();
        let mut count = 0;
        for record in reader.records() {
            let record = record.map_err(|e| WordTableError::Csv(e.to_string()))?;
            count += record.len();
            if count > MAX_WORDS {
                return Err(WordTableError::TooLarge);
            }
            if record.iter().any(|word| !word.is_empty()) {
                rows.push(record.iter().map(str::to_owned).collect());
            }
        }
        Self::from_rows(rows)
    }

    /// Checks rows and makes a table of them.
    ///
    /// # Errors
    ///
    /// See [`WordTableError`].
    pub fn from_rows(rows: Vec<Vec<String>>) -> Result<Self, WordTableError> {
        let expected = rows.first().map_or(0, Vec::len);
        if expected == 0 {
            return Err(WordTableError::Empty);
        }
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            if row.len() != expected {
                return Err(WordTableError::Ragged { row: i + 1, found: row.len(), expected });
            }
            for (j, word) in row.iter().enumerate() {
                if word.trim().is_empty() {
                    return Err(WordTableError::EmptyWord { row: i + 1, column: j + 1 });
                }
                if word.len() > LONGEST_WORD {
                    return Err(WordTableError::LongWord { row: i + 1, column: j + 1 });
                }
                match seen.insert(word, i) {
                    Some(first) if first == i => {
                        return Err(WordTableError::Repeated { word: word.clone(), row: i + 1 });
                    }
                    Some(first) => {
                        return Err(WordTableError::TwoCategories {
                            word: word.clone(),
                            first: first + 1,
                            second: i + 1,
                        });
                    }
                    None => {}
                }
            }
        }
        Ok(Self { rows })
    }

    /// The table as CSV, which [`WordTable::from_csv`] reads back.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in &self.rows {
            // Writing equally long rows into memory has no way to fail.
            let _ = writer.write_record(row);
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The rows, one a category.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// The row that holds `word`, spelt exactly so.
    #[must_use]
    pub fn category_of(&self, word: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.iter().any(|w| w == word))
    }
}
