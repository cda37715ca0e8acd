// What in a word table is allowed but is hardly meant.

/** Cells that head a column rather than being a word of it. */
const HEADING =
  /^(categor(y|ies)|words?|terms?|names?|labels?|items?|groups?|class|id)$|^(word|term|item|column|col|field|w)[ _-]?\d+$/i;

/** What else separates words in files, by name. */
const SEPARATORS = [
  { sign: ';', name: 'a semicolon' },
  { sign: '|', name: 'a bar' },
];

/**
 * @param {{ rows: string[][], names: (string | null)[] }} table
 * @returns {string[]} sentences
 */
export function noticesOf({ rows, names }) {
  return [
    heading(rows, names),
    nameInCell(rows),
    spellings(rows),
    single(rows),
    unsplit(rows),
  ].filter((notice) => notice !== '');
}

/**
 * @param {string[][]} rows
 * @param {(string | null)[]} names
 */
function heading([first = []], [name]) {
  const cells = name ? [name, ...first] : first;
  const headings = cells.filter((cell) => HEADING.test(cell));
  if (headings.length < 2 && !(cells.length === 1 && headings.length === 1)) return '';
  return `Row 1 (${brief(cells)}) looks like a heading. It is a category like the others: remove it if it is none. A category’s name ends in a colon.`;
}

/** @param {string[][]} rows */
function nameInCell(rows) {
  const at = rows.findIndex(([first = '']) => /^\S.*:\s+\S/.test(first));
  if (at < 0) return '';
  return `Row ${at + 1} begins with the word “${rows[at]?.[0]}”. A comma after the colon makes a name of it.`;
}

/**
 * Words that look alike and are other tokens.
 * @param {string[][]} rows
 */
function spellings(rows) {
  /** @type {Map<string, { word: string, row: number }>} */
  const seen = new Map();
  for (const [row, words] of rows.entries()) {
    for (const word of words) {
      const same = word.normalize('NFC');
      const before = seen.get(same);
      if (before) {
        const where =
          before.row === row ? `Row ${row + 1} has` : `Rows ${before.row + 1} and ${row + 1} have`;
        return `${where} “${same}” in two spellings of the same letters (accents apart, and not). They look alike and are different words.`;
      }
      seen.set(same, { word, row });
    }
  }
  return '';
}

/** @param {string[][]} rows */
function single(rows) {
  if (rows.some((words) => words.length > 1)) return '';
  return 'Every category has a single word, so no two words of a prompt share one. Separate the words of a row by commas.';
}

/** @param {string[][]} rows */
function unsplit(rows) {
  for (const { sign, name } of SEPARATORS) {
    const at = rows.findIndex((words) =>
      words.some((word) => word.trim().length > 1 && word.includes(sign)),
    );
    const word = rows[at]?.find((each) => each.includes(sign));
    if (word)
      return `Row ${at + 1} has ${name} within “${brief([word])}”. If it separates words, write commas in its place.`;
  }
  return '';
}

/** @param {string[]} cells */
function brief(cells) {
  const text = cells.join(', ');
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
