// The whole model on the shown text: loss of each token and the likeliest next
// ones, with and without the chosen components, and how the text goes on.

import { shownPrompt, textsOf } from '../../study/study-state.js';
import { byId, el } from '../../kit/dom.js';
import { signed } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { tokenText } from '../../labels/tokens.js';
import { setUpTool } from '../../steps/tool.js';
import { LossStrip } from './loss-strip.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpReading(study) {
  const sentence = byId('text-sentence', HTMLParagraphElement);
  const strip = new LossStrip();
  const table = byId('text-table', HTMLDivElement);
  const chosen = byId('text-components', HTMLParagraphElement);

  setUpTool(study, 'text', {
    fold: 'text-fold',
    about: 'Runs the whole model, with the whole table of words, on the shown prompt. ',
  });

  study.subscribe(({ settings }) => {
    const named = settings.ablate !== null && settings.ablate !== 'all';
    chosen.textContent = named
      ? `Runs twice: as it is, and without ${settings.ablate?.replaceAll(/[,+]/g, ', ')}, all at once.`
      : 'Select components in “Ablations” to compare loss with and without them.';
  });
  study.watch(
    ({ further }) => further.text,
    (shown) => {
      sentence.textContent = shown ? summarise(shown) : '';
      strip.show(shown);
      table.hidden = !shown;
      table.replaceChildren(...(shown ? [lossTable(shown)] : []));
    },
  );

  setUpContinuation(study);
}

/** @param {import('../../study/study.js').Study} study */
function setUpContinuation(study) {
  const output = byId('continuation', HTMLParagraphElement);
  const number = (/** @type {string} */ id) => Number(byId(id, HTMLInputElement).value);
  const ablated = byId('continue-ablated', HTMLInputElement);
  setUpTool(study, 'continuation', {
    fold: 'text-fold',
    about: 'Every token takes a run of the whole model. ',
    costs: false,
    args: () => ({
      tokens: number('continue-tokens'),
      seed: number('continue-seed'),
      temperature: number('continue-temperature'),
      top_p: number('continue-top-p'),
      ablated: ablated.checked,
    }),
  });
  study.subscribe(({ further: { continuation }, promptSet, settings }) => {
    output.replaceChildren();
    if (!continuation) return;
    const prompt = promptSet?.prompts[shownPrompt(settings)];
    const before = textsOf(settings)[shownPrompt(settings)] ?? prompt?.words.join(' ') ?? '';
    output.append(
      el('span', { class: 'muted', text: before }),
      el('mark', { class: 'generated', text: continuation.text }),
    );
  });
}

/** @param {number[]} losses */
function mean(losses) {
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** @param {TextReading} reading */
function summarise({ before, after, components, kinds }) {
  if (before.losses.length === 0) return 'A single token leaves nothing to foresee.';
  const plain = `The mean loss is ${mean(before.losses).toFixed(3)} nats a token.`;
  if (!after) return plain;
  const change = mean(after.losses) - mean(before.losses);
  return `${plain} Without ${components} (${kinds}) it is ${mean(after.losses).toFixed(3)}, ${signed(change)}.`;
}

/** @param {TextReading} reading */
function lossTable({ tokens, before, after }) {
  const rows = before.losses.map((loss, index) => ({
    position: index + 1,
    token: tokens[index + 1] ?? '',
    loss,
    without: after?.losses[index] ?? loss,
  }));
  /** @type {import('../../kit/sortable-table.js').Column<typeof rows[number]>[]} */
  const columns = [
    { label: 'Token', show: ({ token }) => el('code', {}, ...tokenText(token)) },
    {
      label: 'Position',
      show: (row) => String(row.position),
      sortBy: (row) => row.position,
      figures: true,
    },
    { label: 'Loss', show: (row) => row.loss.toFixed(3), sortBy: (row) => row.loss, figures: true },
  ];
  if (after) {
    columns.push(
      {
        label: 'Ablated',
        show: (row) => row.without.toFixed(3),
        sortBy: (row) => row.without,
        figures: true,
      },
      {
        label: 'Change',
        show: (row) => signed(row.without - row.loss),
        sortBy: (row) => row.without - row.loss,
        figures: true,
      },
    );
  }
  return sortableTable(
    'Loss of each token in nats: −ln of the probability the model gave it',
    columns,
    rows,
  );
}
