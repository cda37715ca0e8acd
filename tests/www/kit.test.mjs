// Small things that everything on the page stands on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageModule } from './page-module.mjs';

const { History } = await pageModule('kit/history.js');
const { bytes, score, signed } = await pageModule('kit/format.js');
const { fileName, resultsName } = await pageModule('study/file-name.js');
const { categoryLetter } = await pageModule('labels/categories.js');

/**
 * What undo and redo lead to, told by two stacks.
 * @typedef {{ past: number[], now: number, future: number[] }} Stacks
 */

/**
 * @param {string} name
 * @param {(stacks: Stacks, history: any) => void} act on both
 * @returns {fc.Command<Stacks, any>}
 */
const command = (name, act) => ({
  check: () => true,
  run(stacks, history) {
    act(stacks, history);
    assert.equal(history.current, stacks.now);
    assert.equal(history.canUndo, stacks.past.length > 0);
    assert.equal(history.canRedo, stacks.future.length > 0);
  },
  toString: () => name,
});

test('undo and redo lead where two stacks lead', () => {
  const push = fc.integer().map((value) =>
    command(`push ${value}`, (stacks, history) => {
      stacks.past.push(stacks.now);
      stacks.now = value;
      stacks.future = [];
      history.push(value);
    }),
  );
  const undo = fc.constant(
    command('undo', (stacks, history) => {
      const before = stacks.past.pop();
      if (before !== undefined) {
        stacks.future.push(stacks.now);
        stacks.now = before;
      }
      assert.equal(history.step(-1), stacks.now);
    }),
  );
  const redo = fc.constant(
    command('redo', (stacks, history) => {
      const after = stacks.future.pop();
      if (after !== undefined) {
        stacks.past.push(stacks.now);
        stacks.now = after;
      }
      assert.equal(history.step(1), stacks.now);
    }),
  );
  fc.assert(
    fc.property(fc.commands([push, undo, redo], { maxCommands: 60 }), (commands) => {
      const setup = () => ({ model: { past: [], now: 0, future: [] }, real: new History(0) });
      fc.modelRun(setup, commands);
    }),
  );
});

test('bytes are told in three digits at most, and are what they say', () => {
  const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999e9 }), (count) => {
      const [, figure = '', unit = ''] =
        /^(\d{1,3}(?:\.\d)?) (B|kB|MB|GB)$/.exec(bytes(count)) ?? assert.fail(bytes(count));
      const size = units[/** @type {keyof typeof units} */ (unit)];
      const half = 0.5 * (figure.includes('.') ? 0.1 : 1) * size;
      assert.ok(Math.abs(Number(figure) * size - count) <= half * (1 + 1e-9), bytes(count));
    }),
    { examples: [[999], [1000], [999_499], [999_500], [9_949_999], [9_950_000], [999_500_000]] },
  );
});

test('a number is told with the four places that it has, and zero has no sign', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e4, max: 1e4, noNaN: true }), (value) => {
      const told = Number(score(value).replace('−', '-'));
      assert.ok(Math.abs(told - value) <= 0.50001e-4, score(value));
      assert.doesNotMatch(signed(value), /^[+−]0\.0000$/);
      assert.ok(Math.abs(Number(signed(value).replace('−', '-')) - value) <= 0.50001e-4);
    }),
    { examples: [[-0], [-0.00004], [0.00005], [-0.00005]] },
  );
});

test('whatever the model and the table are called, a file’s name is one on every system', () => {
  const settings = fc.record({
    model: fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()),
    head: fc.constantFrom('L1H5', 'L11H0'),
    seed: fc.nat(),
    prompt: fc.nat(),
    text: fc.option(fc.string()),
  });
  fc.assert(
    fc.property(settings, fc.string({ unit: 'binary' }), (given, what) => {
      const name = fileName(given, what, 'csv');
      assert.match(name, /^headscope-L\d+H\d+-(seed\d+|text)-[a-z0-9-]*\.csv$/);
      assert.ok(name.length < 160, name);
      assert.match(resultsName(given), /^headscope-L\d+H\d+-(seed\d+-prompt\d+|text)$/);
    }),
  );
});

test('no two categories have one letter', () => {
  const category = fc.integer({ min: 0, max: 5000 });
  fc.assert(
    fc.property(category, category, (a, b) => {
      assert.equal(categoryLetter(a) === categoryLetter(b), a === b);
    }),
  );
});
