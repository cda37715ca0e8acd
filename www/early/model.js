// Chooses the link's model as soon as its choice has been read, before it is
// drawn: on a phone, what is said of the chosen one takes room.
{
  const model = new URLSearchParams(location.hash.slice(1)).get('model') ?? '';
  // An address, or an owner and a name.
  const value = model.includes('/') ? 'url' : model.toLowerCase();
  const observer = new MutationObserver(() => {
    for (const radio of document.querySelectorAll('input[name="model"]')) {
      if (!(radio instanceof HTMLInputElement) || radio.value !== value) continue;
      radio.checked = true;
      observer.disconnect();
    }
  });
  observer.observe(document, { childList: true, subtree: true });
  addEventListener('DOMContentLoaded', () => observer.disconnect());
}
