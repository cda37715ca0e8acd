// What can be chosen of each setting, in the selects and under "Formulas": the document
// holds their places, the catalogue what stands there.

import { byId, el } from '../../kit/dom.js';
import { capital } from '../../kit/format.js';
import { catalogue } from '../../study/catalogue.js';

export function fillChoices() {
  const { metrics, kinds, targets, pair, cells } = catalogue();
  fill('metric', metrics);
  fill('kind', kinds);
  fill('against', [{ name: '', label: 'None' }, ...kinds]);
  fill('target', [...targets, pair, cells]);
  byId('formulas-list', HTMLDivElement).replaceChildren(...metrics.map(formula));
}

/**
 * @param {string} id
 * @param {{ name: string, label: string }[]} choices
 */
function fill(id, choices) {
  const options = choices.map(({ name, label }) => el('option', { value: name, text: label }));
  byId(id, HTMLSelectElement).replaceChildren(...options);
}

/** @param {Catalogue['metrics'][number]} metric */
function formula({ words, formula: text, higher_is_more }) {
  const name = el('b', { text: capital(words) });
  return el('p', {}, name, `, ${higher_is_more ? 'higher' : 'lower'} is more: ${text}`);
}
