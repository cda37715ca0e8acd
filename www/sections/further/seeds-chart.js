// The strip plots of a run over many seeds: score and rank by seed, and the
// effects of the notebook preset. Their numbers stand in the table below.

import { axisX, axisY, dot, gridX, gridY, plot, ruleX, ruleY } from '@observablehq/plot';
import { figure } from '../../kit/figure.js';
import { metricName } from '../../study/catalogue.js';

const HEIGHT = 190;
/** The charts stand side by side where each still gets this many pixels. */
const SIDE_BY_SIDE = 340;
/** A figure with its sign takes so many, and room to its neighbour. */
const PIXELS_PER_TICK = 70;

/**
 * @param {Seeds} result
 * @param {number} width
 */
export function seedCharts({ head, metric, heads, seeds }, width) {
  const each = width >= 2 * SIDE_BY_SIDE ? Math.floor((width - 32) / 2) : width;
  const first = Math.min(...seeds.map(({ seed }) => seed));
  const last = Math.max(...seeds.map(({ seed }) => seed));
  const common = {
    width: each,
    height: HEIGHT,
    marginLeft: 52,
    marginBottom: 36,
    marginTop: 14,
    x: { domain: [first - 0.5, last + 0.5] },
  };
  const axis = axisX({
    label: 'seed',
    labelArrow: 'none',
    labelAnchor: 'center',
    ticks: Math.min(seeds.length, 8),
    tickFormat: 'd',
  });
  const strip = (/** @type {'score' | 'rank'} */ y) =>
    dot(seeds, {
      x: 'seed',
      y,
      r: 4,
      fill: (/** @type {SeedResult} */ { holds }) => (holds ? 'var(--mark)' : 'var(--surface)'),
      stroke: 'var(--mark)',
      strokeWidth: 1.5,
      title: (/** @type {SeedResult} */ { seed }) => `seed ${seed}`,
    });
  const lowest = Math.max(3, ...seeds.map(({ rank }) => rank));
  const ranks = ranksToName(lowest);
  const chance = seeds.map(({ seed, chance: level }) => ({ seed, level }));
  const charts = [
    figure(
      `${metricName(metric)} of ${head} by seed (filled: rank 1; ×: chance)`,
      plot({
        ...common,
        y: { nice: true, zero: true },
        marks: [
          gridY({ ticks: 4 }),
          axis,
          axisY({ label: null, ticks: 4 }),
          dot(chance, { x: 'seed', y: 'level', symbol: 'times', r: 3, stroke: 'var(--chance)' }),
          strip('score'),
        ],
      }),
    ),
    figure(
      `Rank of ${head} among ${heads} heads by seed`,
      plot({
        ...common,
        y: { reverse: true, domain: [1, lowest] },
        marks: [
          gridY({ ticks: ranks }),
          axis,
          axisY({ label: null, ticks: ranks, tickFormat: 'd' }),
          ruleY([1], { stroke: 'var(--line)' }),
          strip('rank'),
        ],
      }),
    ),
  ];
  const effects = seeds.flatMap((each) =>
    each.effects.map(({ component, effect }) => ({ component, effect, seed: each.seed })),
  );
  if (effects.length === 0) return charts;
  const ticks = Math.min(6, Math.max(2, Math.floor((width - 92) / PIXELS_PER_TICK)));
  const components = [...new Set(effects.map(({ component }) => component))];
  const preset = figure(
    'Effect of each ablation of the original study, one point per seed',
    plot({
      width,
      height: components.length * 30 + 52,
      marginLeft: 92,
      marginBottom: 40,
      x: { nice: true },
      y: { type: 'band', domain: components, label: null, tickSize: 0 },
      marks: [
        gridX({ ticks }),
        axisX({
          label: `change of ${metricName(metric)}`,
          labelArrow: 'none',
          labelAnchor: 'center',
          ticks,
        }),
        ruleX([0], { stroke: 'var(--ink-2)' }),
        dot(effects, {
          x: 'effect',
          y: 'component',
          r: 3.5,
          fill: 'var(--mark)',
          fillOpacity: 0.55,
          title: (/** @type {{ seed: number }} */ { seed }) => `seed ${seed}`,
        }),
      ],
    }),
  );
  return [...charts, preset];
}

/**
 * Whole ranks for an axis, from 1 to the lowest: some five of them.
 * @param {number} lowest
 */
function ranksToName(lowest) {
  const apart = Math.max(1, Math.ceil((lowest - 1) / 4));
  return Array.from({ length: Math.floor((lowest - 1) / apart) + 1 }, (_, i) => 1 + i * apart);
}
