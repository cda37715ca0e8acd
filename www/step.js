// One step of the study: its button, what it will cost beside it, the progress
// in the same place while it runs, and its problem below.

import { bytes } from './format.js';
import { byId, el, isOff, setOff } from './dom.js';
import { showProblem } from './problem-box.js';
import { ProgressBar } from './progress.js';

/**
 * @param {import('./study.js').Study} study
 * @param {Step} step
 * @param {() => void} perform
 * @param {(state: import('./study-state.js').StudyState) => { note: string, ready: boolean, done: boolean }} describe
 */
export function setUpStep(study, step, perform, describe) {
  const root = byId(`step-${step}`, HTMLDivElement);
  const run = root.querySelector('[data-run]');
  const note = root.querySelector('[data-note]');
  if (!(run instanceof HTMLButtonElement) || !note) throw new Error(`step-${step} is incomplete`);

  const progress = new ProgressBar(run.textContent?.trim() ?? '', () => {
    study.cancel();
    run.focus();
  });
  const problemSlot = el('div', { class: 'step-problem' });
  root.append(progress.element, problemSlot);

  run.addEventListener('click', () => {
    if (!isOff(run)) perform();
  });

  let running = false;
  /** @type {Problem | null} */
  let problem = null;
  study.subscribe((state) => {
    const { note: text, ready, done } = describe(state);
    const wasRunning = running;
    running = state.task?.step === step;
    if (running && !wasRunning) progress.reset();
    if (running && state.task?.progress) progress.show(state.task.progress);
    root.classList.toggle('running', running);
    // A step that is done steps back, so that the next one is the obvious one.
    run.classList.toggle('primary', !done);
    root.classList.toggle('done', done);
    setOff(run, !ready || state.task !== null);
    if (note.textContent !== text) note.textContent = text;
    const found = state.problems[step] ?? null;
    if (found === problem) return;
    problem = found;
    showProblem(problemSlot, problem, (offer) => {
      // The button that was pressed goes with the problem.
      run.focus();
      if (offer !== 'tiny') return perform();
      study.change({ model: 'tiny' });
      study.start();
    });
    if (problem) problemSlot.scrollIntoView({ block: 'nearest' });
  });
}

/** What the engine calls a model that the visitor picked. */
const DISK = 'your disk';

/**
 * What a step will fetch, from whom.
 * @param {Estimate | null | undefined} estimate
 */
export function cost(estimate) {
  if (!estimate) return '';
  const { host, bytes: count, cached } = estimate;
  if (count === null) return `Reads from ${host}; its size is known once opened.`;
  const stored = cached ? `${bytes(cached)} from cache` : '';
  if (count === 0) return stored ? `Reads ${stored}; nothing to download.` : 'Nothing to download.';
  if (host === DISK) return `Reads ${bytes(count)} from ${host}; nothing is uploaded.`;
  return `Downloads ${bytes(count)} from ${host}, once${stored ? `, and reads ${stored}` : ''}.`;
}
