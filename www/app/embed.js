// One section alone, for a frame in somebody's text: a caption says what it shows, and a
// link leads to the whole. A model that is not here yet is loaded by the caption's button.

import { byId } from '../kit/dom.js';
import { change } from '../pkg/headscope.js';
import { linkTo } from '../study/link.js';
import { promptName } from '../labels/prompt-name.js';
import { shownStudy } from '../study/demo.js';

/** @param {import('../study/study.js').Study} study */
export function setUpEmbed(study) {
  const { embed } = study.state.settings;
  const part = embed && document.querySelector(`section[data-embed="${CSS.escape(embed)}"]`);
  if (!part) return;
  document.documentElement.classList.add('embedded');
  const caption = byId('embed-caption', HTMLElement);
  const text = byId('embed-text', HTMLParagraphElement);
  const link = byId('embed-link', HTMLAnchorElement);
  caption.hidden = false;
  caption.prepend(byId('step-head', HTMLDivElement), byId('launch-problem', HTMLDivElement));
  for (const shown of [part, caption]) {
    for (let at = shown; at.parentElement && at !== document.body; at = at.parentElement) {
      at.classList.add('embedded-part');
    }
  }
  study.subscribe((state) => {
    const { settings, model, pattern } = shownStudy(state);
    const name = state.demo || settings.model === 'tiny' ? 'demo model, not GPT-2' : model?.name;
    const head = pattern?.head ?? settings.head;
    const told = `Head ${head} on ${promptName(settings, settings.prompt)}${name ? ` (${name})` : ''}`;
    if (text.textContent !== told) text.textContent = told;
    // A model that waits for a press has its button; one that is shown needs none.
    caption.classList.toggle('settled', pattern !== null && state.demo === null);
    const whole = linkTo(change(state.settings, { embed: null }).link);
    if (link.href !== whole) link.href = whole;
  });
}
