// A BibTeX entry of what the page shows: the head, the model, the seed, the build
// that computed it, and the link that gives it again.

import { BUILD } from '../../build.js';
import { LONGEST_LINK, linkTo } from '../../study/link.js';

/** @type {Record<string, string>} */
const NAMES = { gpt2: 'GPT-2 small', tiny: 'the demo model' };

const SOURCES =
  'Redoes the study of head L1H5 by M. Migliarini (July 2025), which L. Gott’s notebook recreated with TransformerLens';

/**
 * @param {import('../../study/study-state.js').StudyState} state
 * @param {Date} accessed
 */
export function citation({ settings, link: hash, model, imported }, accessed) {
  const { head, seed, text } = settings;
  const name = NAMES[settings.model] ?? model?.name ?? settings.model;
  const drawn = text === null ? `seed ${seed}` : 'a text of its own';
  const link = linkTo(hash);
  const short = link.length <= LONGEST_LINK;
  const day = accessed.toISOString().slice(0, 10);
  const fields = [
    ['title', `Headscope: head ${latex(head)} of ${latex(name)}, ${drawn}`],
    ['author', '{Headscope}'],
    ['year', day.slice(0, 4)],
    // A link as long as a page belongs into a file beside the text.
    ['url', short ? link : (link.split('#')[0] ?? link)],
    ['urldate', day],
    [
      'note',
      [
        `Build ${latex(imported?.build ?? BUILD)}, accessed ${day}`,
        short ? '' : 'The settings are too long for a link and stand in a settings file',
        SOURCES,
      ]
        .filter(Boolean)
        .join('. '),
    ],
  ];
  const key = `headscope-${head}-${text === null ? `seed${seed}` : 'text'}`;
  const lines = fields.map(([field, value]) => `  ${field?.padEnd(7)} = {${value}},`);
  return [`@misc{${key},`, ...lines, '}'].join('\n');
}

/**
 * A text with the characters escaped that mean something to LaTeX.
 * @param {string} text
 */
function latex(text) {
  return text.replaceAll(/[\\{}#$%&_^~]/g, (character) => {
    if (character === '\\') return '\\textbackslash{}';
    return character === '^' || character === '~' ? `\\${character}{}` : `\\${character}`;
  });
}
