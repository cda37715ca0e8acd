// Many seeds: the head's score and rank, and the notebook preset, seed by seed.

import { byId, debounce } from '../../kit/dom.js';
import { plural } from '../../kit/format.js';
import { part } from '../../kit/part.js';
import { showProblem } from '../../kit/problem-box.js';
import { settingText } from '../../kit/problem.js';
import { metricName } from '../../study/catalogue.js';
import { setUpTool } from '../../steps/tool.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpSeeds(study) {
  const from = byId('seeds-from', HTMLInputElement);
  const to = byId('seeds-to', HTMLInputElement);
  const error = byId('seeds-error', HTMLParagraphElement);
  const sentence = byId('seeds-sentence', HTMLParagraphElement);
  const chart = byId('seeds-chart', HTMLDivElement);
  const table = byId('seeds-table', HTMLDivElement);
  const results = byId('seeds-results', HTMLDivElement);

  /** @param {string} message */
  function complain(message) {
    error.textContent = message;
    for (const input of [from, to]) input.setAttribute('aria-invalid', String(message !== ''));
  }

  const take = debounce(350, () => {
    const seeds = `${from.value.trim()}-${to.value.trim()}`;
    const preview = study.preview({ seeds });
    complain(settingText(preview.refused));
    if (!preview.refused) study.adopt(preview);
  });
  for (const input of [from, to]) input.addEventListener('input', take);

  setUpTool(study, 'seeds', {
    about: 'Scores all heads and runs the original study’s ablations for every seed. ',
  });

  let width = 0;
  async function draw() {
    const { seeds } = study.state.further;
    if (!seeds || seeds.seeds.length === 0) return;
    const load = () => Promise.all([import('./seeds-chart.js'), import('./seeds-table.js')]);
    const drawn = await part('What draws the chart', load).catch((problem) => {
      if (seeds === study.state.further.seeds) showProblem(chart, problem, draw);
    });
    if (!drawn || seeds !== study.state.further.seeds) return;
    const [{ seedCharts }, { seedTable }] = drawn;
    if (!table.firstChild) table.append(seedTable(seeds, (seed) => study.change({ seed })));
    if (chart.clientWidth > 0) chart.replaceChildren(...seedCharts(seeds, chart.clientWidth));
  }
  new ResizeObserver(() => {
    if (chart.clientWidth === width) return;
    width = chart.clientWidth;
    draw();
  }).observe(chart);

  function write() {
    const [first = '', last = ''] = study.state.settings.seeds.split('-');
    if (document.activeElement !== from) from.value = first;
    if (document.activeElement !== to) to.value = last;
  }
  study.onReset(() => {
    write();
    complain('');
  });

  study.watch(({ settings }) => settings.seeds, write);
  study.watch(
    ({ further }) => further.seeds,
    (shown) => {
      sentence.textContent = shown ? summarise(shown) : '';
      chart.replaceChildren();
      table.replaceChildren();
      results.hidden = !shown?.seeds.length;
      draw();
    },
  );
}

/** @param {Seeds} seeds */
function summarise({ head, metric, heads, asked, seeds, higher_is_more }) {
  const held = seeds.filter(({ holds }) => holds);
  const beyond = seeds.filter(({ score, chance }) =>
    higher_is_more ? score > chance : score < chance,
  );
  const failed = seeds.filter(({ holds }) => !holds).map(({ seed }) => seed);
  if (seeds.length === 0) {
    return `None of ${plural(asked, 'seed')} drew a prompt that can be scored. Draw longer sequences or fewer categories.`;
  }
  const first = beyond.length > 0 ? ` and first of ${heads} heads for ${share(held, seeds)}` : '';
  const parts = [
    `Of ${plural(seeds.length, 'seed')}, ${head} is beyond chance for ${share(beyond, seeds)}${first} (${metricName(metric)}).`,
  ];
  // Where it holds for none, there is no telling them apart.
  if (failed.length > 0 && held.length > 0) parts.push(`It does not hold for ${list(failed)}.`);
  parts.push(...ablationSentences(seeds));
  if (seeds.length < asked) {
    parts.push(`${plural(asked - seeds.length, 'seed')} drew no prompt that can be scored.`);
  }
  return parts.join(' ');
}

/**
 * @param {SeedResult[]} some
 * @param {SeedResult[]} all
 */
function share(some, all) {
  if (some.length === 0) return 'none';
  return some.length === all.length ? 'all' : String(some.length);
}

/**
 * Which ablations change the score in the same direction for every seed.
 * @param {SeedResult[]} seeds
 */
function ablationSentences(seeds) {
  /** @type {string[]} */
  const raising = [];
  /** @type {string[]} */
  const lowering = [];
  /** @type {string[]} */
  const both = [];
  for (const [component, effects] of byComponent(seeds)) {
    const up = effects.filter((effect) => effect > 0).length;
    if (up === effects.length) raising.push(component);
    else if (up === 0) lowering.push(component);
    else both.push(`${component} (up in ${up})`);
  }
  return [
    raising.length > 0
      ? `Ablating ${raising.join(' or ')} raised the score in all ${seeds.length} seeds.`
      : '',
    lowering.length > 0 ? `Ablating ${lowering.join(' or ')} raised it in none.` : '',
    both.length > 0 ? `Mixed: ${both.join(', ')}.` : '',
  ].filter(Boolean);
}

/** @param {SeedResult[]} seeds */
function byComponent(seeds) {
  /** @type {Map<string, number[]>} */
  const all = new Map();
  for (const { effects } of seeds) {
    for (const { component, effect } of effects) {
      all.set(component, [...(all.get(component) ?? []), effect]);
    }
  }
  return all;
}

/** @param {number[]} seeds */
function list(seeds) {
  const named = seeds.slice(0, 12).join(', ');
  if (seeds.length > 12) return `seeds ${named} and ${seeds.length - 12} more`;
  return `seed${seeds.length > 1 ? 's' : ''} ${named}`;
}
