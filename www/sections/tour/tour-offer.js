// The way into the tour. The tour itself comes when it is first asked for.

import { byId, isOff, setOff } from '../../kit/dom.js';
import { showProblem } from '../../kit/problem-box.js';

/** @type {Problem} */
const NOT_HERE = {
  what: 'The tour did not arrive from this site.',
  kept: 'The page works without it.',
  next: 'Check the connection and try again.',
  offers: ['retry'],
  key: null,
};

/** @param {import('../../study/study.js').Study} study */
export function setUpTourOffer(study) {
  const offer = byId('tour-open', HTMLButtonElement);
  const problemSlot = byId('launch-problem', HTMLDivElement);
  /** @type {Promise<import('./tour.js').Tour> | undefined} */
  let tour;
  offer.addEventListener('click', async () => {
    if (isOff(offer)) return;
    tour ??= import('./tour.js').then(({ Tour }) => new Tour(study));
    try {
      (await tour).open();
      showProblem(problemSlot, null);
    } catch {
      tour = undefined;
      showProblem(problemSlot, NOT_HERE, () => offer.click());
    }
  });
  study.subscribe(({ promptSet }) => setOff(offer, promptSet === null));
}
