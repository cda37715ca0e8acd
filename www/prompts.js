// The prompts: the chosen one token by token, and all of them, kept and dropped.

import { legendItems } from './categories.js';
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

  const list = new PromptList((prompt) => study.change({ prompt }));
  /** @type {{ promptSet: PromptSet | null, prompt: number, problem: Problem | null }} */
  let shown = { promptSet: null, prompt: -1, problem: null };
  study.subscribe(({ promptSet, settings, problems }) => {
    const problem = problems.prompts ?? null;
    if (problem !== shown.problem) showProblem(problemSlot, problem, () => study.open());
    const drawn = promptSet !== shown.promptSet;
    const prompt = shownPrompt(settings);
    if (promptSet && (drawn || prompt !== shown.prompt)) {
      if (drawn) list.show(promptSet);
      if (drawn) showLegend(promptSet);
      if (drawn) summary.textContent = summarise(promptSet, settings);
      showFed(promptSet, prompt, settings.text !== null);
      list.mark(prompt);
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
  const used = prompts.flatMap(({ categories }) => categories);
  byId('category-legend', HTMLUListElement).replaceChildren(...legendItems(used, names));
}

/** Rows that are added to the list of all sequences in one frame. */
const ROWS_A_FRAME = 40;

/** All sequences, behind a fold. Its rows are made when it is opened, some a frame. */
class PromptList {
  #fold = byId('all-prompts', HTMLDetailsElement);
  #summary = byId('all-prompts-summary', HTMLElement);
  #list = byId('prompt-list', HTMLOListElement);
  #choose;
  /** @type {Prompt[]} those without a row yet */
  #left = [];
  #shown = -1;
  #frame = 0;

  /** @param {(sequence: number) => void} choose */
  constructor(choose) {
    this.#choose = choose;
    this.#fold.addEventListener('toggle', () => this.#fill());
  }

  /** @param {PromptSet} promptSet */
  show({ prompts, kept }) {
    this.#summary.textContent = `All sequences (${kept.length} kept, ${prompts.length - kept.length} dropped)`;
    this.#list.replaceChildren();
    this.#left = prompts;
    this.#fill();
  }

  /**
   * Marks the shown prompt.
   * @param {number} sequence
   */
  mark(sequence) {
    this.#list.children[this.#shown]?.removeAttribute('aria-current');
    this.#shown = sequence;
    this.#list.children[sequence]?.setAttribute('aria-current', 'true');
  }

  #fill() {
    cancelAnimationFrame(this.#frame);
    if (!this.#fold.open) return;
    this.#list.append(...this.#left.slice(0, ROWS_A_FRAME).map((prompt) => this.#row(prompt)));
    this.#left = this.#left.slice(ROWS_A_FRAME);
    this.mark(this.#shown);
    if (this.#left.length > 0) this.#frame = requestAnimationFrame(() => this.#fill());
  }

  /** @param {Prompt} prompt */
  #row(prompt) {
    const { sequence, kept, reason } = prompt;
    const show = button(String(sequence), 'prompt-number', () => this.#choose(sequence));
    show.setAttribute('aria-label', `Show prompt ${sequence}`);
    return el(
      'li',
      { class: kept ? 'prompt-row' : 'prompt-row dropped' },
      show,
      el('span', { class: 'chips' }, ...fedTokens(prompt).slice(1).map(tokenChip)),
      el('span', { class: 'verdict', text: kept ? 'kept' : `dropped: ${reason ?? ''}` }),
    );
  }
}
