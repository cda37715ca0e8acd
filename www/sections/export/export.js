// Taking the results away: the results file, the table, pictures.

import { byId, el, isOff, setOff } from '../../kit/dom.js';
import { saveFile } from '../../kit/save-file.js';
import { shownStudy } from '../../study/demo.js';
import { resultsName } from '../../study/file-name.js';
import { linkTo } from '../../study/link.js';
import { shownSettings } from '../../study/study-state.js';
import { part } from '../../kit/part.js';
import { PICTURES } from './picture-choice.js';
import { showProblem } from '../../kit/problem-box.js';
import { asProblem, isCancelled } from '../../kit/problem.js';
import { LATER, Note } from './note.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpExport(study) {
  const note = new Note('files');
  const problemSlot = byId('export-problem', HTMLDivElement);
  const pictureOf = byId('picture-of', HTMLSelectElement);

  /**
   * @param {string} ending
   * @param {string} [what] which of the views it shows
   */
  function fileName(ending, what) {
    const view = what ? `-${what}` : '';
    return `${resultsName(shownSettings(study.state))}${view}.${ending}`;
  }

  /** The chosen view as a picture. The code that makes pictures comes when it is wanted. */
  async function picture() {
    const load = () =>
      Promise.all([import('./picture.js'), import('../../kit/png.js'), import('./pictures.js')]);
    const [{ composePicture }, { asPng }, { pictureOfView }] = await part(
      'What draws pictures',
      load,
    );
    const shown = shownStudy(study.state);
    const { blocks, lines } = pictureOfView(pictureOf.value, shown);
    if (blocks.length === 0) throw nothingToShow(pictureOf.selectedOptions[0]?.text);
    const svg = composePicture(blocks, [...lines, linkTo(shown.link)]);
    return {
      svg: () => new Blob([svg.text], { type: 'image/svg+xml' }),
      png: () => asPng(svg),
    };
  }

  /** Offers the views there are; the first one always, as there will be one. */
  study.watch(
    (state) => PICTURES.filter(({ ready }, index) => index === 0 || ready(state)),
    (views) => {
      const chosen = pictureOf.value;
      pictureOf.replaceChildren(
        ...views.map(({ key, label }) => el('option', { value: key, text: label })),
      );
      if (views.some(({ key }) => key === chosen)) pictureOf.value = chosen;
    },
  );

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
        note.show(`Making ${name}…`);
        note.report(saveFile(name, await make()));
      } catch (thrown) {
        note.show('');
        if (isCancelled(thrown)) return;
        const problem = asProblem(thrown);
        // Whoever pressed it in the menu does not see what is told below.
        note.tellInMenu(problem.what);
        showProblem(problemSlot, problem, (offer) =>
          (offer === 'svg' ? byId('export-svg', HTMLButtonElement) : element).click(),
        );
      }
    });
    return element;
  }

  /** What writes for Python comes when it is wanted. */
  const python = () => part('What writes for Python', () => import('./python.js'));

  const files = [
    exportButton('export-json', 'json', async () => {
      return new Blob([await study.exportText('export_json')], { type: 'application/json' });
    }),
    exportButton('export-csv', 'csv', async () => {
      return new Blob([await study.exportText('export_csv')], { type: 'text/csv' });
    }),
    exportButton('export-notebook', 'ipynb', async () => (await python()).notebookFile(study)),
    exportButton(
      'export-npz',
      'npz',
      async () => (await python()).patternFile(study),
      () => 'patterns',
    ),
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

  const copyPython = byId('copy-python', HTMLButtonElement);
  copyPython.addEventListener('click', async () => {
    if (isOff(copyPython)) return;
    try {
      showProblem(problemSlot, null);
      const { copyLines } = await python();
      note.report(await copyLines(study.state, fileName('json'), problemSlot));
    } catch (thrown) {
      showProblem(problemSlot, asProblem(thrown), () => copyPython.click());
    }
  });
  files.push(copyPython);

  // Each panel has a button of its own in its head.
  for (const element of document.querySelectorAll('button[data-picture]')) {
    if (!(element instanceof HTMLButtonElement)) continue;
    const choice = PICTURES.find(({ key }) => key === element.dataset.picture);
    element.addEventListener('click', () => {
      if (isOff(element) || !choice) return;
      pictureOf.value = choice.key;
      byId('export-png', HTMLButtonElement).click();
    });
    study.watch(
      (state) => state.task === null && (choice?.ready(state) ?? false),
      (ready) => setOff(element, !ready),
    );
  }

  study.subscribe(({ pattern, task }) => {
    for (const element of files) setOff(element, !pattern || task !== null);
  });
  // What was said of a file belongs to the settings of then.
  study.watch(
    ({ settings, pattern }) => [settings, pattern !== null],
    ([, ready]) => {
      note.show(ready ? '' : LATER);
    },
  );
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
