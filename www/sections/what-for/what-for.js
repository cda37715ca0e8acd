// What the shown prompt owes to the head and to all else: the logit lens, a logit by
// component, and the output without each component. It comes when it is scrolled to.

import { byId, el } from '../../kit/dom.js';
import { percent, signed } from '../../kit/format.js';
import { matrixTable } from '../../kit/matrix-table.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { tokenText } from '../../labels/tokens.js';
import { followTool, setUpTool } from '../../steps/tool.js';
import { attributionChart } from './attribution-chart.js';
import { lensPicture } from './lens-picture.js';

/** @typedef {import('../../study/study.js').Study} Study */
/** @typedef {'lens' | 'attribution' | 'output'} WholeModel */

/** How many components are named in a sentence. */
const NAMED = 3;

/** @param {Study} study */
export function setUpWhatFor(study) {
  show(study, 'lens', 'Runs the whole model, with its whole table of words. ', {
    summarise: lensSentence,
    draw: (lens, room) => [lensPicture(lens, room), lensTable(lens)],
  });
  show(study, 'attribution', 'Cuts the logit of the next token into what each component adds. ', {
    summarise: attributionSentence,
    draw: (found, room) => [attributionChart(found, room), attributionTable(found)],
  });
  show(study, 'output', 'Runs the whole model without each head and each MLP in turn. ', {
    summarise: outputSentence,
    draw: (rows) => [outputTable(rows)],
  });
}

/**
 * A tool of the whole model: its step, a sentence, and what it draws. What a change made
 * untrue stays, pale, until the new result is there.
 * @template {WholeModel} T
 * @param {Study} study
 * @param {T} tool
 * @param {string} about
 * @param {{ summarise: (found: ToolResults[T], study: Study) => string, draw: (found: ToolResults[T], room: number) => HTMLElement[] }} shown
 */
function show(study, tool, about, { summarise, draw }) {
  const sentence = byId(`${tool}-sentence`, HTMLParagraphElement);
  const body = byId(`${tool}-chart`, HTMLDivElement);
  setUpTool(study, tool, { about });
  // Ablating every component takes a run of the model each: that waits for its button.
  if (tool !== 'output') followTool(study, tool, () => ({}));
  /** @type {ToolResults[T] | undefined} */
  let drawn;
  study.watch(
    ({ further }) => /** @type {ToolResults[T] | undefined} */ (further[tool]),
    (found) => {
      body.classList.toggle('updating', !found && drawn !== undefined);
      if (!found) return;
      drawn = found;
      sentence.textContent = summarise(found, study);
      body.replaceChildren(...draw(found, Math.max(body.clientWidth, 280)));
    },
  );
}

/** @param {Lens} lens */
function lensSentence({ order, layers, tokens }) {
  const last = layers[order.at(-1) ?? '']?.next_token_logprob ?? [];
  if (last.length === 0) return 'A single token leaves nothing to foresee.';
  const likely = last.indexOf(Math.max(...last));
  const seen = order.find((name) => {
    const layer = layers[name];
    return layer?.top[likely]?.[0]?.text === tokens[likely + 1];
  });
  const mean = -last.reduce((sum, x) => sum + x, 0) / last.length;
  const first = seen ? `; it comes first from ${seen} on` : '';
  return `The mean loss is ${mean.toFixed(3)} nats. Best foreseen is “${tokens[likely + 1]?.trim()}”, at ${percent(Math.exp(last[likely] ?? 0))} after the last layer${first}.`;
}

/** @param {Lens} lens */
function lensTable({ order, layers, tokens }) {
  const heading = (/** @type {number} */ j) =>
    el('th', { scope: 'col' }, el('code', {}, ...tokenText(tokens[j + 1] ?? '')));
  const table = matrixTable(
    {
      caption: 'Log-probability of each next token after every layer, in nats',
      title: 'logit lens',
      corner: 'after ↓  token →',
      rows: order.length,
      columns: tokens.length - 1,
      rowHead: (i) => el('th', { scope: 'row', text: order[i] ?? '' }),
      columnHead: heading,
      value: (i, j) => layers[order[i] ?? '']?.next_token_logprob[j] ?? null,
      show(cell, value, i, j) {
        cell.textContent = value === null ? '' : signed(value).replace(/(\.\d\d)\d+$/, '$1');
        const top = layers[order[i] ?? '']?.top[j] ?? [];
        cell.title = top
          .map(({ text, probability }) => `${text} ${percent(probability)}`)
          .join('\n');
      },
    },
    'matrix',
  );
  return folded('The numbers', 'Log-probabilities', table);
}

