//! The word table: one category a row, as CSV without a header. A first cell that
//! ends in a colon names its row and is no word.

use std::collections::HashMap;

/// The notebook's table: ten categories of six words.
const NOTEBOOK_CSV: &str = include_str!("../../data/semantic_words.csv");

/// A table may not be larger than this, so that a hostile link cannot stall the page.
const MAX_WORDS: usize = 20_000;

/// The longest word, in bytes.
const LONGEST_WORD: usize = 100;

/// What may stand between the words of a row, the likeliest first.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// A row behind the last one, which is found there unless a quote is left open.
const END: &str = "\u{1}";

/// Words by category: every row is a category, of as many words as it likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordTable {
    rows: Vec<Vec<String>>,
    /// For each row what it is called.
    names: Vec<Option<String>>,
}

/// Why a word table cannot be used. Rows and columns are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordTableError {
    /// There is no row with a word in it.
    #[error("the word table is empty")]
    Empty,
    /// A name without a word.
    #[error("row {row} has a name and no words")]
    NoWords {
        /// The row.
        row: usize,
    },
    /// A field without text.
    #[error("{} is empty", place(*row, *column))]
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
    #[error("{} is longer than {LONGEST_WORD} bytes", place(*row, *column))]
    LongWord {
        /// The row of the word.
        row: usize,
        /// Its place in the row.
        column: usize,
    },
    /// Letters that could not be decoded, or what is no letter at all.
    #[error("{} holds {sign}", place(*row, *column))]
    NoWord {
        /// The row of the word.
        row: usize,
        /// Its place in the row.
        column: usize,
        /// What it holds.
        sign: &'static str,
    },
    /// More words than the page is willing to draw from.
    #[error("the word table has more than {MAX_WORDS} words")]
    TooLarge,
    /// The text is something else.
    #[error("this is not CSV but {0}")]
    NotCsv(&'static str),
    /// A quote that is never closed takes all that follows into one word.
    #[error("this is not CSV: a quote that opens in row {row} is never closed")]
    OpenQuote {
        /// The row in which it opens.
        row: usize,
    },
}

impl WordTable {
    /// The notebook's table.
    #[must_use]
    pub fn notebook() -> Self {
        let row = |line: &str| named(line.split(',').map(str::to_owned).collect());
        let (names, rows) = NOTEBOOK_CSV.lines().map(row).unzip();
        Self { rows, names }
    }

    /// Reads CSV without a header, one category a row. White space around words,
    /// blank lines and empty cells at the end of a row are ignored. The words may
    /// be separated by semicolons, tabs or bars as well.
    ///
    /// # Errors
    ///
    /// See [`WordTableError`].
    pub fn from_csv(text: &str) -> Result<Self, WordTableError> {
        let text = text.trim_start_matches('\u{FEFF}');
        if let Some(other) = other_format(text) {
            return Err(WordTableError::NotCsv(other));
        }
        let (told, text) = told_separator(text);
        let (rows, closed) = rows_by(told.unwrap_or_else(|| separator(text)), text)?;
        if !closed {
            return Err(WordTableError::OpenQuote { row: rows.len() });
        }
        Self::from_rows(rows)
    }

    /// Checks rows and makes a table of them. A first cell that ends in a colon is
    /// the row's name.
    ///
    /// # Errors
    ///
    /// See [`WordTableError`].
    pub fn from_rows(cells: Vec<Vec<String>>) -> Result<Self, WordTableError> {
        if cells.iter().all(Vec::is_empty) {
            return Err(WordTableError::Empty);
        }
        let (names, rows): (Vec<Option<String>>, Vec<Vec<String>>) = cells.into_iter().map(named).unzip();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            if row.is_empty() {
                return Err(WordTableError::NoWords { row: i + 1 });
            }
            let name = names[i].iter().map(|name| (0, name));
            for (column, word) in name.chain((1..).zip(row)) {
                check_word(word, i + 1, column)?;
            }
            for word in row {
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
        Ok(Self { rows, names })
    }

    /// The table as CSV with commas, which [`WordTable::from_csv`] reads back.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let text = self.written(csv::QuoteStyle::Necessary);
        // Words with another separator in them could be split by it, and a first word could
        // be taken for the beginning of something else.
        let reads_back = Self::from_csv(&text).is_ok_and(|table| table == *self);
        if reads_back { text } else { self.written(csv::QuoteStyle::Always) }
    }

