// What each component adds to a logit: the largest parts as bars.

import { axisX, axisY, barX, gridX, plot, ruleX } from '@observablehq/plot';
import { figure } from '../../kit/figure.js';

/** More bars than these say less. */
const MOST = 20;

/**
 * @param {Attribution} found
 * @param {number} room
 */
export function attributionChart({ components, parts, token_text }, room) {
  const rows = components
    .map((name, i) => ({ name, part: parts[i] ?? 0 }))
    .sort((a, b) => Math.abs(b.part) - Math.abs(a.part))
    .slice(0, MOST);
  const chart = plot({
    width: Math.min(room, 640),
    height: rows.length * 22 + 48,
    marginLeft: 110,
    marginBottom: 40,
    x: { nice: true },
    y: { type: 'band', domain: rows.map(({ name }) => name), padding: 0.2 },
    marks: [
      gridX({ ticks: 5 }),
      barX(rows, {
        x: 'part',
        y: 'name',
        fill: (/** @type {{ part: number }} */ { part }) =>
          part < 0 ? 'var(--chance)' : 'var(--mark)',
      }),
      ruleX([0], { stroke: 'var(--ink-2)' }),
      axisY({ label: null, tickSize: 0 }),
      axisX({ label: 'logit', labelArrow: 'none', labelAnchor: 'center', ticks: 5 }),
    ],
  });
  const which =
    components.length > MOST ? `the ${MOST} largest of ${components.length} parts` : 'by part';
  return figure(`Logit of “${token_text.trim()}”, ${which}`, chart);
}
