// How a prompt is called: a text of the visitor's own is the only one there is, and
// has no number.

/**
 * @param {Pick<Settings, 'text'>} settings
 * @param {number} prompt
 */
export function promptName({ text }, prompt) {
  return text === null ? `prompt ${prompt}` : 'your text';
}
