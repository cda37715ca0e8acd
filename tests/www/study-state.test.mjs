// What the page makes of its state, whatever a link put there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageModule } from './page-module.mjs';

const { firstState, stateName, stepsOfRun, stillTrue } = await pageModule('study/study-state.js');

/** What the words of `run` stand for, as docs/formats.md has it. */
const MEANT = {
  all: ['scores', 'ablations'],
  circuits: ['circuits'],
  lens: ['lens', 'attribution'],
  output: ['output'],
  seeds: ['seeds'],
};
const known = fc.constantFrom(.../** @type {(keyof typeof MEANT)[]} */ (Object.keys(MEANT)));

test('each word of run stands for its steps, in order', () => {
  fc.assert(
    fc.property(fc.array(known), (words) => {
      const run = words.length > 0 ? words.join('.') : null;
      assert.deepEqual(
        stepsOfRun({ run }),
        words.flatMap((word) => MEANT[word]),
      );
    }),
  );
});

test('other words of run stand for nothing, even those that every object knows', () => {
  const word = fc.oneof(
    known,
    fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const steps = stepsOfRun({ run: words.join('.') });
      const meant = words
        .join('.')
        .split('.')
        .flatMap((each) => (Object.hasOwn(MEANT, each) ? MEANT[/** @type {'all'} */ (each)] : []));
      assert.deepEqual(steps, meant);
    }),
  );
});

const STATES = ['start', 'loading', 'ready', 'running', 'done', 'error'];
const OUTCOMES = ['prompts', 'head', 'scores', 'ablations', 'circuits', 'lens', 'seeds', 'costs'];

test('whatever the page knows, it is in one of the six states, and `done` has all that run asks for', () => {
  const maybe = fc.option(fc.constant({}));
  const step = fc.constantFrom('head', 'demo', 'scores', 'ablations', 'circuits', 'export');
  const state = fc.record({
    settings: fc.record({ run: fc.option(fc.array(known).map((words) => words.join('.'))) }),
    task: fc.option(fc.record({ step, progress: fc.constant(null) })),
    following: fc.boolean(),
    goesOn: fc.boolean(),
    problems: fc.dictionary(step, maybe),
    pattern: maybe,
    scores: maybe,
    ablations: maybe,
    imported: maybe,
    further: fc.dictionary(fc.constantFrom('circuits', 'lens', 'attribution', 'seeds'), maybe),
  });
  fc.assert(
    fc.property(state, (some) => {
      const whole = { ...firstState({ settings: some.settings, link: '' }, []), ...some };
      const name = stateName(whole);
      assert.ok(STATES.includes(name), name);
      if (name !== 'done') return;
      const { task, following, goesOn } = whole;
      assert.ok(whole.pattern && !task && !following && !goesOn && !whole.imported);
      const has = (/** @type {string} */ each) => whole[each] ?? whole.further[each];
      const asked = stepsOfRun(whole.settings);
      assert.ok((has('scores') && has('ablations')) || asked.every(has));
    }),
  );
});

test('a change keeps what it leaves true and drops what it does not, and counts that', () => {
  const results = fc.record({
    scores: fc.constant({ of: 'scores' }),
    loaded: fc.constant({ of: 'some scores' }),
    ablations: fc.constant({ of: 'ablations' }),
    further: fc.dictionary(fc.constantFrom(...OUTCOMES), fc.constant({})),
    problems: fc.dictionary(fc.constantFrom(...OUTCOMES), fc.constant({})),
    outdated: fc.dictionary(fc.constantFrom(...OUTCOMES), fc.nat()),
  });
  const stale = fc.dictionary(fc.constantFrom(...OUTCOMES), fc.constant('the seed was changed'));
  fc.assert(
    fc.property(results, stale, (before, untrue) => {
      const after = stillTrue(before, untrue);
      assert.equal(after.scores, 'scores' in untrue ? null : before.scores);
      assert.equal(after.loaded, 'scores' in untrue ? null : before.loaded);
      assert.equal(after.ablations, 'ablations' in untrue ? null : before.ablations);
      for (const part of /** @type {const} */ (['further', 'problems'])) {
        const left = Object.keys(before[part]).filter((name) => !(name in untrue));
        assert.deepEqual(Object.keys(after[part]), left);
      }
      for (const name of OUTCOMES) {
        const count = before.outdated[name] ?? 0;
        assert.equal(after.outdated[name] ?? 0, count + Number(name in untrue), name);
      }
    }),
  );
});
