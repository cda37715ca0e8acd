// The address bar as the study's memory: settings go into the hash as they
// change, and come back out of it.

import { parse_link } from '../pkg/headscope.js';
import { unknownWords } from './look.js';

/** Longer links are cut by some chats and mail programs, in characters. */
export const LONGEST_LINK = 8000;

/** Whether the address holds a link, and not the name of a place on the page. */
export const holdsLink = () => !parse_link(location.hash.slice(1)).empty;

/**
 * What the address asks for. A link that lost its `#` to a `?` gets it back.
 * @returns {ReadLink}
 */
export function readLink() {
  const link = readText(location.hash.slice(1));
  if (!link.empty || location.search === '') return link;
  const search = location.search.slice(1);
  const asked = readText(search);
  if (asked.empty) return link;
  history.replaceState(null, '', `${location.pathname}#${search}`);
  return asked;
}

/**
 * What a link's text asks for. Only the page knows the words of a view.
 * @param {string} text
 */
function readText(text) {
  const link = parse_link(text);
  const { settings, problems } = link;
  const unknown = unknownWords(settings.view).map((word) => `“${word}”`);
  if (unknown.length === 0) return link;
  const message = `view has ${unknown.join(', ')}, which means nothing here.`;
  const consequence = 'It was ignored.';
  const problem = { key: 'view', value: settings.view ?? '', message, consequence };
  return { ...link, problems: [...problems, problem] };
}

/**
 * The whole address that restores settings.
 * @param {string} link the text after `#` for them
 */
export function linkTo(link) {
  const address = new URL(location.href);
  address.hash = link;
  return address.href;
}

/**
 * Writes the link of the settings into the address bar. What the back button is to lead
 * back from gets an entry of its own; most changes do not, or it would step through every
 * one. Neither fires a `hashchange`.
 * @param {string} link
 * @param {boolean} [isStep]
 */
export function writeLink(link, isStep = false) {
  // One that the visitor came by is there already.
  const isNew = isStep && location.hash.slice(1) !== link;
  try {
    history[isNew ? 'pushState' : 'replaceState']({ link }, '', linkTo(link));
  } catch {
    // A browser refuses addresses of megabytes; the settings file holds such a table.
  }
}

/**
 * Calls back with each link that comes into the address bar, and with that of an entry
 * that the visitor goes back to. An element's name there is no link: it gives way to the
 * link of the settings in force.
 * @param {(link: ReadLink) => void} listener
 * @param {() => string} inForce
 */
export function onLinkChange(listener, inForce) {
  addEventListener('popstate', ({ state }) => {
    if (typeof state?.link === 'string') listener(readText(state.link));
  });
  addEventListener('hashchange', () => {
    if (holdsLink()) listener(readLink());
    else writeLink(inForce());
  });
}
