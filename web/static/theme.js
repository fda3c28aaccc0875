// The theme chosen last time; "system" (or nothing) leaves it to the device.
try {
  const theme = JSON.parse(localStorage.getItem('genesis.settings') ?? '{}').theme;
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden or damaged: the device decides.
}
