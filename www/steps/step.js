// One step of the study: its button, what it will cost beside it, the progress
// in the same place while it runs, and its problem below.

import { announce } from '../kit/announce.js';
import { bytes } from '../kit/format.js';
import { byId, el, isOff, setOff } from '../kit/dom.js';
import { offerModel } from './offer-model.js';
import { showProblem } from '../kit/problem-box.js';
import { ProgressBar } from '../kit/progress.js';

/**
 * @param {import('../study/study.js').Study} study
 * @param {Step} step
 * @param {() => void} perform
 * @param {(state: import('../study/study-state.js').StudyState) => { note: string, ready: boolean, done: boolean, label?: string }} describe
 */
export function setUpStep(study, step, perform, describe) {
  const root = byId(`step-${step}`, HTMLDivElement);
  const run = root.querySelector('[data-run]');
  const note = root.querySelector('[data-note]');
  if (!(run instanceof HTMLButtonElement) || !note) throw new Error(`step-${step} is incomplete`);

  const cancel =
    root.querySelector('button.progress-cancel') ??
    el('button', { type: 'button', class: 'button progress-cancel', text: 'Cancel' });
  if (!(cancel instanceof HTMLButtonElement)) throw new Error(`step-${step} is incomplete`);
  cancel.hidden = false;
  cancel.addEventListener('click', () => {
    study.cancel();
    run.focus();
  });
  const progress = new ProgressBar(run.textContent?.trim() ?? '', cancel);
  const problemSlot = el('div', { class: 'step-problem' });
  root.append(progress.element, problemSlot);

  run.addEventListener('click', () => {
    if (!isOff(run)) perform();
  });
  const first = run.textContent?.trim() ?? '';

  /** @param {import('../study/study-state.js').StudyState} state */
  function phaseOf({ task, waiting }) {
    if (task?.step === step) return 'running';
    return waiting.includes(step) ? 'waiting' : 'idle';
  }
  study.watch(
    phaseOf,
    (phase) => progress.reset(phase === 'waiting' ? 'Waits for what runs now' : undefined),
    'idle',
  );
  study.subscribe((state) => {
    const { note: text, ready, done, label = first } = describe(state);
    const phase = phaseOf(state);
    if (phase === 'running' && state.task?.progress) progress.show(state.task.progress);
    root.classList.toggle('running', phase !== 'idle');
    // A step that is done steps back, so that the next one is the obvious one.
    run.classList.toggle('primary', !done);
    if (run.textContent !== label) run.textContent = label;
    root.classList.toggle('done', done);
    setOff(run, !ready || phase !== 'idle');
    const whole = [state.stopped[step], text].filter(Boolean).join(' ');
    if (note.textContent !== whole) note.textContent = whole;
  });
  study.watch(
    ({ stopped }) => stopped[step],
    (why) => why && announce(why),
  );
  study.watch(
    ({ problems }) => problems[step] ?? null,
    (problem) => {
      showProblem(problemSlot, problem, (offer) => {
        // The button that was pressed goes with the problem.
        run.focus();
        if (offer === 'retry') return perform();
        if (offer === 'disk' || offer === 'address') return offerModel(offer);
        study.change({ model: 'tiny' });
        study.start();
      });
      if (problem) problemSlot.scrollIntoView({ block: 'nearest' });
    },
    null,
  );
}

/** What the engine calls a model that the visitor picked. */
const DISK = 'your disk';

/**
 * How much of a device's memory weights may take: while they are read, a page has nearly
 * three times as much as they (docs/testing.md).
 */
const SHARE = 0.25;

/**
 * What a step will fetch, from whom, and whether that is much for this device.
 * @param {Estimate | null | undefined} estimate
 */
export function cost(estimate) {
  return estimate ? [fetched(estimate), tooMuch(estimate)].filter(Boolean).join(' ') : '';
}

/** @param {Estimate} estimate */
function fetched(estimate) {
  const { host, bytes: count, cached } = estimate;
  if (count === null) return `Reads from ${host}; its size is known once opened.`;
  const stored = cached ? `${bytes(cached)} from cache` : '';
  if (count === 0) return stored ? `Reads ${stored}; nothing to download.` : 'Nothing to download.';
  if (host === DISK) return `Reads ${bytes(count)} from ${host}; nothing is uploaded.`;
  return `Downloads ${bytes(count)} from ${host}, once${stored ? `, and reads ${stored}` : ''}.`;
}

/** Bytes of weights from which on it is said that they take as much memory. */
const LARGE = 1e9;

/**
 * What much weights take of memory, and a warning where they alone are much of what the
 * browser says that the device has, in gigabytes. Not every browser says.
 * @param {Estimate} estimate
 */
function tooMuch({ bytes: count, cached }) {
  const { deviceMemory } = /** @type {{ deviceMemory?: number }} */ (navigator);
  const needed = (count ?? 0) + (cached ?? 0);
  const takes = needed >= LARGE ? `Takes at least ${bytes(needed)} of memory.` : '';
  if (!deviceMemory || needed <= SHARE * deviceMemory * 2 ** 30) return takes;
  return `${takes} That is much memory for this device, which has about ${deviceMemory} GB: if the page stops, close other tabs or take a smaller model.`.trim();
}
