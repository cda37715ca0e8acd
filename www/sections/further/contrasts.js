// Heads and prompts side by side: the shown head beside the duplicate-token
// heads, on word lists, case variants, words without a partner, and a sentence.

import { byId, button, el } from '../../kit/dom.js';
import { score as figure, timesChance } from '../../kit/format.js';
import { lackComplaint } from '../../labels/heads.js';
import { breakdown, catalogue, metricName } from '../../study/catalogue.js';
import { ORDINARY_SENTENCE, caseVariants } from '../../study/presets.js';
import { propose } from '../../study/proposal.js';
import { saveTableButton } from '../../kit/table-csv.js';
import { setUpTool } from '../../steps/tool.js';

/** Heads of GPT-2 small that attend to earlier copies of a token. */
const DUPLICATE_TOKEN_HEADS = ['L0H1', 'L0H5', 'L0H10'];

/** @typedef {{ name: string, about: string, patch: Partial<Settings> | null }} Condition */

/**
 * @param {string[]} firstWords a word of each category
 * @returns {Condition[]} `patch` is null for the prompts that are shown
 */
function conditions(firstWords) {
  const drawn = { words: null, text: null };
  return [
    { name: 'The prompts shown', about: '', patch: null },
    {
      name: 'Case variants',
      about: 'Every category is one word: red, Red, RED.',
      patch: { ...drawn, words: caseVariants(), n: 30, len: 12, cats: 4 },
    },
    {
      name: 'No words of one category',
      about: 'One word of each category: does the attention fall on BOS?',
      patch: { words: null, text: firstWords.join(' ') },
    },
    {
      name: 'An ordinary sentence',
      about: 'A control: what a head does on word lists rarely is all it does.',
      patch: { words: null, text: ORDINARY_SENTENCE },
    },
  ];
}

/**
 * @param {import('../../study/study.js').Study} study
 * @param {string[][]} rows the word table that the site comes with
 */
export function setUpContrasts(study, rows) {
  const all = conditions(rows.map(([first = '']) => first));
  const heads = byId('contrast-heads', HTMLInputElement);
  const error = byId('contrast-heads-error', HTMLParagraphElement);
  const place = byId('contrasts-table', HTMLDivElement);
  const told = byId('contrast-shown', HTMLParagraphElement);

  byId('contrast-conditions', HTMLUListElement).replaceChildren(
    ...all.map(({ name, about, patch }) =>
      el(
        'li',
        {},
        el('b', { text: name }),
        el('span', { class: 'muted', text: about ? ` ${about} ` : ' ' }),
        ...(patch ? [button('Show these prompts', 'link', () => show(name, patch))] : []),
      ),
    ),
  );

  /** What was pressed, and the prompts before. @type {{ name: string, before: PromptSet | null } | null} */
  let pressed = null;
  /** The prompts that `told` speaks of. @type {PromptSet | null} */
  let spokenOf = null;

  /**
   * @param {string} name
   * @param {Partial<Settings>} patch
   */
  function show(name, patch) {
    const { promptSet } = study.state;
    pressed = { name, before: propose(study, patch) ? promptSet : null };
    tellShown(study.state);
  }

  /**
   * The prompts stand far above: says here what became of the press.
   * @param {import('../../study/study-state.js').StudyState} state
   */
  function tellShown({ promptSet, settings, problems }) {
    if (problems.prompts) pressed = null;
    if (promptSet !== spokenOf) told.replaceChildren();
    spokenOf = promptSet;
    if (!pressed || !promptSet || promptSet === pressed.before) return;
    const { prompts, kept } = promptSet;
    const count = settings.text === null ? `, ${kept.length} of ${prompts.length} kept` : '';
    told.replaceChildren(
      `${pressed.name}: shown at the top${count}. `,
      button('Go there', 'link', () => byId('fed-title', HTMLElement).scrollIntoView()),
    );
    pressed = null;
  }
  study.subscribe(tellShown);

  const wanted = () =>
    heads.value
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean);
  heads.addEventListener('change', () => {
    const wrong = wanted().find((head) => !/^L\d+H\d+$/.test(head));
    const lack = wanted().map((head) => lackComplaint(head, study.state));
    error.textContent = wrong
      ? `“${wrong}” is no head; write them as L1H5, L0H1.`
      : (lack.find(Boolean) ?? '');
    heads.setAttribute('aria-invalid', String(error.textContent !== ''));
  });

  setUpTool(study, 'contrasts', {
    fold: 'contrasts-fold',
    about: 'Fetches no more than the layers of these heads and a few words.',
    costs: false,
    args: () => ({
      heads: wanted(),
      conditions: all.map(({ name, patch }) => ({
        name,
        settings: study.preview(patch ?? {}).settings,
      })),
    }),
  });

  let proposed = '';
  study.subscribe(({ settings }) => {
    // Until the visitor writes their own, the list starts with the shown head.
    const proposal = [...new Set([settings.head, ...DUPLICATE_TOKEN_HEADS])].join(', ');
    if (heads.value === proposed && proposal !== proposed) {
      proposed = proposal;
      heads.value = proposal;
    }
  });
  study.watch(
    ({ further }) => further.contrasts,
    (shown) => {
      place.hidden = !shown;
      place.replaceChildren(...(shown ? [contrastTable(shown)] : []));
    },
  );
  byId('contrast-back', HTMLButtonElement).addEventListener('click', () => {
    const { seed, n, len, cats, words, text } = catalogue().defaults;
    study.change({ seed, n, len, cats, words, text });
  });
}

/** @param {Contrasts} contrasts */
function contrastTable({ metric, conditions: found }) {
  const columns = ['Head', metricName(metric), 'SD', 'Chance', '× chance'];
  const header = el('tr');
  for (const label of [...columns, ...breakdown().map(({ label }) => `${label} %`)]) {
    header.append(el('th', { scope: 'col', text: label }));
  }
  const bodies = found.map(({ name, prompts, heads }) => {
    const title = el('th', {
      scope: 'rowgroup',
      colspan: String(columns.length + breakdown().length),
      class: 'group',
      text: `${name} (${prompts} kept)`,
    });
    const body = el('tbody', {}, el('tr', {}, title));
    for (const { head, score, sd, chance, shares } of heads) {
      const line = el('tr', {}, el('th', { scope: 'row', text: head }));
      const texts = [figure(score), figure(sd), figure(chance), timesChance(score, chance)];
      for (const { name: part } of breakdown()) texts.push((shares[part] * 100).toFixed(1));
      for (const text of texts) line.append(el('td', { class: 'figure', text }));
      body.append(line);
    }
    return body;
  });
  const caption = el('caption', {
    text: 'Scores of each head, and where its attention goes, mean over the kept prompts. A dash: nothing there to score. ',
  });
  const table = el('table', {}, caption, el('thead', {}, header), ...bodies);
  caption.append(saveTableButton(table, 'Contrasts'));
  return table;
}
