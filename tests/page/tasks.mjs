// How long a page's thread is busy at a stretch.

import assert from 'node:assert/strict';

/**
 * Watches the page's thread from here on. What else runs on this machine must not
 * count: a task's own time on the processor is what the page is to blame for.
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').Page} page
 * @param {number} longest milliseconds that a task may take
 * @returns {Promise<() => Promise<string[][]>>} what the tasks were made of that took longer
 */
export async function watchTasks(browser, page, longest) {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  return async () => {
    const trace = JSON.parse((await browser.stopTracing()).toString('utf8'));
    /** @type {any[]} */
    const events = trace.traceEvents;
    const isPage = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = events.filter(
      ({ name, ph, pid, tid }) =>
        ph === 'X' && isPage.has(`${pid} ${tid}`) && /RunTask$/.test(name),
    );
    assert.ok(tasks.length > 100, 'the trace holds the tasks of the page');
    const long = tasks.filter(({ tdur = 0 }) => tdur >= longest * 1000);
    const within = (/** @type {any} */ task) =>
      events
        .filter(({ pid, tid, ts, tdur }) => {
          const inside = ts >= task.ts && ts < task.ts + task.dur && tdur > 5000;
          return inside && pid === task.pid && tid === task.tid;
        })
        .map(({ name, tdur, args }) => {
          const { functionName = '', url = '' } = args?.data ?? {};
          return `${name} ${functionName} ${url} ${tdur / 1000} ms`;
        });
    return long.map(within);
  };
}
