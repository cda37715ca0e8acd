// What is said of an export: beside the buttons, in the menu of the header, and aloud.

import { announce } from '../../kit/announce.js';
import { byId } from '../../kit/dom.js';

/** Where it is said. */
export const NOTES = { files: 'export-note', link: 'share-note', menu: 'share-menu-note' };

/** What is said of files before there is anything to put into them. */
export const LATER = 'Files can be exported once a head is shown.';

export class Note {
  #beside;
  #menu = byId(NOTES.menu, HTMLParagraphElement);

  /** @param {'files' | 'link'} of */
  constructor(of) {
    this.#beside = byId(NOTES[of], HTMLParagraphElement);
  }

  /** @param {string} text */
  show(text) {
    this.#beside.textContent = text;
    this.tellInMenu(text);
  }

  /** @param {string} text what is told at length elsewhere */
  tellInMenu(text) {
    this.#menu.textContent = text;
  }

  /** @param {string} text */
  report(text) {
    this.show(text);
    announce(text);
  }
}
