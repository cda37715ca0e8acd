// A Jupyter notebook (nbformat 4) that computes in Python what the page shows. Its code is
// `notebook.py`, the same for every study; what differs goes in as JSON.

/** What a cell of the code begins with; a cell of prose is marked as that. */
const CELL = /^# %%( \[markdown\])?\n/m;

/**
 * The text of a notebook.
 * @param {string} code of `notebook.py`, in cells
 * @param {Record<string, unknown>} data by the names that stand between `@` in the code
 */
export function notebookOf(code, data) {
  const [, ...parts] = code.split(CELL);
  /** @type {object[]} */
  const cells = [];
  for (let i = 0; i < parts.length; i += 2) {
    const text = (parts[i + 1] ?? '').trim();
    const id = `cell-${cells.length + 1}`;
    cells.push(parts[i] ? prose(id, text) : program(id, text, data));
  }
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' },
      language_info: { name: 'python' },
    },
    cells,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/**
 * @param {string} id
 * @param {string} text
 */
function prose(id, text) {
  const source = lines(text.replaceAll(/^# ?/gm, ''));
  return { cell_type: 'markdown', id, metadata: {}, source };
}

/**
 * @param {string} id
 * @param {string} text
 * @param {Record<string, unknown>} data
 */
function program(id, text, data) {
  const source = text
    .replaceAll(/^# (?=%pip )/gm, '')
    .replaceAll(/@([A-Z]+)@/g, (_, name) => asData(data[name]));
  const metadata = {};
  return {
    cell_type: 'code',
    id,
    metadata,
    execution_count: null,
    outputs: [],
    source: lines(source),
  };
}

/**
 * JSON as it may stand in Python's r'''…''', whatever texts it holds: nothing in it ends
 * the string, and nothing in it is more than a printable ASCII character.
 * @param {unknown} value
 */
function asData(value) {
  const escaped = (/** @type {string} */ character) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json(value, '').replaceAll(/['\u007f-\uffff]/g, escaped);
}

/**
 * JSON with a line for each field, and for each item of a list of objects or lists.
 * @param {unknown} value
 * @param {string} indent
 * @returns {string}
 */
function json(value, indent) {
  const isShort = typeof value !== 'object' || value === null || indent.length > 2;
  if (isShort) return JSON.stringify(value);
  const inner = `${indent} `;
  if (Array.isArray(value)) {
    if (!value.some((each) => typeof each === 'object')) return JSON.stringify(value);
    return `[\n${value.map((each) => inner + json(each, inner)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).map(
    ([key, each]) => `${inner}${JSON.stringify(key)}: ${json(each, inner)}`,
  );
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

/**
 * Lines as nbformat holds them: each but the last with its end.
 * @param {string} text
 */
function lines(text) {
  return text.split(/(?<=\n)/);
}
