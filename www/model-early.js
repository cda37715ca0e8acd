// Run while the page is read: chooses the link's model before anything is drawn,
// since what is said of it takes room on a phone.
{
  const model = new URLSearchParams(location.hash.slice(1)).get('model') ?? '';
  const value = /^https?:/.test(model) ? 'url' : model;
  for (const radio of document.querySelectorAll('input[name="model"]')) {
    if (radio instanceof HTMLInputElement && radio.value === value) radio.checked = true;
  }
}
