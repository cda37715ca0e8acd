// What a link asks for that is not on show yet, so that whoever was sent it knows.

import { byId } from '../../kit/dom.js';
import { catalogue } from '../../study/catalogue.js';
import { OWN } from '../../study/demo.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpSent(study) {
  const note = byId('sent', HTMLParagraphElement);
  study.watch(
    ({ settings, pattern, demo }) => [settings, !pattern || demo !== null],
    ([settings, waits]) => {
      const wanted = waits && settings.model !== OWN ? asked(settings) : '';
      note.hidden = wanted === '';
      note.textContent = wanted && `The link asks for ${wanted}. Load the model to see that.`;
    },
  );
}

/**
 * What is not as it would be without a link.
 * @param {Settings} settings
 */
function asked({ head, prompt, seed, text, words, target, metric }) {
  const { defaults } = catalogue();
  const parts = [
    head !== defaults.head && `head ${head}`,
    text === null && prompt !== defaults.prompt && `prompt ${prompt}`,
    text === null && seed !== defaults.seed && `seed ${seed}`,
    text !== null && 'a text',
    words !== null && 'its own words',
    target !== defaults.target && `target ${target}`,
    metric !== defaults.metric && metric,
  ];
  return parts.filter(Boolean).join(', ');
}
