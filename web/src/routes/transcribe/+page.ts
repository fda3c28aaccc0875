import { auth } from '$lib/services/auth';

/** The form begins with what the account prefers. */
export async function load(): Promise<void> {
  await auth.known();
}
