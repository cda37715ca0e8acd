// How the heatmap is shown, packed into the `view` value of the link:
// words joined by dots, defaults left out, `q3k1` for a locked cell, `q3` for a
// locked row and `k1` for a column.

/** @typedef {{ q: number, k: number }} MarkedCell one of them may be -1 */

/**
 * @typedef {object} Look
 * @property {string} scale
 * @property {string} colors
 * @property {string} max
 * @property {string} bos
 * @property {MarkedCell | null} locked
 */

/**
 * The choices of each option, the default first: its word in the link, its name, and what is
 * said of it where it is no default. No word stands for two.
 * @type {{ key: 'scale' | 'colors' | 'max' | 'bos', label: string, choices: [word: string, name: string, brief?: string][] }[]}
 */
export const LOOK_OPTIONS = [
  {
    key: 'scale',
    label: 'Scale',
    choices: [
      ['linear', 'Linear'],
      ['sqrt', 'Square root', 'square root'],
      ['log', 'Logarithm', 'log'],
    ],
  },
  {
    key: 'max',
    label: 'Colour range',
    choices: [
      ['matrix', 'Max'],
      ['row', 'Row max', 'row max'],
      ['one', '0–1', 'range 0–1'],
    ],
  },
  {
    key: 'colors',
    label: 'Palette',
    choices: [
      ['viridis', 'Viridis'],
      ['magma', 'Magma', 'magma'],
      ['cividis', 'Cividis', 'cividis'],
      ['blues', 'Blues', 'blues'],
    ],
  },
  {
    key: 'bos',
    label: 'BOS column',
    choices: [
      ['shown', 'Show'],
      ['hidden', 'Hide', 'BOS hidden'],
      ['renormalised', 'Exclude, renormalise', 'BOS excluded'],
    ],
  },
];

/** A locked cell, row or column. */
const LOCKED = /^(?:q(\d{1,4}))?(?:k(\d{1,4}))?$/;

/** @param {string} word */
function optionOf(word) {
  return LOOK_OPTIONS.find(({ choices }) => choices.some(([value]) => value === word));
}

/**
 * The words of a look that mean nothing here.
 * @param {string | null} text
 */
export function unknownWords(text) {
  return (text ?? '').split('.').filter((word) => !LOCKED.test(word) && !optionOf(word));
}

/**
 * @param {string | null} text
 * @returns {Look}
 */
export function parseLook(text) {
  /** @type {Look} */
  const look = { scale: 'linear', colors: 'viridis', max: 'matrix', bos: 'shown', locked: null };
  for (const word of (text ?? '').split('.')) {
    const cell = LOCKED.exec(word);
    if (cell && word !== '') look.locked = { q: Number(cell[1] ?? -1), k: Number(cell[2] ?? -1) };
    const option = optionOf(word);
    if (option) look[option.key] = word;
  }
  return look;
}

/**
 * @param {Look} look
 * @returns {string | null}
 */
export function formatLook(look) {
  const words = LOOK_OPTIONS.map(({ key }) => look[key]).filter(
    (word) => !LOOK_OPTIONS.some(({ choices }) => choices[0]?.[0] === word),
  );
  const { q, k } = look.locked ?? { q: -1, k: -1 };
  if (q >= 0 || k >= 0) words.push(`${q >= 0 ? `q${q}` : ''}${k >= 0 ? `k${k}` : ''}`);
  return words.length > 0 ? words.join('.') : null;
}

/**
 * A look without what is locked: two of the same are drawn alike.
 * @param {string | null} text
 */
export function withoutLock(text) {
  return formatLook({ ...parseLook(text), locked: null });
}

/**
 * A look in words, defaults included, for whoever has only the picture.
 * @param {Look} look
 */
export function lookInWords(look) {
  const chosen = LOOK_OPTIONS.map(({ key, label, choices }) => {
    const choice = choices.find(([value]) => value === look[key]);
    return `${label}: ${choice?.[1].toLowerCase() ?? look[key]}`;
  });
  return chosen.join(' · ');
}

/**
 * What of a look is no default, in brief.
 * @param {Look} look
 */
export function changedInWords(look) {
  return LOOK_OPTIONS.flatMap(
    ({ key, choices }) => choices.find(([word]) => word === look[key])?.[2] ?? [],
  ).join(', ');
}

/**
 * The cell that a look locks, as [destination, source]; nothing where it locks none, or a
 * row or a column.
 * @param {string | null} text
 * @returns {[number, number] | null}
 */
export function lockedCell(text) {
  const { locked } = parseLook(text);
  return locked && locked.q >= 0 && locked.k >= 0 ? [locked.q, locked.k] : null;
}
