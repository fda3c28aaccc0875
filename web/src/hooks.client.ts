import { dev } from '$app/environment';
import { auth } from '$lib/services/auth';

/** What is kept for offline use is fetched when what was asked for is on the page, not beside it. */
const KEEPING_STARTS_MS = 4000;

/** Who is here is asked while the page's own code is still on its way. */
export function init(): void {
  void auth.start();
  if (!('serviceWorker' in navigator) || dev) return;
  const later = () => void setTimeout(keepForOffline, KEEPING_STARTS_MS);
  // The page may be loaded before its code runs.
  if (document.readyState === 'complete') later();
  else addEventListener('load', later, { once: true });
}

/** A browser that refuses (a private window, say) shows everything as well, online. */
function keepForOffline(): void {
  navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}
