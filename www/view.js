// How the heatmap is shown, packed into the `view` value of the link:
// words joined by dots, defaults left out, `q3k1` for a locked cell.

/**
 * @typedef {object} View
 * @property {string} scale
 * @property {string} colors
 * @property {string} max
 * @property {string} bos
 * @property {{ q: number, k: number } | null} locked
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
    const cell = /^q(\d{1,4})k(\d{1,4})$/.exec(word);
    if (cell) view.locked = { q: Number(cell[1]), k: Number(cell[2]) };
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
  if (view.locked) words.push(`q${view.locked.q}k${view.locked.k}`);
  return words.length > 0 ? words.join('.') : null;
}
