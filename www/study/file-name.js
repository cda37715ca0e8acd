// Names of saved files, which tell model, head and seed.

/**
 * @param {Settings} settings
 * @param {string} what
 * @param {string} ending
 */
export function fileName({ model, head, seed, text }, what, ending) {
  const drawn = text === null ? `seed${seed}` : 'text';
  return `headscope-${head}-${drawn}-${slug(modelName(model))}-${slug(what)}.${ending}`;
}

/**
 * What a file of results holds: the head, and the prompts or the text.
 * @param {Settings} settings
 */
export function resultsName({ head, seed, prompt, text }) {
  return `headscope-${head}-${text === null ? `seed${seed}-prompt${prompt}` : 'text'}`;
}

/**
 * The last part of an address, which is the model's own name most often.
 * @param {string} model
 */
function modelName(model) {
  return model.split('/').filter(Boolean).at(-1) ?? model;
}

/**
 * Letters, digits and hyphens, no longer than a file system likes.
 * @param {string} text
 */
function slug(text) {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 48)
    .replace(/-$/, '');
}
