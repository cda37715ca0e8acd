// A chart under its title. Its numbers stand in a table below.

import { el } from './dom.js';

/**
 * @param {string} title
 * @param {SVGSVGElement | HTMLElement} chart
 */
export function figure(title, chart) {
  // The chart is one image; labels on its unnamed groups would only confuse.
  for (const group of chart.querySelectorAll('g[aria-label]')) group.removeAttribute('aria-label');
  chart.setAttribute('role', 'img');
  chart.setAttribute('aria-label', `${title}. The table below holds the numbers.`);
  const element = el('figure', { class: 'chart' }, el('figcaption', { text: title }), chart);
  // A long title wraps rather than push its neighbour to the next line.
  element.style.maxWidth = `${chart.getAttribute('width')}px`;
  return element;
}
