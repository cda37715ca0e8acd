// Sets a remembered theme before the first paint, so that the page does not
// flash. Modules run too late for this, hence a classic script.
try {
  const theme = localStorage.getItem('headscope-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage can be forbidden; the system's own preference then decides.
}