/**
 * @param {string} title
 * @param {string} label
 * @param {HTMLElement} table
 */
function folded(title, label, table) {
  const region = { class: 'scroll tall', tabindex: '0', role: 'region', 'aria-label': label };
  return el('details', { class: 'fold' }, el('summary', { text: title }), el('div', region, table));
}

/** @param {Attribution} found */
function attributionSentence({
  components,
  parts,
  difference,
  token_text,
  against_text,
  position,
}) {
  const order = parts.map((value, i) => ({ value, name: components[i] ?? '' }));
  order.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const named = order.slice(0, NAMED).map(({ name, value }) => `${name} ${signed(value)}`);
  const against = against_text === null ? 'the mean of the vocabulary' : `“${against_text.trim()}”`;
  return `After position ${position}, “${token_text.trim()}” stands ${signed(difference)} against ${against}. The largest parts: ${named.join(', ')}.`;
}

/** @param {Attribution} found */
function attributionTable({ components, parts }) {
  const rows = components.map((name, i) => ({ name, part: parts[i] ?? 0 }));
  const table = sortableTable(
    'What each component adds to the logit; they sum to the whole',
    [
      { label: 'Component', show: ({ name }) => el('code', { text: name }) },
      {
        label: 'Logit',
        show: ({ part }) => signed(part),
        sortBy: ({ part }) => part,
        figures: true,
      },
    ],
    rows,
  );
  return folded('The numbers', 'Logit by component', table);
}

/**
 * @param {OutputRow[]} rows
 * @param {Study} study
 */
function outputSentence(rows, study) {
  const [model, ...others] = rows;
  if (!model) return '';
  const most = [...others].sort((a, b) => b.kl - a.kl)[0];
  const head = study.state.pattern?.head;
  const own = others.find(({ component }) => component === head);
  const rank = own ? 1 + others.filter(({ kl }) => kl > own.kl).length : 0;
  const ofHead = own
    ? ` Without ${own.component} it changes by ${signed(own.loss - model.loss)}, KL ${own.kl.toFixed(4)}: place ${rank} of ${others.length}.`
    : '';
  const ofMost = most
    ? ` Most is lost without ${most.component}: KL ${most.kl.toFixed(3)} nats a token.`
    : '';
  return `The loss is ${model.loss.toFixed(3)} nats a token.${ofHead}${ofMost}`;
}

/** @param {OutputRow[]} rows */
function outputTable(rows) {
  const before = rows[0]?.loss ?? 0;
  const table = sortableTable(
    'The output without each component: loss, distance of the next token’s probabilities, logit difference',
    [
      {
        label: 'Component',
        show: ({ component }) => el('code', { text: component }),
        sortBy: ({ component }) => component,
      },
      { label: 'Kind', show: ({ kind }) => kind },
      {
        label: 'Loss',
        show: ({ loss }) => loss.toFixed(4),
        sortBy: (row) => row.loss,
        figures: true,
      },
      {
        label: 'Change',
        show: (row) => signed(row.loss - before),
        sortBy: (row) => row.loss - before,
        figures: true,
      },
      { label: 'KL', show: ({ kl }) => kl.toFixed(5), sortBy: (row) => row.kl, figures: true },
      {
        label: 'KL, last',
        show: (row) => row.kl_last.toFixed(5),
        sortBy: (row) => row.kl_last,
        figures: true,
      },
      {
        label: 'Logit difference',
        show: ({ logit_difference: logit }) => (logit === null ? '–' : signed(logit)),
        sortBy: (row) => row.logit_difference ?? 0,
        figures: true,
      },
    ],
    rows,
  );
  const region = {
    class: 'scroll tall',
    tabindex: '0',
    role: 'region',
    'aria-label': 'The output',
  };
  return el('div', region, table);
}
