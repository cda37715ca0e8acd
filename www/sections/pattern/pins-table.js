// The compared heads as a table.

import { score as figure } from '../../kit/format.js';
import { promptName } from '../../labels/prompt-name.js';
import { breakdown, metricName } from '../../study/catalogue.js';
import { sortableTable } from '../../kit/sortable-table.js';

/** @typedef {import('../../study/pins.js').Pinned} Pinned */

/**
 * @param {Pinned[]} pinned
 * @param {Settings} settings
 */
export function pinsTable(pinned, settings) {
  const { metric } = settings;
  const prompt = promptName(settings, pinned[0]?.result.prompt ?? 0);
  /** @type {import('../../kit/sortable-table.js').Column<Pinned>[]} */
  const columns = [
    { label: 'Head', show: ({ facts }) => facts.head, sortBy: ({ facts }) => facts.head },
    {
      label: metricName(metric),
      show: ({ facts }) => figure(facts.score),
      sortBy: ({ facts }) => facts.score ?? -1,
      figures: true,
    },
    ...breakdown().map(({ name, label }) => ({
      label,
      show: (/** @type {Pinned} */ { facts }) => figure(facts.shares[name]),
      sortBy: (/** @type {Pinned} */ { facts }) => facts.shares[name],
      figures: true,
    })),
  ];
  return sortableTable(`Pinned heads on ${prompt}`, columns, pinned);
}
