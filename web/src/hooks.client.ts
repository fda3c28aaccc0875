import { auth } from '$lib/services/auth';

/** Who is here is asked while the page's own code is still on its way. */
export function init(): void {
  void auth.start();
}
