/** Tests against the real service: one is started per run, on a free port, with a folder of its own. */
import { test as base, expect, type Page } from '@playwright/test';
import AxeBuilder from '@axe-core/playwright';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const REPOSITORY = resolve(import.meta.dirname, '../..');
export const RECORDING = join(REPOSITORY, 'examples/morning-porch.ogg');
const READY_MS = 60_000;

/** For a single local user, or one that people sign in to; there, without a worker, songs wait for their turn. */
type Kind = 'local' | 'accounts' | 'accounts and worker';

export class Service {
  #child: ChildProcess | undefined;
  private constructor(
    readonly port: number,
    readonly folder: string,
    readonly env: Record<string, string>,
    readonly kind: Kind,
  ) {}

  static async start(env: Record<string, string> = {}, kind: Kind = 'local'): Promise<Service> {
    const folder = mkdtempSync(join(tmpdir(), 'genesis-e2e-'));
    const service = new Service(await freePort(), folder, env, kind);
    try {
      await service.resume();
    } catch (error) {
      await service.stop();
      service.remove();
      throw error;
    }
    return service;
  }

  /** One for those who use it; it is stopped whatever happens. */
  static async lent(
    use: (service: Service) => Promise<void>,
    env: Record<string, string> = {},
    kind: Kind = 'local',
  ): Promise<void> {
    const service = await Service.start(env, kind);
    try {
      await use(service);
    } finally {
      await service.stop();
      service.remove();
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Start it (again), with the same folder and port. */
  async resume(): Promise<void> {
    const accounts = join(import.meta.dirname, 'accounts_service.py');
    const worker = this.kind === 'accounts and worker' ? ['worker'] : [];
    const [program = '', ...command] =
      this.kind === 'local'
        ? ['genesis', 'serve', '--port', String(this.port), '--data-dir', this.folder]
        : ['python', accounts, String(this.port), this.folder, ...worker];
    this.#child = spawn(join(REPOSITORY, '.venv/bin', program), command, {
      env: { ...process.env, GENESIS_WEB_DIR: join(REPOSITORY, 'web/build'), ...this.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const end = Date.now() + READY_MS;
    while (Date.now() < end) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => null);
      if (answer?.ok) return;
      if (this.#child.exitCode !== null) throw new Error('The service ended before it was ready.');
      await sleep(100);
    }
    throw new Error('The service did not become ready.');
  }

  /** Let the browser go first, as where it runs on a machine of its own. */
  stepBack(): void {
    if (this.#child?.pid) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW);
  }

  /** Stop it by its process id and wait until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Transcribe a recording through the API; its id, when it is complete. */
  async transcribed(path: string = RECORDING, options: Record<string, string> = {}): Promise<string> {
    const { readFileSync } = await import('node:fs');
    const body = new FormData();
    for (const [name, value] of Object.entries(options)) body.append(name, value);
    body.append('file', new Blob([readFileSync(path)]), 'morning-porch.ogg');
    const answer = await fetch(`${this.url}/api/v1/transcribe`, { method: 'POST', body });
    const { transcription_id: id } = (await answer.json()) as { transcription_id: string };
    for (;;) {
      const detail = await (await fetch(`${this.url}/api/v1/transcribe/${id}`)).json();
      if (detail.status === 'complete') return id;
      if (detail.status === 'failed') throw new Error(detail.job.error.message);
      await sleep(200);
    }
  }
}

export async function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** A page at the service's address; `service` is shared by all tests of a run. */
export const test = base.extend<{ baseURL: string }, { service: Service }>({
  service: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are asked for from the pattern
    async ({}, use) => Service.lent(use),
    { scope: 'worker', timeout: READY_MS * 2 },
  ],
  baseURL: async ({ service }, use) => use(service.url),
});

/** No violation of WCAG 2.2 A and AA that can be found by a machine. */
export async function expectAccessible(page: Page): Promise<void> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

export { expect };
