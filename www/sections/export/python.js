// What takes a study to Python: a notebook that computes it again, a file of all heads'
// patterns, and lines that read the results file.

import { notebook_words, parse_words } from '../../pkg/headscope.js';
import { el } from '../../kit/dom.js';
import { siteText } from '../../kit/part.js';
import { shownStudy } from '../../study/demo.js';
import { linkTo } from '../../study/link.js';
import { shownSettings } from '../../study/study-state.js';
import { notebookOf } from './notebook.js';
import { PatternFile, patternBytes, tooLarge } from './npz.js';

/** @typedef {import('../../study/study.js').Study} Study */

/**
 * The notebook of what is on show.
 * @param {Study} study
 */
export async function notebookFile(study) {
  const { settings, link } = shownStudy(study.state);
  const [code, text] = await Promise.all([
    siteText('The notebook’s code', 'notebook.py'),
    study.exportText('export_json'),
  ]);
  // The settings stand beside the rest, where they are found at once.
  const { settings: SETTINGS, ...RESULTS } = JSON.parse(text);
  const ROWS = parse_words(settings.words ?? notebook_words()).rows;
  const notebook = notebookOf(code, { LINK: linkTo(link), SETTINGS, ROWS, RESULTS });
  return new Blob([notebook], { type: 'application/x-ipynb+json' });
}

/**
 * All loaded heads' patterns on the kept prompts.
 * @param {Study} study
 * @returns {Promise<Blob>}
 */
export function patternFile(study) {
  const { promptSet, model, imported } = study.state;
  const settings = shownSettings(study.state);
  const kept = (promptSet?.prompts ?? []).filter((prompt) => prompt.kept);
  const prompts = kept.map(({ sequence, token_ids }) => ({ sequence, ids: token_ids }));
  if (imported || !model) throw WITHOUT_MODEL;
  if (prompts.length === 0) throw NONE_KEPT;
  return study.inTurn(async (engine, options) => {
    const sheet = async (/** @type {number | undefined} */ prompt) => {
      const ask = { thumbnails: { settings, fetch: false, prompt } };
      return /** @type {ThumbnailSheet} */ (await engine.call('tool', ask, options));
    };
    // Small ones, of the shown prompt, tell how many layers there are.
    const { heads, n_head } = await sheet(undefined);
    const layers = heads.length / n_head;
    const problem = tooLarge(patternBytes(prompts, layers, n_head));
    if (problem) throw problem;
    const file = new PatternFile(prompts, layers, n_head);
    for (const [done, { sequence }] of prompts.entries()) {
      tell(options.onProgress, done, prompts.length);
      const { cells, n } = await sheet(sequence);
      file.add(cells, n);
    }
    return file.blob();
  });
}

/**
 * @param {(progress: Progress) => void} onProgress
 * @param {number} done
 * @param {number} total
 */
function tell(onProgress, done, total) {
  const stage = `Writing the patterns of prompt ${done + 1} of ${total}`;
  const [network, cache, partial, pause] = [0, 0, null, null];
  onProgress({ stage, done, total, unit: 'prompts', network, cache, partial, pause });
}

/**
 * Copies lines that read the results file. Where the browser does not allow that, they
 * stand selected on the page.
 * @param {import('../../study/study-state.js').StudyState} state
 * @param {string} file the results file's name
 * @param {HTMLElement} place
 * @returns {Promise<string>} what happened, as a sentence
 */
export async function copyLines(state, file, place) {
  const lines = pandasLines(state, file);
  try {
    await navigator.clipboard.writeText(lines);
    return `Python copied. It reads ${file}, which “Export JSON” saves.`;
  } catch {
    const shown = el('pre', { class: 'cite', tabindex: '0', text: lines });
    place.replaceChildren(shown);
    getSelection()?.selectAllChildren(shown);
    return 'The browser did not allow copying; the lines are selected below.';
  }
}

/**
 * Python that reads the results file into pandas: what there is in it.
 * @param {import('../../study/study-state.js').StudyState} state
 * @param {string} file
 */
function pandasLines({ scores, ablations }, file) {
  return [
    READ.replace('FILE', () => JSON.stringify(file)),
    scores && SCORES,
    ablations && ABLATIONS,
  ]
    .filter(Boolean)
    .join('\n');
}

const READ = `import json

import pandas as pd

with open(FILE, encoding="utf-8") as file:
    results = json.load(file)

# The prompts, by their numbers, and the pattern on show: a row for each destination.
prompts = pd.DataFrame(results["prompts"]).set_index("sequence")
pattern = pd.DataFrame(results["patterns"]["rows"])
`;

const SCORES = `# A row for each prompt and head.
scores = pd.DataFrame(
    [
        {"prompt": int(prompt), "layer": layer, "head": head, "score": score}
        for prompt, layers in results["head_scores"]["per_prompt"].items()
        for layer, heads in enumerate(layers)
        for head, score in enumerate(heads)
    ]
)
`;

const ABLATIONS = `# A row for each ablation and prompt.
per_prompt = {"sequences": "prompt", "baseline": "baseline", "ablated": "ablated"}
ablations = (
    pd.DataFrame(results["ablations"])
    .drop(columns=["shares_before", "shares_after"])
    .explode(list(per_prompt), ignore_index=True)
    .rename(columns=per_prompt)
    .astype({"prompt": int, "baseline": float, "ablated": float})
)
ablations["effect"] = ablations["ablated"] - ablations["baseline"]
`;

/** @type {Problem} */
const WITHOUT_MODEL = {
  what: 'All heads’ patterns are computed by the model, which is not open.',
  kept: 'The results on show are unchanged.',
  next: 'Press Start to open the model.',
  offers: [],
  key: null,
};

/** @type {Problem} */
const NONE_KEPT = {
  what: 'No prompt is kept, so there are no patterns to save.',
  kept: 'The settings and the results on show are unchanged.',
  next: 'Choose words that are one token each.',
  offers: [],
  key: null,
};
