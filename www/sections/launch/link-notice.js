// What a link asked for and could not have, in one place: its controls say so
// too, but may be folded away.

import { byId, el } from '../../kit/dom.js';
import { settingText } from '../../kit/problem.js';

/** @param {import('../../study/study.js').Study} study */
export function setUpLinkNotice(study) {
  const notice = byId('link-notice', HTMLDivElement);
  /** @param {readonly SettingProblem[]} shown */
  function show(shown) {
    notice.hidden = shown.length === 0;
    notice.replaceChildren();
    if (shown.length === 0) return;
    const list = el('ul');
    for (const problem of shown)
      list.append(el('li', {}, el('b', { text: problem.key }), `: ${settingText(problem)}`));
    notice.append(
      el(
        'div',
        { class: 'problem' },
        el('p', {
          class: 'problem-what',
          text: 'Some of what was asked for could not be used; the rest stands.',
        }),
        list,
      ),
    );
  }
  study.watch(({ settingProblems }) => settingProblems, show);
}
