import { auth } from '$lib/services/auth';
import { Score } from '$lib/stores/score.svelte';
import type { PageLoad } from './$types';

/** The song is asked for while the page is still built: most that are opened are done. */
export const load: PageLoad = ({ params }) => {
  const score = new Score(params.id);
  // Where nobody has signed in on this device, there is no token to wait for.
  const early = auth.isExpected ? auth.start().then(() => score.load()) : score.load();
  early.catch(() => undefined);
  return { score, early };
};
