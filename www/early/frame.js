// A frame that was given no rights of its own gets none of the page's modules, no
// worker and no storage, and neither does a page opened from disk. That is said
// before anything waits for them. A classic script still comes there.
if (self.origin === 'null') {
  addEventListener('DOMContentLoaded', () => {
    const fromDisk = location.protocol === 'file:';
    const paragraph = (/** @type {string} */ text) => {
      const element = document.createElement('p');
      element.textContent = text;
      return element;
    };
    const what = paragraph(
      fromDisk
        ? 'Headscope was opened from disk, and browsers run it from a web server only.'
        : 'Headscope cannot run here: the page that shows it in a frame gives it no rights of its own (allow-same-origin).',
    );
    what.className = 'problem-what';
    const address = document.createElement('input');
    address.className = 'link-box';
    address.readOnly = true;
    address.value = location.href;
    address.setAttribute('aria-label', 'Address of this page');
    const link = document.createElement('a');
    link.href = location.href;
    link.target = '_blank';
    link.rel = 'noopener';
    link.textContent = 'Open it in a tab';
    const way = paragraph('');
    if (fromDisk) way.append('Serve its folder by any web server; the link keeps your settings.');
    else way.append(link, ', or copy this address: it keeps your settings.');
    const box = document.createElement('div');
    box.className = 'problem';
    box.role = 'alert';
    box.append(what, way, address);
    // A frame may be small: first of all, since nothing else works.
    const place = document.createElement('div');
    place.className = 'notice';
    place.append(box);
    document.querySelector('[data-role="problem"]')?.removeAttribute('data-role');
    place.dataset.role = 'problem';
    document.querySelector('main')?.prepend(place);
    document.querySelector('#note-head')?.replaceChildren();
    document.documentElement.dataset.state = 'error';
  });
}