    fn written(&self, quotes: csv::QuoteStyle) -> String {
        let mut writer = csv::WriterBuilder::new()
            .has_headers(false)
            .flexible(true)
            .quote_style(quotes)
            .from_writer(Vec::new());
        for (row, name) in self.rows.iter().zip(&self.names) {
            let name = name.iter().map(|name| format!("{name}:"));
            // Writing into memory has no way to fail.
            let _ = writer.write_record(name.chain(row.iter().cloned()).collect::<Vec<_>>());
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The rows, one a category.
    #[must_use]
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// For each row what it is called, where it has a name.
    #[must_use]
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// What the page and the results file call each row: its name, or its first
    /// word and an ellipsis.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let label = |(name, row): (&Option<String>, &Vec<String>)| {
            name.clone().unwrap_or_else(|| format!("{} …", row[0]))
        };
        self.names.iter().zip(&self.rows).map(label).collect()
    }

    /// The row that holds `word`, spelt exactly so.
    #[must_use]
    pub fn category_of(&self, word: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.iter().any(|w| w == word))
    }
}

/// The place of a word in the words of an error; column 0 is the row's name.
fn place(row: usize, column: usize) -> String {
    match column {
        0 => format!("the name of row {row}"),
        column => format!("row {row}, word {column}"),
    }
}

/// A row's name, if its first cell ends in a colon, and its words.
fn named(mut cells: Vec<String>) -> (Option<String>, Vec<String>) {
    let name = cells.first().and_then(|cell| cell.strip_suffix(':')).map(|name| name.trim().to_owned());
    // A colon alone is a word like any other.
    let name = name.filter(|name| !name.is_empty());
    if name.is_some() {
        cells.remove(0);
    }
    (name, cells)
}

fn check_word(word: &str, row: usize, column: usize) -> Result<(), WordTableError> {
    if word.trim().is_empty() {
        return Err(WordTableError::EmptyWord { row, column });
    }
    if word.len() > LONGEST_WORD {
        return Err(WordTableError::LongWord { row, column });
    }
    let sign = |c: char| match c {
        '\u{FFFD}' => Some("� where letters could not be read"),
        '\n' | '\r' => Some("a line break"),
        '\t' => Some("a tab"),
        c if c.is_control() => Some("a control character"),
        _ => None,
    };
    match word.chars().find_map(sign) {
        Some(sign) => Err(WordTableError::NoWord { row, column, sign }),
        None => Ok(()),
    }
}

/// What a text is that is plainly no table of words.
fn other_format(text: &str) -> Option<&'static str> {
    let start: String = text.trim_start().chars().take(200).flat_map(char::to_lowercase).collect();
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| start.starts_with(beginning));
    if begins(&["<!doctype", "<html", "<head", "<body", "<?xml", "<svg", "<table"]) {
        Some("a web page")
    } else if begins(&["{\"", "{\n", "{ ", "[\"", "[[", "[{"]) && start.contains('"') {
        Some("JSON")
    } else if begins(&["%pdf-"]) {
        Some("a PDF")
    } else if text.contains('\0') {
        Some("a file of another kind, such as a picture")
    } else {
        None
    }
}

/// The separator that spreadsheets tell in a first line of its own, and what follows.
fn told_separator(text: &str) -> (Option<u8>, &str) {
    let told = text.split_once('\n').and_then(|(first, rest)| {
        let [separator] = first.trim_end_matches('\r').strip_prefix("sep=")?.as_bytes() else { return None };
        SEPARATORS.contains(separator).then_some((Some(*separator), rest))
    });
    told.unwrap_or((None, text))
}

/// The separator by which most rows have several words; the comma where none is better.
fn separator(text: &str) -> u8 {
    let several = |separator: u8| {
        rows_by(separator, text).map_or(0, |(rows, _)| rows.iter().filter(|row| row.len() > 1).count())
    };
    let [comma, others @ ..] = SEPARATORS;
    let mut best = (comma, None);
    for other in others.into_iter().filter(|other| text.as_bytes().contains(other)) {
        let most = *best.1.get_or_insert_with(|| several(comma));
        let found = several(other);
        if found > most {
            best = (other, Some(found));
        }
    }
    best.0
}

/// The cells of all rows that have any, and whether every quote is closed.
fn rows_by(separator: u8, text: &str) -> Result<(Vec<Vec<String>>, bool), WordTableError> {
    let closed = format!("{}\n{END}\n", text.trim_end());
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(closed.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut count = 0;
    let mut ended = false;
    for record in reader.records() {
        // Of bytes that are text and rows that may differ nothing can fail.
        let record = record.map_err(|_| WordTableError::NotCsv("bytes that are no text"))?;
        ended = record.len() == 1 && &record[0] == END;
        count += record.len();
        if count > MAX_WORDS {
            return Err(WordTableError::TooLarge);
        }
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if !cells.is_empty() {
            rows.push(cells);
        }
    }
    if ended {
        rows.pop();
    }
    Ok((rows, ended))
}
