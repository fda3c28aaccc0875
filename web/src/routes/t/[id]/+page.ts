import { auth } from '$lib/services/auth';
import { Score } from '$lib/stores/score.svelte';
import type { PageLoad } from './$types';

/** The song is asked for, and what shows it made ready, while the page is still built: most that are opened are done. */
export const load: PageLoad = ({ params }) => {
  void import('$lib/components/features/ScoreView.svelte');
  void import('$lib/tab/sheet').then(({ Sheet }) => Sheet.prepare());
  const score = new Score(params.id);
  // Where nobody has signed in on this device, there is no token to wait for.
  const early = auth.isExpected ? auth.start().then(() => score.load()) : score.load();
  early.catch(() => undefined);
  return { score, early };
};
