// The whole model on the shown text: loss of each token and the likeliest next
// ones, with and without the chosen components, and how the text goes on.

import { shownPrompt, textsOf } from '../../study/study-state.js';
import { byId, el, fillList, hiddenText } from '../../kit/dom.js';
import { percent, signed } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { tokenText } from '../../labels/tokens.js';
import { setUpTool } from '../../steps/tool.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpReading(study) {
  const sentence = byId('text-sentence', HTMLParagraphElement);
  const strip = byId('text-strip', HTMLOListElement);
  const table = byId('text-table', HTMLDivElement);
  const next = byId('text-next', HTMLDivElement);
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
      showStrip(strip, shown);
      table.hidden = !shown;
      table.replaceChildren(...(shown ? [lossTable(shown)] : []));
      next.replaceChildren(...(shown ? nextTables(shown) : []));
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
      el('b', { text: continuation.text }),
    );
  });
}

/**
 * The least and the largest loss of a text, between which its colours run.
 * @param {number[]} losses
 */
function rangeOf(losses) {
  return [Math.min(...losses), Math.max(...losses)];
}

/** @param {number[]} losses */
function mean(losses) {
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** @param {TextReading} reading */
function summarise({ before, after, components, kinds }) {
  if (before.losses.length === 0) return 'A single token leaves nothing to foresee.';
  const [least = 0, most = 0] = rangeOf(before.losses);
  const colours = `Colours run from ${least.toFixed(1)} to ${most.toFixed(1)}.`;
  const plain = `The mean loss is ${mean(before.losses).toFixed(3)} nats a token. ${colours}`;
  if (!after) return plain;
  const change = mean(after.losses) - mean(before.losses);
  return `${plain} Without ${components} (${kinds}) it is ${mean(after.losses).toFixed(3)}, ${signed(change)}.`;
}

/**
 * The first token is given; each other one is coloured by its loss.
 * @param {HTMLElement} strip
 * @param {TextReading | undefined} reading
 */
function showStrip(strip, reading) {
  const { tokens, before } = reading ?? { tokens: [], before: { losses: [] } };
  const [least = 0, most = 0] = rangeOf(before.losses);
  fillList(strip, tokens, (token, index) => {
    const loss = before.losses[index - 1];
    const text = el('span', { class: 'token-text' }, ...tokenText(token));
    const item = el('li', { class: 'loss-token' }, text);
    if (loss === undefined) return item;
    const place = most > least ? (loss - least) / (most - least) : 1;
    item.style.setProperty('--heat', `${5 + place * 40}%`);
    item.append(el('span', { class: 'token-id', text: loss.toFixed(1) }), hiddenText(' nats'));
    return item;
  });
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

/** @param {TextReading} reading */
function nextTables({ before, after, components }) {
  const tables = [nextTable('Top next tokens', before.next)];
  if (after) tables.push(nextTable(`Top next tokens without ${components}`, after.next));
  return tables;
}

/**
 * @param {string} caption
 * @param {NextToken[]} tokens
 */
function nextTable(caption, tokens) {
  return sortableTable(
    caption,
    [
      { label: 'Token', show: ({ text }) => el('code', {}, ...tokenText(text)) },
      { label: 'Probability', show: ({ probability }) => percent(probability), figures: true },
    ],
    tokens,
  );
}
