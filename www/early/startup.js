// Tells that a part of the page did not come. Classic and early: the modules, of
// which one is missing, never run.
{
  /** Milliseconds after which the page says that it still waits. */
  const PATIENCE = 20_000;
  /** Whether all modules have come. */
  let here = false;
  /** What was last told. @type {HTMLElement | null} */
  let box = null;
  /** Whether what was told was that parts are late. */
  let late = false;

  /**
   * @param {string} what
   * @param {string} next
   * @param {boolean} [fatal] whether the page cannot run without it
   */
  function tell(what, next, fatal = true) {
    const place = document.getElementById('launch-problem');
    if (!place) {
      setTimeout(tell, 50, what, next, fatal);
      return;
    }
    if (fatal) {
      document.documentElement.dataset.state = 'error';
      const note = document.getElementById('note-head');
      if (note) note.textContent = '';
    }
    box?.remove();
    box = document.createElement('div');
    box.className = 'problem';
    box.setAttribute('role', 'alert');
    const title = document.createElement('p');
    title.className = 'problem-what';
    title.textContent = what;
    const text = document.createElement('p');
    text.textContent = `The link keeps your settings. ${next}`;
    const reload = document.createElement('button');
    reload.type = 'button';
    reload.className = 'button';
    reload.textContent = 'Reload';
    reload.addEventListener('click', () => location.reload());
    box.append(title, text, reload);
    place.before(box);
  }

  /**
   * @param {string} address
   * @param {boolean} [fatal]
   */
  function missing(address, fatal) {
    late = false;
    const { pathname } = new URL(address, location.href);
    const next = 'Check the connection, and reload the page.';
    tell(`A part of this page did not come: ${pathname}.`, next, fatal);
  }

  const timer = setTimeout(() => {
    late = true;
    tell(
      `Parts of this page have not come for ${PATIENCE / 1000} seconds.`,
      'It starts by itself if they come; if not, check the connection, and reload the page.',
    );
  }, PATIENCE);

  addEventListener(
    'error',
    (event) => {
      const { target } = event;
      if (target instanceof HTMLLinkElement) {
        if (target.rel === 'stylesheet') missing(target.href, false);
        return;
      }
      if (here) return;
      clearTimeout(timer);
      if (target instanceof HTMLScriptElement) missing(target.src);
      else if (event instanceof ErrorEvent && event.filename) missing(event.filename);
    },
    { capture: true },
  );

  addEventListener('headscope-here', () => {
    here = true;
    clearTimeout(timer);
    if (!late) return;
    document.documentElement.dataset.state = 'start';
    box?.remove();
  });
}
