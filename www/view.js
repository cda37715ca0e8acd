// How the heatmap is shown, packed into the `view` value of the link:
// words joined by dots, defaults left out, `q3k1` for a locked cell, `q3` for a
// locked row and `k1` for a column.

/** @typedef {{ q: number, k: number }} MarkedCell one of them may be -1 */

/**
 * @typedef {object} View
 * @property {string} scale
 * @property {string} colors
 * @property {string} max
 * @property {string} bos
 * @property {MarkedCell | null} locked
 */

/**
 * The choices of each option, the default first. No word stands for two.
 * @type {{ key: 'scale' | 'colors' | 'max' | 'bos', label: string, choices: [string, string][] }[]}
 */
export const VIEW_OPTIONS = [
  {
    key: 'scale',
    label: 'Scale',
    choices: [
      ['linear', 'Linear'],
      ['sqrt', 'Square root'],
      ['log', 'Logarithm'],
    ],
  },
  {
    key: 'max',
    label: 'Full colour at',
    choices: [
      ['matrix', 'Maximum'],
      ['row', 'Row maximum'],
      ['one', '1'],
    ],
  },
  {
    key: 'colors',
    label: 'Colours',
    choices: [
      ['viridis', 'Viridis'],
      ['magma', 'Magma'],
      ['cividis', 'Cividis'],
      ['blues', 'Blues'],
    ],
  },
  {
    key: 'bos',
    label: 'Beginning of text',
    choices: [
      ['shown', 'Shown'],
      ['hidden', 'Hidden'],
      ['renormalised', 'Left out of rows'],
    ],
  },
];

/**
 * @param {string | null} text
 * @returns {View}
 */
export function parseView(text) {
  /** @type {View} */
  const view = { scale: 'linear', colors: 'viridis', max: 'matrix', bos: 'shown', locked: null };
  for (const word of (text ?? '').split('.')) {
    const cell = /^(?:q(\d{1,4}))?(?:k(\d{1,4}))?$/.exec(word);
    if (cell && word !== '') view.locked = { q: Number(cell[1] ?? -1), k: Number(cell[2] ?? -1) };
    const option = VIEW_OPTIONS.find(({ choices }) => choices.some(([value]) => value === word));
    if (option) view[option.key] = word;
  }
  return view;
}

/**
 * @param {View} view
 * @returns {string | null}
 */
export function formatView(view) {
  const words = VIEW_OPTIONS.map(({ key }) => view[key]).filter(
    (word) => !VIEW_OPTIONS.some(({ choices }) => choices[0]?.[0] === word),
  );
  const { q, k } = view.locked ?? { q: -1, k: -1 };
  if (q >= 0 || k >= 0) words.push(`${q >= 0 ? `q${q}` : ''}${k >= 0 ? `k${k}` : ''}`);
  return words.length > 0 ? words.join('.') : null;
}

/**
 * The view without what is locked: two of the same look alike.
 * @param {string | null} text
 */
export function lookOf(text) {
  return formatView({ ...parseView(text), locked: null });
}

/**
 * A view in words, defaults included, for whoever has only the picture.
 * @param {View} view
 */
export function viewInWords(view) {
  const chosen = VIEW_OPTIONS.map(({ key, label, choices }) => {
    const choice = choices.find(([value]) => value === view[key]);
    return `${label}: ${choice?.[1].toLowerCase() ?? view[key]}`;
  });
  return chosen.join(' · ');
}
