// The eigenvalues of a head's S as a strip, the largest by size first.

import { axisY, barY, gridY, plot, ruleY } from '@observablehq/plot';
import { figure } from '../../kit/figure.js';

/**
 * @param {Circuits} circuits
 * @param {number} width
 */
export function eigenvalueStrip({ head, form }, width) {
  const values = (form.eigenvalues ?? []).map((value, index) => ({ index, value }));
  const chart = plot({
    width,
    height: 140,
    marginLeft: 44,
    marginBottom: 12,
    x: { type: 'band', axis: null, padding: 0.15 },
    marks: [
      gridY({ ticks: 4 }),
      axisY({ label: null, ticks: 4 }),
      barY(values, {
        x: 'index',
        y: 'value',
        fill: (/** @type {{ value: number }} */ { value }) =>
          value < 0 ? 'var(--chance)' : 'var(--mark)',
      }),
      ruleY([0], { stroke: 'var(--ink-2)' }),
    ],
  });
  return figure(`Eigenvalues of S of ${head}, the largest by size first`, chart);
}
