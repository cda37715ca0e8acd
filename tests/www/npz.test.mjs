// The file of all heads' patterns: what is written is read back, number for number.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { pageModule } from './page-module.mjs';

const { PatternFile, patternBytes, tooLarge } = await pageModule('sections/export/npz.js');

/** What the page writes of numpy's types of numbers. */
const NUMBERS = { '<f4': Float32Array, '<i4': Int32Array };

/**
 * Reads an array as numpy's format describes it (version 1.0).
 * @param {Uint8Array | undefined} bytes
 * @returns {{ shape: number[], values: number[] }}
 */
function readNpy(bytes) {
  assert.ok(bytes, 'the array is there');
  assert.deepEqual([...bytes.subarray(0, 8)], [0x93, ...Buffer.from('NUMPY'), 1, 0]);
  const begin = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  assert.equal(begin % 64, 0, 'the numbers begin at a multiple of 64');
  const about = Buffer.from(bytes.subarray(10, begin)).toString('latin1');
  const [, type = '', sizes = ''] =
    /^\{'descr': '(<\w\d)', 'fortran_order': False, 'shape': \((.*)\), \} *\n$/.exec(about) ??
    assert.fail(about);
  const shape = sizes.split(',').map((size) => size.trim());
  assert.equal(shape.pop(), '', 'a tuple of one ends in a comma, and so does any');
  const Numbers = NUMBERS[/** @type {keyof typeof NUMBERS} */ (type)] ?? assert.fail(type);
  return { shape: shape.map(Number), values: [...new Numbers(bytes.slice(begin).buffer)] };
}

const token = fc.integer({ min: 0, max: 50_256 });
const study = fc
  .record({
    layers: fc.integer({ min: 1, max: 3 }),
    heads: fc.integer({ min: 1, max: 3 }),
    prompts: fc.array(
      fc.record({
        sequence: fc.integer({ min: 0, max: 5000 }),
        ids: fc.array(token, { minLength: 1, maxLength: 9 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .chain(({ layers, heads, prompts }) => {
    const cells = prompts.map(({ ids }) => {
      const length = layers * heads * ids.length ** 2;
      return fc.float32Array({ minLength: length, maxLength: length, noNaN: true });
    });
    return fc.record({
      layers: fc.constant(layers),
      heads: fc.constant(heads),
      prompts: fc.constant(prompts),
      cells: fc.tuple(...cells),
    });
  });

test('patterns, prompts, layers and tokens are read back as they were', async () => {
  await fc.assert(
    fc.asyncProperty(study, async ({ layers, heads, prompts, cells }) => {
      const file = new PatternFile(prompts, layers, heads);
      prompts.forEach(({ ids }, i) => file.add(cells[i], ids.length));
      const entries = unzipSync(new Uint8Array(await file.blob().arrayBuffer()));
      assert.deepEqual(Object.keys(entries).sort(), [
        'layer.npy',
        'pattern.npy',
        'prompt.npy',
        'token_ids.npy',
      ]);
      const longest = Math.max(...prompts.map(({ ids }) => ids.length));

      const pattern = readNpy(entries['pattern.npy']);
      assert.deepEqual(pattern.shape, [prompts.length, layers, heads, longest, longest]);
      assert.equal(4 * pattern.values.length, patternBytes(prompts, layers, heads));
      const wanted = prompts.flatMap(({ ids: { length: n } }, p) =>
        Array.from({ length: layers * heads * longest ** 2 }, (_, at) => {
          const [head, q, k] = [
            Math.floor(at / longest ** 2),
            Math.floor(at / longest) % longest,
            at % longest,
          ];
          return q < n && k < n ? cells[p]?.[(head * n + q) * n + k] : NaN;
        }),
      );
      assert.deepEqual(pattern.values, wanted);

      assert.deepEqual(readNpy(entries['prompt.npy']), {
        shape: [prompts.length],
        values: prompts.map(({ sequence }) => sequence),
      });
      assert.deepEqual(readNpy(entries['layer.npy']), {
        shape: [layers],
        values: Array.from({ length: layers }, (_, layer) => layer),
      });
      const ids = prompts.flatMap(({ ids }) =>
        Array.from({ length: longest }, (_, i) => ids[i] ?? -1),
      );
      assert.deepEqual(readNpy(entries['token_ids.npy']), {
        shape: [prompts.length, longest],
        values: ids,
      });
    }),
  );
});

test('patterns of another length than the prompt’s are refused', () => {
  const file = new PatternFile([{ sequence: 0, ids: [1, 2] }], 1, 1);
  assert.throws(() => file.add(new Float32Array(3), 2), /not all there/);
});

test('a file beyond 256 MB is refused with its size before it is made', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e10 }), (size) => {
      const problem = tooLarge(size);
      assert.equal(problem === null, size <= 256e6);
      if (problem) assert.ok(problem.what.includes(`take ${Math.ceil(size / 1e6)} MB`));
    }),
  );
});
