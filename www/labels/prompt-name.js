// How a prompt is called: a text of the visitor's own has no number where it is the only
// one there is.

import { textsOf } from '../study/study-state.js';

/**
 * @param {Pick<Settings, 'text'>} settings
 * @param {number} prompt
 */
export function promptName(settings, prompt) {
  if (settings.text === null) return `prompt ${prompt}`;
  return textsOf(settings).length > 1 ? `text ${prompt}` : 'your text';
}
