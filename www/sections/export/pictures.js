// What each view shows as a picture, and what is printed below it.

import { categoryLetter } from '../../labels/categories.js';
import { percent, plural, score as figure } from '../../kit/format.js';
import { headMapView } from '../../labels/head-map-view.js';
import { isWithin, patternView } from '../../labels/pattern-view.js';
import { PICTURES } from './picture-choice.js';
import { parseSvg, standalone } from './picture.js';
import { pinnedResults } from '../../study/pins.js';
import { tell } from '../../labels/cell.js';
import { breakdown, metricName } from '../../study/catalogue.js';
import { targetWords } from '../../labels/targets.js';
import { isDark } from '../../kit/theme.js';
import { thumbnailsView } from '../../labels/thumbnails-view.js';
import { lookInWords, parseLook } from '../../study/look.js';
import { matrixSvg } from '../../kit/matrix-picture.js';
import { shownView, viewLabel, wordsPicture } from '../../labels/words-picture.js';

/** Width that a view is laid out for, as it may lie in a paper. */
const WIDTH = 760;
const SHEET = 900;
const CARD = 480;

/** @typedef {import('../../study/study-state.js').StudyState} State */
/** @typedef {import('./picture.js').Block} Block */

/**
 * @typedef {object} Source
 * @property {(state: State) => Block[]} blocks
 * @property {(state: State) => string[]} lines what it says beside the settings
 */

/** @type {Record<import('./picture-choice.js').PictureChoice['key'], Source>} */
const SOURCES = {
  heatmap: {
    blocks({ pattern, promptSet, settings }) {
      if (!pattern) return [];
      const { locked, ...view } = parseLook(settings.view);
      const marked = locked && isWithin(locked, pattern) ? locked : { q: -1, k: -1 };
      return [
        drawn(
          patternView(pattern, promptSet, { ...view, locked }, settings.target),
          WIDTH,
          marked.q,
          marked.k,
        ),
      ];
    },
    lines(state) {
      const { pattern, settings, promptSet } = state;
      if (!pattern) return [];
      const { locked } = parseLook(settings.view);
      const marked =
        locked && isWithin(locked, pattern) ? tell(pattern, locked, promptSet).words : '';
      return [
        `${metricName(settings.metric)} ${figure(pattern.score)}, chance ${figure(pattern.chance)}`,
        sharesLine(pattern.shares),
        viewLine(state),
        legend(state),
        marked ? `Marked: ${marked}` : '',
      ];
    },
  },
  pins: {
    blocks(state) {
      const view = parseLook(state.settings.view);
      const { q, k } = view.locked ?? { q: -1, k: -1 };
      return pinnedResults(state).map(({ facts, result }) => ({
        ...drawn(patternView(result, state.promptSet, view, state.settings.target), CARD, q, k),
        title: `${facts.head}: ${metricName(state.settings.metric)} ${figure(facts.score)}`,
      }));
    },
    lines: (state) => [viewLine(state), legend(state)],
  },
  thumbnails: {
    blocks({ further, settings }) {
      const sheet = further.thumbnails;
      return sheet ? [drawn(thumbnailsView(sheet, settings), SHEET, -1, -1)] : [];
    },
    lines: (state) => [viewLine(state)],
  },
  headmap: {
    blocks({ scores, settings }) {
      if (!scores) return [];
      return [drawn(headMapView(scores, settings.head), WIDTH, -1, -1)];
    },
    lines({ scores, promptSet }) {
      if (!scores) return [];
      const what = targetWords(scores.target, promptSet);
      return [
        `Attention to ${what}: ${metricName(scores.metric)} over ${plural(scores.n, 'prompt')}, chance ${figure(scores.chance)}`,
      ];
    },
  },
  ablations: {
    blocks: () => charts('ablations'),
    lines({ ablations }) {
      if (!ablations) return [];
      const { kind, against, n, chance } = ablations;
      const kinds = against ? `${kind} and ${against}` : kind;
      return [`Ablations: ${kinds}, over ${plural(n, 'prompt')}, chance ${figure(chance)}`];
    },
  },
  seeds: {
    blocks: () => charts('seeds'),
    lines: ({ settings }) => [`Seeds ${settings.seeds} instead of the one above`],
  },
  circuits: {
    blocks({ further, promptSet }) {
      const words = further.circuits?.words;
      if (!words) return [];
      const picture = wordsPicture(words, promptSet?.categories ?? [], shownView());
      return [{ svg: matrixSvg(picture, WIDTH, isDark()) }];
    },
    lines: ({ further }) => [
      `${viewLabel(shownView())}: rows are queries, columns keys; α = ${further.circuits?.alpha ?? 1}`,
    ],
  },
  lens: {
    blocks: () => charts('lens'),
    lines: () => [],
  },
};

/**
 * A view as it stands, and all that its picture has to state but the link. Without
 * the results that it shows it has no blocks.
 * @param {string} key
 * @param {State} state
 */
export function pictureOfView(key, state) {
  const choice = PICTURES.find((each) => each.key === key);
  if (!choice?.ready(state)) return { blocks: [], lines: [] };
  const { blocks, lines } = SOURCES[choice.key];
  const said = [...settingsLines(state), ...lines(state)];
  return { blocks: blocks(state), lines: said.filter((line) => line !== '') };
}

/**
 * What every picture states: model, head, prompt, draw and measure.
 * @param {State} state
 */
function settingsLines({ settings, model, pattern }) {
  const { seed, n, len, cats, text, head, metric, target } = settings;
  const draw =
    text === null ? `seed ${seed}, ${n} sequences of ${len} words, ${cats} categories` : 'own text';
  const prompt = pattern && text === null ? `, prompt ${pattern.prompt}` : '';
  return [
    `Headscope: ${model?.name ?? settings.model}, head ${head}${prompt} (${draw})`,
    `Measure: ${metricName(metric)}, ${target}`,
  ];
}

/**
 * @param {CellView} view
 * @param {number} width
 * @param {number} row
 * @param {number} column
 * @returns {Block}
 */
function drawn(view, width, row, column) {
  view.size(width);
  const svg = parseSvg(view.svg(isDark(), row, column));
  view.free();
  return { svg };
}

/**
 * Charts are taken off the page, where they stand once they are drawn.
 * @param {'ablations' | 'seeds' | 'lens'} key
 * @returns {Block[]}
 */
function charts(key) {
  return [...document.querySelectorAll(`#${key}-chart figure`)].flatMap((each) => {
    const svg = each.querySelector('svg');
    const title = each.querySelector('figcaption')?.textContent ?? '';
    return svg ? [{ title, svg: standalone(svg) }] : [];
  });
}

/** @param {State} state */
function viewLine({ settings }) {
  return lookInWords(parseLook(settings.view));
}

/** @param {AttentionBreakdown} shares */
function sharesLine(shares) {
  return breakdown()
    .map(({ name, label }) => `${label} ${percent(shares[name])}`)
    .join(' · ');
}

/**
 * The categories of the shown prompt by their letters.
 * @param {State} state
 */
function legend({ promptSet, pattern }) {
  const prompt = pattern && promptSet?.prompts[pattern.prompt];
  const used = [...new Set(prompt?.categories ?? [])].filter((category) => category >= 0);
  const names = used
    .sort((a, b) => a - b)
    .map((category) => `${categoryLetter(category)} ${promptSet?.categories[category] ?? ''}`);
  return names.length > 0 ? `Categories: ${names.join(' · ')}` : '';
}
