// The prompts: the chosen one token by token, and all of them, kept and dropped.

import { categoryBadge } from './categories.js';
import { byId, button, el, isOff, setOff } from './dom.js';
import { plural } from './format.js';
import { showProblem } from './problem-box.js';
import { shownPrompt } from './study-state.js';
import { fedTokens, tokenCard, tokenChip } from './tokens.js';

/** @param {import('./study.js').Study} study */
export function setUpPrompts(study) {
  const summary = byId('prompts-summary', HTMLParagraphElement);
  const problemSlot = byId('prompts-problem', HTMLDivElement);
  const previous = byId('prompt-previous', HTMLButtonElement);
  const next = byId('prompt-next', HTMLButtonElement);
  previous.addEventListener('click', () => !isOff(previous) && stepPrompt(study, -1));
  next.addEventListener('click', () => !isOff(next) && stepPrompt(study, 1));

  /** @type {{ promptSet: PromptSet | null, prompt: number, problem: Problem | null }} */
  let shown = { promptSet: null, prompt: -1, problem: null };
  study.subscribe(({ promptSet, settings, problems }) => {
    const problem = problems.prompts ?? null;
    if (problem !== shown.problem) showProblem(problemSlot, problem, () => study.open());
    const drawn = promptSet !== shown.promptSet;
    const prompt = shownPrompt(settings);
    if (promptSet && (drawn || prompt !== shown.prompt)) {
      if (drawn) showList(promptSet, (prompt) => study.change({ prompt }));
      if (drawn) showLegend(promptSet);
      if (drawn) summary.textContent = summarise(promptSet, settings);
      showFed(promptSet, prompt, settings.text !== null);
      setOff(previous, prompt <= 0);
      setOff(next, prompt >= promptSet.prompts.length - 1);
    }
    shown = { promptSet, prompt, problem };
  });
}

/**
 * Shows the prompt before or after, if there is one.
 * @param {import('./study.js').Study} study
 * @param {-1 | 1} by
 */
export function stepPrompt(study, by) {
  const prompt = shownPrompt(study.state.settings) + by;
  if (study.state.promptSet?.prompts[prompt]) study.change({ prompt });
}

/**
 * @param {PromptSet} promptSet
 * @param {Settings} settings
 */
function summarise({ prompts, kept }, { seed, text }) {
  if (text !== null) return 'Your own text';
  const dropped = prompts.length - kept.length;
  return `Seed ${seed}: ${plural(prompts.length, 'sequence')}, ${kept.length} kept, ${dropped} dropped`;
}

/**
 * @param {PromptSet} promptSet
 * @param {number} sequence
 * @param {boolean} isText whether it is a text of the visitor's own
 */
function showFed({ prompts, categories }, sequence, isText) {
  const prompt = prompts[sequence];
  const tokens = prompt ? fedTokens(prompt) : [];
  byId('fed-title', HTMLSpanElement).textContent =
    `${isText ? 'Your text' : `Prompt ${sequence}`}, as fed to the model`;
  byId('fed', HTMLOListElement).replaceChildren(
    ...tokens.map((token) => tokenCard(token, categories[token.category] ?? '')),
  );
  byId('fed-note', HTMLParagraphElement).textContent = prompt ? fedNote(prompt) : '';
  const verdict = byId('fed-verdict', HTMLSpanElement);
  verdict.textContent = prompt ? (prompt.kept ? 'kept' : `dropped: ${prompt.reason ?? ''}`) : '';
  verdict.classList.toggle('dropped', prompt?.kept === false);
  for (const row of document.querySelectorAll('#prompt-list > li')) {
    const current = row instanceof HTMLElement && row.dataset.sequence === String(sequence);
    if (current) row.setAttribute('aria-current', 'true');
    else row.removeAttribute('aria-current');
  }
}

/** @param {Prompt} prompt */
function fedNote({ tokens, kept, targets }) {
  const parts = [
    `${plural(tokens.length, 'token')}; ␣ is a leading space, the number below is the token’s id.`,
    kept
      ? `${plural(targets, 'cell')} of the same category.`
      : 'Shown, but left out of scores and ablations.',
  ];
  return parts.join(' ');
}

/**
 * Names the categories that occur in any of the prompts.
 * @param {PromptSet} promptSet
 */
function showLegend({ prompts, categories: names }) {
  const used = [...new Set(prompts.flatMap(({ categories }) => categories))]
    .filter((category) => category >= 0)
    .sort((a, b) => a - b);
  byId('category-legend', HTMLUListElement).replaceChildren(
    ...used.map((category) =>
      el('li', {}, categoryBadge(category), ` ${names[category] ?? `row ${category}`}`),
    ),
  );
}

/**
 * @param {PromptSet} promptSet
 * @param {(sequence: number) => void} choose
 */
function showList({ prompts, kept }, choose) {
  byId('all-prompts-summary', HTMLElement).textContent =
    `All sequences (${kept.length} kept, ${prompts.length - kept.length} dropped)`;
  byId('prompt-list', HTMLOListElement).replaceChildren(
    ...prompts.map((prompt) => {
      const { sequence, kept: isKept, reason } = prompt;
      const row = el(
        'li',
        { class: isKept ? 'prompt-row' : 'prompt-row dropped' },
        button(String(sequence), 'prompt-number', () => choose(sequence)),
        el('span', { class: 'chips' }, ...fedTokens(prompt).slice(1).map(tokenChip)),
        el('span', { class: 'verdict', text: isKept ? 'kept' : `dropped: ${reason ?? ''}` }),
      );
      row.dataset.sequence = String(sequence);
      row.querySelector('button')?.setAttribute('aria-label', `Show prompt ${sequence}`);
      return row;
    }),
  );
}
