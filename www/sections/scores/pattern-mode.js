// The map of heads with their patterns on the shown prompt in place of their scores: what
// is drawn, what is said of a head, what loads the layers that are missing, and the table.

import { byId, button, facts as factList } from '../../kit/dom.js';
import { percent, plural, score as figure } from '../../kit/format.js';
import { sortableTable } from '../../kit/sortable-table.js';
import { headOrder } from '../../labels/heads.js';
import { PatternsMap } from '../../labels/patterns-map.js';
import { promptName } from '../../labels/prompt-name.js';
import { setUpPromptView } from '../../steps/prompt-view.js';
import { breakdown, metricName, partLabel } from '../../study/catalogue.js';
import { parseLook, withoutLock } from '../../study/look.js';
import { shownSettings } from '../../study/study-state.js';

/** What full colour stands for in each picture, by the choice below the heatmap. */
const FULL_COLOUR = {
  matrix: 'Colour normalised per head.',
  row: 'Colour normalised per row.',
  one: 'Colour range 0–1.',
};

export class PatternMode {
  #study;
  #fold = byId('thumbnails-table-fold', HTMLDetailsElement);
  #table = byId('thumbnails-table', HTMLDivElement);
  #mayCompute;
  #isOn = false;
  /** @type {ThumbnailSheet | undefined} */
  #sheet;
  #drawn = '';

  /**
   * @param {import('../../study/study.js').Study} study
   * @param {() => void} redraw called when there is something else to show
   */
  constructor(study, redraw) {
    this.#study = study;
    this.#mayCompute = setUpPromptView(study, 'thumbnails', {
      wanted: () => this.#isOn,
      lacks: ({ further: { thumbnails: found } }) =>
        found !== undefined && found.heads.length < found.n_layer * found.n_head,
    });
    this.#fold.addEventListener('toggle', () => this.#showTable());
    study.subscribe(({ further: { thumbnails: found }, pattern, imported }) => {
      // Until the new ones are there, those of before stay, so that nothing flickers.
      const sheet = found || !pattern || imported ? found : this.#sheet;
      if (sheet === this.#sheet && this.#look() === this.#drawn) return;
      this.#sheet = sheet;
      this.#drawn = this.#look();
      if (!this.#isOn) return;
      redraw();
      this.#showTable();
    });
  }

  /** @param {boolean} on whether the map shows patterns */
  turn(on) {
    this.#isOn = on;
    if (on) this.#mayCompute();
    this.#showTable();
  }

  /** @returns {DrawnCells | null} */
  view() {
    const sheet = this.#sheet;
    if (!sheet || sheet.heads.length === 0) return null;
    return new PatternsMap(sheet, shownSettings(this.#study.state));
  }

  /** What stands below the map. */
  about() {
    const sheet = this.#sheet;
    return sheet ? about(sheet, shownSettings(this.#study.state)) : '';
  }

  /**
   * What is said of a head.
   * @param {string} head
   */
  facts(head) {
    const found = this.#find(head);
    const name = metricName(this.#study.state.settings.metric);
    const share = (/** @type {keyof AttentionBreakdown} */ part) =>
      found ? percent(found.shares[part]) : '–';
    return factList([
      [name, figure(found?.score)],
      [partLabel('same_category'), share('same_category')],
      [partLabel('self'), share('self')],
      [partLabel('bos'), share('bos')],
    ]);
  }

  /** @param {string} head */
  sentence(head) {
    const found = this.#find(head);
    if (!found) return `${head}: not loaded yet`;
    const name = metricName(this.#study.state.settings.metric);
    return `${head}: ${name} ${figure(found.score)}, BOS ${percent(found.shares.bos)}`;
  }

  /** @param {string} head */
  #find(head) {
    return this.#sheet?.heads.find((each) => each.head === head);
  }

  #look() {
    const { view, head, metric } = shownSettings(this.#study.state);
    return `${withoutLock(view)} ${head} ${metric}`;
  }

  #showTable() {
    const heads = this.#sheet?.heads ?? [];
    const { metric } = this.#study.state.settings;
    const open = (/** @type {string} */ head) => this.#study.change({ head });
    const shown = this.#isOn && this.#fold.open && heads.length > 0;
    this.#table.replaceChildren(...(shown ? [patternTable(heads, metric, open)] : []));
  }
}

/**
 * @param {ThumbnailSheet} sheet
 * @param {Settings} settings
 */
function about({ heads, n, side, n_head, n_layer, prompt }, settings) {
  const layers = heads.length / n_head;
  const which =
    layers < n_layer
      ? `Layers 0 to ${layers - 1} of ${n_layer} are loaded.`
      : `All ${plural(heads.length, 'head')} on ${promptName(settings, prompt)}.`;
  const scale = FULL_COLOUR[/** @type {keyof typeof FULL_COLOUR} */ (parseLook(settings.view).max)];
  const small = `Each of the ${side} rows and columns holds the largest of several of the ${n} tokens.`;
  return [which, scale, side < n ? small : ''].join(' ').trim();
}

/**
 * @param {HeadFacts[]} heads
 * @param {Metric} metric
 * @param {(head: string) => void} open
 */
function patternTable(heads, metric, open) {
  /** @type {import('../../kit/sortable-table.js').Column<HeadFacts>[]} */
  const columns = [
    {
      label: 'Head',
      show: ({ head }) => button(head, 'link', () => open(head)),
      sortBy: ({ head }) => headOrder(head),
    },
    {
      label: metricName(metric),
      show: ({ score }) => figure(score),
      sortBy: ({ score }) => score ?? -1,
      figures: true,
    },
    ...breakdown()
      .filter(({ name }) => name !== 'other')
      .map(share),
  ];
  const [first, last] = [heads[0]?.head, heads.at(-1)?.head];
  return sortableTable(`Heads ${first} to ${last} on the shown prompt`, columns, heads);
}

/**
 * @param {Catalogue['breakdown'][number]} part
 * @returns {import('../../kit/sortable-table.js').Column<HeadFacts>}
 */
function share({ name, label }) {
  return {
    label,
    show: ({ shares }) => figure(shares[name]),
    sortBy: ({ shares }) => shares[name],
    figures: true,
  };
}
