// The bar at the foot of a phone's screen: the shown head and prompt, and those beside
// them, wherever on the page the visitor is.

import { byId, isOff, setOff } from '../kit/dom.js';
import { headIndex, headName } from '../labels/heads.js';
import { promptName } from '../labels/prompt-name.js';
import { shownPrompt, shownSettings } from '../study/study-state.js';

/** @param {import('../study/study.js').Study} study */
export function setUpPhoneBar(study) {
  const head = byId('bar-head', HTMLAnchorElement);
  const prompt = byId('bar-prompt', HTMLAnchorElement);

  /**
   * @param {string} id
   * @param {() => Patch | null} target what pressing it changes; nothing at an end
   */
  function step(id, target) {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener('click', () => {
      const patch = isOff(button) ? null : target();
      if (patch) study.change(patch);
    });
    study.watch(
      ({ settings, demo, promptSet, model, pattern }) => [
        settings,
        demo,
        promptSet,
        model,
        pattern,
      ],
      () => setOff(button, target() === null),
    );
  }
  step('bar-head-previous', () => headBeside(study.state, -1));
  step('bar-head-next', () => headBeside(study.state, 1));
  step('bar-prompt-previous', () => promptBeside(study.state, -1));
  step('bar-prompt-next', () => promptBeside(study.state, 1));
  study.subscribe((state) => {
    const settings = shownSettings(state);
    const texts = [settings.head, promptName(settings, shownPrompt(settings))];
    [head, prompt].forEach((link, i) => {
      if (link.textContent !== texts[i]) link.textContent = texts[i] ?? '';
    });
  });
}

/**
 * The head beside the shown one, layer after layer.
 * @param {import('../study/study-state.js').StudyState} state
 * @param {-1 | 1} by
 */
function headBeside(state, by) {
  if (!state.model || !state.pattern) return null;
  const { n_layer, n_head } = state.model;
  const [layer, head] = headIndex(shownSettings(state).head);
  const place = layer * n_head + head + by;
  if (layer < 0 || place < 0 || place >= n_layer * n_head) return null;
  return { head: headName(Math.floor(place / n_head), place % n_head) };
}

/**
 * @param {import('../study/study-state.js').StudyState} state
 * @param {-1 | 1} by
 */
function promptBeside(state, by) {
  const prompt = shownPrompt(shownSettings(state)) + by;
  return state.promptSet?.prompts[prompt] ? { prompt } : null;
}
