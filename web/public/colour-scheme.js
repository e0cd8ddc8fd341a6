// Before the first paint, so that a dark page never flashes white. A file of its own: the server's policy allows no script inside the page.
(function () {
  var chosen = null
  try { chosen = localStorage.getItem('holdfast-colours') } catch { /* Private windows may refuse it. */ }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light')
})()
