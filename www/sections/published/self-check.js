// The self-check: the model in this browser against figures that others
// published of GPT-2 small, on prompts without beginning of text.

import { shownSettings } from '../../study/study-state.js';
import { byId, el } from '../../kit/dom.js';
import { siteText } from '../../kit/part.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { setUpTool } from '../../steps/tool.js';

/** The figures are of float32 arithmetic, printed to four places. */
const TOLERANCE = 0.002;

/** @param {import('../../study/study.js').Study} study */
export function setUpSelfCheck(study) {
  const result = byId('check-result', HTMLParagraphElement);
  const table = byId('check-table', HTMLDivElement);
  const step = byId('step-check', HTMLDivElement);
  let figures = '';

  async function args() {
    figures ||= await siteText(
      'The file of published figures',
      './data/gpt2/published-figures.json',
    );
    return { figures };
  }

  setUpTool(study, 'check', {
    fold: 'check-fold',
    about: 'Runs 5 prompts through the whole model. ',
    args,
    costArgs: args,
  });

  study.subscribe((state) => {
    const { further } = state;
    const real = shownSettings(state).model === 'gpt2';
    step.hidden = !real;
    const { check } = further;
    result.textContent = !real
      ? 'The self-check does not apply: the published figures are those of the real GPT-2 small.'
      : check
        ? summarise(check)
        : '';
    table.hidden = !check || !real;
    table.replaceChildren(...(check ? [checkTable(check)] : []));
  });
}

/** @param {number | null} distance */
function near(distance) {
  return distance !== null && distance <= TOLERANCE;
}

/** @param {SelfCheck['prompts'][number]} row */
function reached({ same_ids, same_top, logits, attention, pattern }) {
  return same_ids && same_top && near(logits) && near(attention) && near(pattern);
}

/** @param {SelfCheck} check */
function summarise({ prompts }) {
  const figures = prompts.reduce((sum, { attention_figures }) => sum + attention_figures, 0);
  const good = prompts.filter(reached).length;
  const all = `${prompts.length} prompts, ${figures} figures of attention, ten logits and one whole pattern each`;
  return good === prompts.length
    ? `Passed: ${all}, all within ${TOLERANCE}.`
    : `Not passed: ${good} of ${prompts.length} prompts agree within ${TOLERANCE} (${all}). This model is not the published one, or something is wrong.`;
}

/** @param {SelfCheck} check */
function checkTable({ prompts }) {
  const small = (/** @type {number | null} */ distance) =>
    distance === null ? 'shapes differ' : distance.toExponential(1);
  return sortableTable(
    'Largest difference from the published figures, prompt by prompt',
    [
      { label: 'Prompt', show: ({ prompt }) => el('span', { class: 'wrap', text: prompt }) },
      { label: 'Tokens', show: ({ same_ids }) => (same_ids ? 'same' : 'differ') },
      { label: 'Top 10', show: ({ same_top }) => (same_top ? 'same' : 'differ') },
      { label: 'Logits', show: ({ logits }) => small(logits), figures: true },
      { label: 'Attention', show: ({ attention }) => small(attention), figures: true },
      { label: 'Pattern', show: ({ pattern }) => small(pattern), figures: true },
    ],
    prompts,
  );
}
