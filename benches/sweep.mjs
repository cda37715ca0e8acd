// Ablations of everything upstream of a head, beside the layer-runs that they
// cannot do without.

import { median, time } from './report.mjs';

/** @typedef {import('./bench.mjs').Context} Context */
/** @typedef {import('./report.mjs').Section} Section */

const HEADS = [
  { layer: 5, head: 1 },
  { layer: 11, head: 0 },
];
/** Over what cannot be avoided. */
const MOST = 1.15;

/**
 * How many runs of a whole layer a sweep cannot avoid: what lies between each
 * component and the head's pattern, counted in multiplications of one token.
 * @param {number} layer the head's
 * @param {{ n_head: number, d_model: number, d_mlp: number, tokens: number }} sizes
 */
export function unavoidable(layer, { n_head, d_model, d_mlp, tokens }) {
  const mix = tokens * d_model; // scores, or the mix of values
  const square = d_model * d_model; // q, k, v or the output of attention
  const mlp = 2 * d_model * d_mlp;
  const whole = 4 * square + 2 * mix + mlp;
  // The head's own queries, keys and scores.
  const pattern = (2 * square + mix) / n_head;
  // What is left of its layer after a component, and how many such there are.
  const rests = [
    [1, mix + square + mlp], // the patterns
    [n_head, square + mlp], // a head's z
    [1, mlp], // the attention's output
    [2, 0], // the MLP's output, and the MLP alone
  ];
  let components = 2; // the two embeddings
  let work = 2 * (layer * whole + pattern);
  for (let l = 0; l < layer; l++) {
    for (const [count = 0, rest = 0] of rests) {
      components += count;
      work += count * (rest + (layer - 1 - l) * whole + pattern);
    }
  }
  return { components, runs: work / whole };
}

/**
 * @param {Context} context
 * @returns {Promise<Section>}
 */
export async function sweep(context) {
  const { call, contenders, kept, sizes } = context;
  const contender = contenders.at(-1);
  if (!contender) throw new Error('there is nobody to sweep');
  const { id } = contender;
  await contender.open();
  const tokens = kept[0]?.length ?? 0;
  const layers = sizes.n_layer - 1;
  await call(id, 'layers', layers, { seconds: 0 });
  const ofLayers = () => call(id, 'layers', layers, { seconds: 0, least: 2 });
  /** @type {number[]} */
  const layerRuns = [...(await ofLayers())];
  const found = [];
  for (const { layer, head } of HEADS) {
    const [ms] = await call(id, 'sweep', layer, head, { seconds: 0 });
    layerRuns.push(...(await ofLayers()));
    found.push({ name: `L${layer}H${head}`, ms, ...unavoidable(layer, { ...sizes, tokens }) });
  }
  await context.closeAll();

  const one = median(layerRuns) / layers;
  const factor = (/** @type {{ ms: number, runs: number }} */ { ms, runs }) => ms / (runs * one);
  return {
    title: 'Sweeps: every component upstream of a head ablated, on 22 prompts',
    notes: [
      `By ${contender.label}; one run of one layer takes ${time(one)}.`,
      'Unavoidable is, for each component, what is left of its own layer (after a pattern: T d + d^2 + 2 d m; after a head: d^2 + 2 d m; after the attention: 2 d m; after the MLP: nothing), the layers between, and the swept head’s own pattern ((2 d^2 + T d) / H), over a whole layer’s 4 d^2 + 2 T d + 2 d m, with d = 768, m = 3072, T = 13, H = 12.',
    ],
    columns: ['head', 'components', 'unavoidable layer-runs', 'time', 'over the unavoidable'],
    rows: found.map((each) => [
      each.name,
      `${each.components}`,
      each.runs.toFixed(1),
      time(each.ms),
      factor(each).toFixed(2),
    ]),
    targets: found.map((each) => ({
      what: `the sweep of ${each.name}, over the layer-runs it cannot avoid`,
      wanted: `at most ${MOST} x`,
      found: `${factor(each).toFixed(2)} x`,
      met: factor(each) <= MOST,
    })),
    data: { contender: contender.label, layerRuns, layers, found },
  };
}
