/** The page's files as a CDN delivers them: an address without a file gets the page; nothing is known of the service. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const ENTRANCE = '200.html';
const KINDS: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

export class Cdn {
  readonly #server: Server;

  private constructor(readonly folder: string) {
    this.#server = createServer((request, response) => {
      const path = join(folder, normalize(new URL(request.url ?? '/', 'http://cdn').pathname));
      const file = statSync(path, { throwIfNoEntry: false })?.isFile() ? path : join(folder, ENTRANCE);
      response.setHeader('Content-Type', KINDS[extname(file)] ?? 'application/octet-stream');
      createReadStream(file).pipe(response);
    });
  }

  static async open(folder: string): Promise<Cdn> {
    const cdn = new Cdn(folder);
    await new Promise<void>((done) => cdn.#server.listen(0, '127.0.0.1', done));
    return cdn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
