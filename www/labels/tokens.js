// Tokens as they are fed: which word each belongs to, and how they are shown.

import { categoryBadge, categoryClass, categoryLetter } from './categories.js';
import { el, hiddenText } from '../kit/dom.js';

/**
 * @typedef {object} FedToken
 * @property {string} text with its leading space
 * @property {number} id
 * @property {number} category of its word; -1 for none
 * @property {boolean} split whether its word takes several tokens
 */

/**
 * Pairs tokens with words. Beginning-of-text belongs to none.
 * @param {Prompt} prompt
 * @returns {FedToken[]}
 */
export function fedTokens({ categories, tokens, token_ids, word_of }) {
  return tokens.map((text, index) => {
    const word = word_of[index] ?? null;
    return {
      text,
      id: token_ids[index] ?? -1,
      category: word === null ? -1 : (categories[word] ?? -1),
      // A word may split without its leading space and stay whole with it.
      split: word !== null && word_of.filter((each) => each === word).length > 1,
    };
  });
}

/**
 * The tokens of a pattern as a heatmap labels them.
 * @param {PatternResult} result
 * @param {PromptSet | null} promptSet
 * @returns {TokenLabel[]}
 */
export function tokenLabels({ tokens, prompt: number }, promptSet) {
  const prompt = promptSet?.prompts[number];
  // While new prompts are drawn, the old pattern is still on show.
  const same = prompt?.tokens.every((text, index) => text === tokens[index]);
  if (!prompt || !same || prompt.tokens.length !== tokens.length) {
    return tokens.map((text) => ({ text, category: null, letter: '', joined: false }));
  }
  return fedTokens(prompt).map(({ text, category }, index) => {
    const word = prompt.word_of[index] ?? null;
    const known = category >= 0;
    return {
      text,
      category: known ? category : null,
      letter: known ? categoryLetter(category) : '',
      joined: word !== null && word === prompt.word_of[index - 1],
    };
  });
}

/**
 * A token's text with its spaces made visible, the one before a word and those of a
 * token that holds nothing else. What else would not show has its sign from the engine
 * (src/tokens/shown.rs); line breaks are from files of earlier versions.
 * @param {string} text
 */
export function tokenText(text) {
  const [spaces = ''] = /^ */.exec(text) ?? [];
  const parts = [document.createTextNode(text.slice(spaces.length).replaceAll('\n', '⏎'))];
  if (spaces === '') return parts;
  const shown = '␣'.repeat(spaces.length);
  return [el('span', { class: 'space', text: shown, 'aria-hidden': 'true' }), ...parts];
}

/**
 * One token in full: category letter, text, id, and whether its word is split.
 * @param {FedToken} token
 * @param {string} categoryName
 */
export function tokenCard({ text, id, category, split }, categoryName) {
  const known = category >= 0;
  return el(
    'li',
    { class: `token ${categoryClass(category)}${split ? ' split' : ''}`, title: `token ${id}` },
    ...(known ? [categoryBadge(category)] : []),
    el('span', { class: 'token-text' }, ...tokenText(text)),
    el('span', { class: 'token-id', text: String(id) }),
    hiddenText(
      `${known ? `, category ${categoryName}` : ''}${split ? ', part of a split word' : ''}`,
    ),
  );
}

/**
 * One token in brief, for lists of prompts.
 * @param {FedToken} token
 */
export function tokenChip({ text, category, split }) {
  const className = `chip ${categoryClass(category)}${split ? ' split' : ''}`;
  return el(
    'span',
    { class: className },
    ...(category >= 0 ? [categoryBadge(category)] : []),
    ...tokenText(text),
  );
}
