/** Something that is tried, and what came of it: one at a time, failures in words in place. */
import { failureOf, ServiceError, type Failure } from '$lib/services/api';

export class Attempt {
  /** What is being done; empty: nothing. */
  busy = $state('');
  failure = $state.raw<Failure | null>(null);

  get problem(): string {
    return this.failure?.message ?? '';
  }

  /** Do something under a name; true when it worked. */
  async at(what: string, act: () => Promise<unknown>): Promise<boolean> {
    this.busy = what;
    this.failure = null;
    try {
      await act();
      return true;
    } catch (error) {
      this.failure = failureOf(error);
      return false;
    } finally {
      this.busy = '';
    }
  }
}

/** For answers without content: throw what the service refused. */
export async function done(answer: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw new ServiceError(failureOf(error, response));
}
