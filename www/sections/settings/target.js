// What heads are scored for: one of the named targets, a pair of categories that the
// visitor picks, or cells painted on the heatmap.

import { byId, el } from '../../kit/dom.js';
import { categoryLetter } from '../../labels/categories.js';
import { isPainted, pairOf, pairTarget } from '../../labels/targets.js';
import { catalogue } from '../../study/catalogue.js';
import { settingText } from '../../kit/problem.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpTarget(study) {
  const select = byId('target', HTMLSelectElement);
  const pairFields = byId('target-pair', HTMLDivElement);
  const from = byId('target-from', HTMLSelectElement);
  const to = byId('target-to', HTMLSelectElement);
  const over = byId('over', HTMLSelectElement);
  const error = byId('target-error', HTMLParagraphElement);

  select.addEventListener('change', () => {
    const isPair = select.value === catalogue().pair.name;
    study.change({ target: isPair ? pairTarget(0, 0) : select.value });
  });
  for (const each of [from, to]) {
    each.addEventListener('change', () =>
      study.change({ target: pairTarget(from.value, to.value) }),
    );
  }

  /** @type {string[] | undefined} */
  let named;
  study.subscribe(({ settings, settingProblems, promptSet }) => {
    const pair = pairOf(settings.target);
    const painted = isPainted(settings.target);
    for (const each of select.options) {
      // It is chosen by painting.
      if (each.value === catalogue().cells.name) each.hidden = !painted;
    }
    select.value = pair
      ? catalogue().pair.name
      : painted
        ? catalogue().cells.name
        : settings.target;
    pairFields.hidden = pair === null;
    // What is painted is of the shown prompt, whatever else is set.
    over.disabled = painted;
    over.value = painted ? 'prompt' : settings.over;
    const categories = promptSet?.categories;
    if (categories && categories !== named) {
      named = categories;
      for (const each of [from, to]) each.replaceChildren(...categories.map(option));
    }
    if (pair) [from.value, to.value] = [String(pair[0]), String(pair[1])];
    error.textContent = settingText(settingProblems.find(({ key }) => key === 'target'));
  });
}

/**
 * @param {string} name
 * @param {number} row
 */
function option(name, row) {
  return el('option', { value: String(row), text: `${categoryLetter(row)} ${name}` });
}
