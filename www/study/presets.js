// Ready-made word lists.

/** Words that are one token small, capitalised and in capitals. */
const CASED = ['red', 'green', 'white', 'black', 'gold', 'cat', 'car', 'bus', 'table', 'sea'];

/** A table in which every category is one word, as CSV. */
export function caseVariants() {
  const row = (/** @type {string} */ word) =>
    [word, word[0]?.toUpperCase() + word.slice(1), word.toUpperCase()].join(',');
  return `${CASED.map(row).join('\n')}\n`;
}

export const ORDINARY_SENTENCE =
  'On Monday the old truck stood by the river, and a white bird sat on a chair near the bed.';

/** The prompt of the post’s figures. It begins with a space. */
export const POST_PROMPT =
  ' 24 green cat dog 50 happy scared blue red sheep happy sad 50 32 1999 1978 Monday' +
  ' horse Wednesday cat Monday yellow green Friday Monday 22 happy 1989 angry 32 Friday' +
  ' dog red Monday dog 1972 1972 mouse Tuesday 42 50 24 sad sad horse 1972 50 sad 42' +
  ' red green 1972 red angry horse 1963 mouse cat 32 angry 32 1978 1972';

/**
 * @typedef {object} WordPreset
 * @property {string} id
 * @property {string} label
 * @property {string} about
 * @property {Partial<Settings>} patch
 */

/** The words of the post, as its code lists them. */
export const POST_WORDS = `Colours:,blue,red,green,yellow,purple
Animals:,dog,cat,mouse,horse,sheep
Fruit:,apple,banana,grape,peach,lemon
Feelings:,happy,sad,angry,scared,proud
Weather:,rain,snow,wind,storm,sun
Weekdays:,Monday,Tuesday,Wednesday,Thursday,Friday
Years:,1989,1999,1972,1963,1978
Numbers:,24,69,42,22,32,50
`;

/**
 * Those there are.
 * @returns {WordPreset[]}
 */
export function presets() {
  return [
    {
      id: 'notebook',
      label: 'Original word lists',
      about: 'Ten categories of six words, as in the notebook.',
      patch: { words: null },
    },
    {
      id: 'post',
      label: 'The post’s words',
      about: 'Eight categories, as the post’s code lists them. Some are more than one token.',
      patch: { words: POST_WORDS },
    },
    {
      id: 'case',
      label: 'Case variants',
      about: 'Every category is one word: red, Red, RED.',
      patch: { words: caseVariants() },
    },
  ];
}

/**
 * The preset that settings are, if they are one.
 * @param {Settings} settings
 */
export function presetOf(settings) {
  const same = (/** @type {WordPreset} */ { patch }) =>
    Object.entries(patch).every(
      ([key, value]) => settings[/** @type {keyof Settings} */ (key)] === value,
    );
  return presets().find(same);
}
