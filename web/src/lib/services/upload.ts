/**
 * A recording on its way to the service, in pieces that are never sent twice (the tus protocol): it can be paused,
 * goes on by itself after the network or the service was away, and goes on where it was when the same file is chosen
 * again after the page was closed.
 */
import type { DetailedError, HttpResponse, Upload as TusUpload, UploadOptions } from 'tus-js-client';
import { failureOf, serviceOrigin, type Failure } from './api';
import { auth } from './auth';
import { requestOf, type Choices } from './choices';
import { isPassing, Patience } from './patience';

interface UploadEvents {
  /** How much has arrived, 0 to 1. */
  progress(share: number): void;
  /** The network or the service is away, or they have to sign in; it goes on by itself. */
  waiting(failure: Failure): void;
  /** Everything has arrived and been accepted. */
  accepted(transcriptionId: string): void;
  /** It cannot be sent. */
  failed(failure: Failure): void;
}

/** Large enough to be quick, small enough that a broken connection costs little and proxies let it pass. */
const PIECE_BYTES = 8 * 1024 * 1024;
const TRANSCRIPTION = 'Genesis-Transcription-Id';
/** A piece came twice, or another is still being stored: ask where to go on. */
const OUT_OF_STEP = new Set([409, 423]);

export class Upload {
  #tus: TusUpload | undefined;
  #patience = new Patience();
  #isStopped = false;
  #isRenewed = false;
  #away = new AbortController();

  constructor(
    readonly file: File,
    readonly choices: Choices,
    readonly events: UploadEvents,
  ) {}

  /** Begin, or go on. */
  async start(): Promise<void> {
    this.#isStopped = false;
    this.#away.abort();
    this.#away = new AbortController();
    addEventListener('offline', () => this.#waitFor(failureOf(null)), { signal: this.#away.signal });
    try {
      this.#tus ??= await this.#open();
    } catch {
      return this.#waitFor(failureOf(null)); // the code that sends could not be loaded
    }
    if (!this.#isStopped) this.#tus.start();
  }

  /** Stop sending until `start` is called again. */
  pause(): void {
    this.#isStopped = true;
    this.#rest();
  }

  /** Give it up; the service forgets what it has. */
  cancel(): void {
    this.#isStopped = true;
    this.#rest(true);
  }

  #rest(forGood = false): void {
    this.#away.abort();
    this.#patience.stop();
    // What cannot be deleted now is deleted by the service after a day.
    void this.#tus?.abort(forGood).catch(() => undefined);
  }

  async #open(): Promise<TusUpload> {
    const { Upload: Tus } = await import('tus-js-client');
    const tus = new Tus(this.file, this.#options());
    const earlier = (await tus.findPreviousUploads())[0];
    if (earlier) tus.resumeFromPreviousUpload(earlier);
    return tus;
  }

  #options(): UploadOptions {
    const { file, choices } = this;
    const metadata = Object.fromEntries(
      Object.entries(requestOf(choices)).map(([name, value]) => [name, String(value)]),
    );
    return {
      endpoint: `${serviceOrigin}/api/v1/uploads`,
      chunkSize: PIECE_BYTES,
      retryDelays: null, // we wait ourselves, and say so
      metadata: { ...metadata, filename: file.name },
      fingerprint: async () =>
        ['genesis', file.name, file.size, file.lastModified, JSON.stringify(metadata)].join(':'),
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => {
        if (auth.token) request.setHeader('Authorization', `Bearer ${auth.token}`);
      },
      onProgress: (sent, total) => this.events.progress(total ? sent / total : 1),
      onChunkComplete: () => this.#arrived(),
      onSuccess: ({ lastResponse }) => this.#accepted(lastResponse),
      onError: (error) => void this.#broken(error),
    };
  }

  #arrived(): void {
    this.#patience.reset();
    this.#isRenewed = false;
  }

  #accepted(response: HttpResponse): void {
    this.#away.abort();
    const id = response.getHeader(TRANSCRIPTION);
    if (id) this.events.accepted(id);
    else this.events.failed(failureOf(null, new Response(null, { status: 500 })));
  }

  async #broken(error: Error | DetailedError): Promise<void> {
    if (this.#isStopped) return;
    const failure = failureIn(error);
    if (failure.status === 401) return this.#signIn(failure);
    if (isPassing(failure.status) || OUT_OF_STEP.has(failure.status)) return this.#waitFor(failure);
    this.#away.abort();
    this.events.failed(failure);
  }

  /** With a new token it goes on; when the session is over, as soon as they have signed in again. */
  async #signIn(failure: Failure): Promise<void> {
    try {
      if (!this.#isRenewed && (await auth.renew())) {
        this.#isRenewed = true;
        return await this.start();
      }
    } catch {
      return this.#waitFor(failureOf(null));
    }
    if (this.#isStopped) return;
    this.#rest();
    this.events.waiting(failure);
    this.#away = new AbortController();
    this.#away.signal.addEventListener(
      'abort',
      auth.whenSignedIn(() => void this.start()),
    );
  }

  #waitFor(failure: Failure): void {
    this.#rest();
    this.events.waiting(failure);
    this.#patience.wait(() => void this.start());
  }
}

function failureIn(error: Error | DetailedError): Failure {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (!response) return failureOf(null);
  return failureOf(parsed(response.getBody()), new Response(null, { status: response.getStatus() }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
