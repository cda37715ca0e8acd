// Views act on what changed of the study's state, and on nothing else.

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { pageModule } from './page-module.mjs';

const { Store } = await pageModule('study/store.js');

const SETTINGS = { head: 'L1H5', seed: 5 };
const IN_FORCE = { settings: SETTINGS, link: 'v=1&model=gpt2' };

/** @param {any} state */
const held = (state) => state.held;

describe('watching the state', () => {
  /** @type {unknown[]} */
  let seen = [];
  let store = new Store(IN_FORCE, []);
  beforeEach(() => {
    seen = [];
    store = new Store(IN_FORCE, []);
  });
  const note = (/** @type {unknown} */ value) => seen.push(value);

  test('calls at once, and again only when the value is another', () => {
    store.watch(held, note);
    store.set({ held: 'why' });
    store.set({ held: 'why', goesOn: true });
    store.set({ held: null });
    assert.deepEqual(seen, [null, 'why', null]);
  });

  test('compares an array element by element', () => {
    store.watch((/** @type {any} */ { held, settings }) => [held, settings.head], note);
    store.set({ settings: { ...SETTINGS, seed: 6 } });
    store.set({ settings: { ...SETTINGS, head: 'L0H0' } });
    assert.deepEqual(seen, [
      [null, 'L1H5'],
      [null, 'L0H0'],
    ]);
  });

  test('leaves out what is known already', () => {
    store.watch(held, note, null);
    store.set({ goesOn: true });
    assert.deepEqual(seen, []);
    store.set({ held: 'why' });
    assert.deepEqual(seen, ['why']);
  });

  test('an effect that sets the state is not called for the same value again', () => {
    store.watch(held, (/** @type {unknown} */ value) => {
      note(value);
      store.set({ goesOn: true });
    });
    store.set({ held: 'why' });
    assert.deepEqual(seen, [null, 'why']);
  });
});
