// What the page shows and does, always in view: the model, and what runs with a way out.

import { byId } from '../kit/dom.js';
import { OWN } from '../study/demo.js';

/** @typedef {import('../study/study-state.js').StudyState} StudyState */

/** @param {import('../study/study.js').Study} study */
export function setUpStatusBar(study) {
  const text = byId('bar-text', HTMLSpanElement);
  const track = byId('bar-track', HTMLSpanElement);
  const fill = byId('bar-fill', HTMLSpanElement);
  const cancel = byId('bar-cancel', HTMLButtonElement);
  const pill = byId('shown-model', HTMLParagraphElement);
  cancel.addEventListener('click', () => study.cancel());

  study.subscribe((state) => {
    const { task } = state;
    const { done = 0, total = 0 } = task?.progress ?? {};
    track.hidden = cancel.hidden = task === null;
    fill.style.width = `${total > 0 ? Math.min(100, (100 * done) / total) : 0}%`;
    tell(text, task ? (task.progress?.stage ?? 'Starting') : modelName(state));
  });
  study.watch(
    ({ demo, model, imported, pattern }) => [demo, model, imported, pattern !== null],
    (_, state) => tell(pill, `${whereFrom(state)}${modelName(state)}`),
  );
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {StudyState} state */
function modelName({ model, imported, pattern }) {
  if (imported) return imported.model?.id ?? '';
  if (!model || !pattern) return '';
  return model.id === OWN ? 'demo model, not GPT-2' : model.name;
}

/** @param {StudyState} state */
function whereFrom({ model, imported, pattern }) {
  if (imported) return 'Saved results: ';
  return model && pattern ? 'Live in your browser: ' : 'Runs in your browser';
}
