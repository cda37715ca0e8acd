// The prompts: the chosen one token by token, and all of them, kept and dropped.

import { legendItems } from '../../labels/categories.js';
import { byId, button, el, fillList, isOff, setOff } from '../../kit/dom.js';
import { plural } from '../../kit/format.js';
import { showProblem } from '../../kit/problem-box.js';
import { beginWithKept, drawnPrompts } from '../../study/proposal.js';
import { shownPrompt, shownSettings, textTooLong } from '../../study/study-state.js';
import { fedTokens, tokenCard, tokenChip } from '../../labels/tokens.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpPrompts(study) {
  const summary = byId('prompts-summary', HTMLParagraphElement);
  const problemSlot = byId('prompts-problem', HTMLDivElement);
  const previous = byId('prompt-previous', HTMLButtonElement);
  const next = byId('prompt-next', HTMLButtonElement);
  previous.addEventListener('click', () => !isOff(previous) && stepPrompt(study, -1));
  next.addEventListener('click', () => !isOff(next) && stepPrompt(study, 1));

  const list = new PromptList((prompt) => study.change({ prompt }));
  study.watch(
    ({ problems }) => problems.prompts ?? null,
    (problem) => showProblem(problemSlot, problem, () => study.open()),
    null,
  );
  study.watch(drawnPrompts, (promptSet, state) => {
    if (!promptSet) return;
    const { problems } = state;
    const settings = shownSettings(state);
    list.show(promptSet, settings.text !== null);
    showLegend(promptSet);
    summary.textContent = problems.prompts ? '' : summarise(promptSet, settings);
  });
  study.watch(
    (state) => [drawnPrompts(state), shownPrompt(shownSettings(state)), textTooLong(state) !== ''],
    ([promptSet, prompt, tooLong], state) => {
      if (!promptSet) return;
      const settings = shownSettings(state);
      showFed(promptSet, prompt, settings.text !== null, tooLong);
      list.mark(prompt);
      setOff(previous, prompt <= 0);
      setOff(next, prompt >= promptSet.prompts.length - 1);
    },
  );
  beginWithKept(study);
}

/**
 * Shows the prompt before or after, if there is one.
 * @param {import('../../study/study.js').Study} study
 * @param {-1 | 1} by
 */
export function stepPrompt(study, by) {
  const prompt = shownPrompt(shownSettings(study.state)) + by;
  if (study.state.promptSet?.prompts[prompt]) study.change({ prompt });
}

/**
 * @param {PromptSet} promptSet
 * @param {Settings} settings
 */
function summarise({ prompts, kept }, { seed, text }) {
  if (text !== null) return prompts.length > 1 ? plural(prompts.length, 'text') : 'Custom text';
  const dropped = prompts.length - kept.length;
  return `Seed ${seed}: ${plural(prompts.length, 'prompt')}, ${kept.length} kept, ${dropped} dropped (multi-token words)`;
}

/**
 * @param {PromptSet} promptSet
 * @param {number} sequence
 * @param {boolean} isText whether it is a text of the visitor's own
 * @param {boolean} tooLong whether the model cannot take that text
 */
function showFed({ prompts, categories }, sequence, isText, tooLong) {
  const prompt = prompts[sequence];
  const tokens = prompt ? fedTokens(prompt) : [];
  byId('fed-title', HTMLSpanElement).textContent =
    isText && prompts.length === 1
      ? 'Your text'
      : `${isText ? 'Text' : 'Prompt'} ${sequence} of 0–${prompts.length - 1}`;
  fillList(byId('fed', HTMLOListElement), tokens, (token) =>
    tokenCard(token, categories[token.category] ?? ''),
  );
  byId('fed-note', HTMLParagraphElement).textContent = prompt ? fedNote(prompt) : '';
  const verdict = byId('fed-verdict', HTMLSpanElement);
  verdict.textContent = prompt ? verdictOf(prompt, isText, tooLong) : '';
  verdict.classList.toggle('dropped', prompt?.kept === false || tooLong);
}

/**
 * A text is kept or dropped by nobody.
 * @param {Prompt} prompt
 * @param {boolean} isText
 * @param {boolean} tooLong
 */
function verdictOf({ kept, reason }, isText, tooLong) {
  if (isText) return tooLong ? 'too long for this model' : '';
  return kept ? 'kept' : `dropped: ${reason ?? ''}`;
}

/** @param {Prompt} prompt */
function fedNote({ tokens, token_ids, kept, targets }) {
  const again = token_ids.slice(1).includes(token_ids[0] ?? -1);
  const parts = [
    `${plural(tokens.length, 'token')}; ␣ is a leading space.`,
    kept
      ? `${plural(targets, 'pair')} of the same category.`
      : 'Shown, but left out of scores and ablations.',
    ...(again ? [`${tokens[0]} in the text is read as the one token that begins it, too.`] : []),
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

/** Tokens that are added to the list of all sequences in one frame, in whole rows. */
const TOKENS_A_FRAME = 260;

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

  /**
   * @param {PromptSet} promptSet
   * @param {boolean} isText texts are kept or dropped by nobody; one alone is shown above
   */
  show({ prompts, kept }, isText) {
    this.#fold.hidden = isText && prompts.length === 1;
    this.#summary.textContent = isText
      ? `All texts (${prompts.length})`
      : `All prompts (${kept.length} kept, ${prompts.length - kept.length} dropped)`;
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
    let rows = 0;
    for (let tokens = 0; tokens < TOKENS_A_FRAME && rows < this.#left.length; rows++) {
      tokens += this.#left[rows]?.tokens.length ?? 0;
    }
    this.#list.append(...this.#left.slice(0, rows).map((prompt) => this.#row(prompt)));
    this.#left = this.#left.slice(rows);
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
