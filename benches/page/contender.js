// What every contender's worker shares: answering the page, and timing.

/**
 * Answers the page's calls by these methods, one after another.
 * @param {Record<string, (...args: any[]) => any>} methods
 */
export function answer(methods) {
  let idle = Promise.resolve();
  self.addEventListener('message', ({ data: { call, method, args } }) => {
    idle = idle.then(async () => {
      try {
        const compute = methods[method];
        if (!compute) throw new Error(`there is no ${method}`);
        self.postMessage({ call, result: await compute(...args) });
      } catch (error) {
        self.postMessage({ call, error: String(error instanceof Error ? error.stack : error) });
      }
    });
  });
}

/**
 * Does the work again and again for some seconds, and at least `least` times.
 * @param {() => unknown} work
 * @param {{ seconds?: number, least?: number }} [box]
 * @returns {Promise<number[]>} milliseconds of each time
 */
export async function timed(work, { seconds = 0.5, least = 1 } = {}) {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < least || performance.now() < end) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return times;
}

/**
 * The header of a model's file, and where its data begins.
 * @param {string} folder
 * @returns {Promise<{ tensors: Record<string, { shape: number[], data_offsets: [number, number] }>, dataStart: number }>}
 */
async function header(folder) {
  const start = await bytes(folder, 0, 8);
  const length = Number(new DataView(start).getBigUint64(0, true));
  const text = new TextDecoder().decode(await bytes(folder, 8, 8 + length));
  return { tensors: JSON.parse(text), dataStart: 8 + length };
}

/**
 * @param {string} folder
 * @param {number} from
 * @param {number} to
 */
async function bytes(folder, from, to) {
  const address = `${folder}/model.safetensors`;
  const response = await fetch(address, { headers: { Range: `bytes=${from}-${to - 1}` } });
  if (response.status !== 206) throw new Error(`${address} answered ${response.status}`);
  return response.arrayBuffer();
}

/**
 * Hands over every tensor of a published GPT-2 that a run needs.
 * @param {string} folder
 * @param {(name: string, rows: number, numbers: Float32Array) => void} receive
 */
export async function readWeights(folder, receive) {
  const { tensors, dataStart } = await header(folder);
  for (const [name, { shape, data_offsets }] of Object.entries(tensors)) {
    if (name === '__metadata__' || /\.attn\.bias$/.test(name)) continue;
    const [from, to] = data_offsets.map((offset) => dataStart + offset);
    const numbers = new Float32Array(await bytes(folder, from ?? 0, to ?? 0));
    receive(name, shape[0] ?? 0, numbers);
  }
}
