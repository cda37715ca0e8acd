// Taking the results away: the results file, the table, pictures.

import { announce } from './announce.js';
import { byId, el, isOff, saveFile, setOff } from './dom.js';
import { linkTo } from './link.js';
import { PICTURES } from './picture-choice.js';
import { showProblem } from './problem-box.js';
import { asProblem } from './problem.js';

/** @param {import('./study.js').Study} study */
export function setUpExport(study) {
  const note = byId('export-note', HTMLParagraphElement);
  const problemSlot = byId('export-problem', HTMLDivElement);

  /** @param {string} text */
  function report(text) {
    note.textContent = text;
    announce(text);
  }

  const pictureOf = byId('picture-of', HTMLSelectElement);

  /**
   * @param {string} ending
   * @param {string} [what] which of the views it shows
   */
  function fileName(ending, what) {
    const { head, seed, prompt } = study.state.settings;
    const view = what ? `-${what}` : '';
    return `headscope-${head}-seed${seed}-prompt${prompt}${view}.${ending}`;
  }

  /** The chosen view as a picture. The code that makes pictures comes when it is wanted. */
  async function picture() {
    const [{ composePicture, asPng }, { pictureOfView }] = await Promise.all([
      import('./picture.js'),
      import('./pictures.js'),
    ]);
    const { blocks, lines } = pictureOfView(pictureOf.value, study.state);
    if (blocks.length === 0) throw nothingToShow(pictureOf.selectedOptions[0]?.text);
    const svg = composePicture(blocks, [...lines, linkTo(study.state.settings)]);
    return {
      svg: () => new Blob([svg.text], { type: 'image/svg+xml' }),
      png: () => asPng(svg),
    };
  }

  /** Offers the views there are; the first one always, as there will be one. */
  let offered = '';
  study.subscribe((state) => {
    const views = PICTURES.filter(({ ready }, index) => index === 0 || ready(state));
    const keys = views.map(({ key }) => String(key));
    if (keys.join() === offered) return;
    offered = keys.join();
    const chosen = pictureOf.value;
    pictureOf.replaceChildren(
      ...views.map(({ key, label }) => el('option', { value: key, text: label })),
    );
    if (keys.includes(chosen)) pictureOf.value = chosen;
  });

  /**
   * @param {string} id
   * @param {string} ending
   * @param {() => Promise<Blob>} make
   * @param {() => string} [what]
   */
  function exportButton(id, ending, make, what) {
    const element = byId(id, HTMLButtonElement);
    element.addEventListener('click', async () => {
      if (isOff(element)) return;
      try {
        showProblem(problemSlot, null);
        const name = fileName(ending, what?.());
        saveFile(name, await make());
        report(`Saved ${name}.`);
      } catch (thrown) {
        showProblem(problemSlot, asProblem(thrown), () => element.click());
      }
    });
    return element;
  }

  const files = [
    exportButton('export-json', 'json', async () => {
      return new Blob([await study.exportText('export_json')], { type: 'application/json' });
    }),
    exportButton('export-csv', 'csv', async () => {
      return new Blob([await study.exportText('export_csv')], { type: 'text/csv' });
    }),
    exportButton(
      'export-png',
      'png',
      async () => (await picture()).png(),
      () => pictureOf.value,
    ),
    exportButton(
      'export-svg',
      'svg',
      async () => (await picture()).svg(),
      () => pictureOf.value,
    ),
  ];

  /** What a report of a file belongs to. */
  let reported = study.state.settings;
  let ready = true;
  study.subscribe(({ pattern, task, settings }) => {
    for (const element of files) setOff(element, !pattern || task !== null);
    if (settings === reported && ready === (pattern !== null)) return;
    reported = settings;
    ready = pattern !== null;
    note.textContent = ready ? '' : 'Files can be exported once a head is shown.';
  });
}

/**
 * @param {string} [view]
 * @returns {Problem}
 */
function nothingToShow(view = 'nothing') {
  return {
    what: `There is no picture of “${view}” now.`,
    kept: 'The settings and the results shown are unchanged.',
    next: 'Compute it again, or choose another view.',
    offers: [],
    key: null,
  };
}
