/** How this installation is set up; asked for once, when somebody wants to know. Throws a `ServiceError`. */
import { api, dataOf, type Schemas } from './api';

let answer: Promise<Schemas['Configuration']> | undefined;

export function configuration(): Promise<Schemas['Configuration']> {
  answer ??= dataOf(api.GET('/api/v1/config')).catch((error: unknown) => {
    answer = undefined; // ask again next time
    throw error;
  });
  return answer;
}
