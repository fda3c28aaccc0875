/**
 * The service's API, typed from its OpenAPI document (`npm run api`).
 *
 * `api` never throws for an answer of the service: look at `error`. `failureOf` turns whatever went wrong into
 * words to show. Requests carry the access token where one is needed; an expired one is renewed once.
 */
import createClient, { type Middleware } from 'openapi-fetch';
import { m } from '$messages';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];
export type Tab = Schemas['Tab'];
export type TabNote = Schemas['TabNote'];
export type TranscriptionDetail = Schemas['TranscriptionDetail'];
export type TranscriptionView = Schemas['TranscriptionView'];

/** Where the service is: the page's own origin, unless the build says otherwise (a CDN with the API elsewhere). */
export const serviceOrigin: string = import.meta.env.VITE_API_ORIGIN ?? '';

/** What went wrong, in words, with what the page needs to react. `status` is 0 when nobody answered. */
export interface Failure {
  message: string;
  status: number;
  code: string;
  reference?: string;
  problem?: Problem;
}

export class ServiceError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** The failure in what `api` answered or in what was thrown. */
export function failureOf(error: unknown, response?: Response): Failure {
  if (error instanceof ServiceError) return error.failure;
  if (isProblem(error)) {
    return {
      message: error.detail,
      status: error.status,
      code: error.code,
      reference: error.request_id,
      problem: error,
    };
  }
  if (response) return { message: m.app.failure.unexpected, status: response.status, code: 'unexpected' };
  return { message: m.app.failure.offline, status: 0, code: 'offline' };
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'detail' in error && 'code' in error;
}

/** The data of an answer, or a `ServiceError`: for callers that handle failures in one place. */
export async function dataOf<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  let found;
  try {
    found = await answer;
  } catch (error) {
    throw new ServiceError(failureOf(error));
  }
  if (found.error !== undefined || found.data === undefined || found.data === null) {
    throw new ServiceError(failureOf(found.error, found.response));
  }
  return found.data;
}

/** How requests get their token; the auth service sets it, so that the two need not import each other. */
interface TokenSource {
  token(): string | null;
  /** Called when a request was refused for its token; true when there is a new one. */
  renew(): Promise<boolean>;
}
let source: TokenSource = { token: () => null, renew: async () => false };
export function useTokens(tokens: TokenSource): void {
  source = tokens;
}

/** As `fetch`, with the token; renews an expired one once. For what has no typed operation: audio, files. */
export async function fetchWithToken(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const spare = request.clone();
  const response = await fetch(withToken(request));
  if (response.status !== 401 || !(await source.renew())) return response;
  return fetch(withToken(spare));
}

function withToken(request: Request): Request {
  const token = source.token();
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

const json: Middleware = {
  onRequest({ request }) {
    request.headers.set('Accept', 'application/json');
    request.headers.set('traceparent', `00-${randomHex(16)}-${randomHex(8)}-01`);
  },
};

/** So many random bytes: the ids of a W3C trace, under which operators find all that a request led to. */
function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const api = createClient<paths>({ baseUrl: serviceOrigin || location.origin, fetch: fetchWithToken });
api.use(json);

/** Whether this is the token of a link that somebody shared; it stands for the id of the transcription. */
export function isShareToken(id: string): boolean {
  return id.startsWith('gm_share_');
}

/** The address of a transcription's part, e.g. `audio` or `files/gp5`; also of one behind a link. */
export function addressOf(transcriptionId: string, part: string): string {
  const place = isShareToken(transcriptionId) ? 'shared' : 'transcribe';
  return `${serviceOrigin}/api/v1/${place}/${transcriptionId}/${part}`;
}
