// Many seeds as a table: a row for each.

import { button, el } from '../../kit/dom.js';
import { score as figure, signed } from '../../kit/format.js';
import { metricName } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';

/**
 * @param {Seeds} seeds
 * @param {(seed: number) => void} open
 */
export function seedTable({ head, metric, seeds }, open) {
  const components = seeds[0]?.effects.map(({ component }) => component) ?? [];
  /** @type {import('../../kit/sortable-table.js').Column<SeedResult>[]} */
  const effects = components.map((component, index) => ({
    label: `−\u00a0${component}`,
    show: (row) => signed(row.effects[index]?.effect ?? 0),
    sortBy: (row) => row.effects[index]?.effect ?? 0,
    figures: true,
  }));
  return sortableTable(
    `${head}, ${metricName(metric)}, seed by seed; the last columns are effects of the original study’s ablations`,
    [
      {
        label: 'Seed',
        show: ({ seed }) => button(String(seed), 'link', () => open(seed)),
        sortBy: ({ seed }) => seed,
      },
      {
        label: 'Score',
        show: (row) => figure(row.score),
        sortBy: (row) => row.score,
        figures: true,
      },
      {
        label: 'Chance',
        show: (row) => figure(row.chance),
        sortBy: (row) => row.chance,
        figures: true,
      },
      { label: 'Rank', show: (row) => String(row.rank), sortBy: (row) => row.rank, figures: true },
      {
        label: 'First',
        show: ({ best }) => el('code', { text: best }),
        sortBy: ({ best }) => best,
      },
      {
        label: 'n',
        show: (row) => String(row.prompts),
        sortBy: (row) => row.prompts,
        figures: true,
      },
      ...effects,
    ],
    seeds,
  );
}
