/** A mail server that keeps the letters it is sent. */
import { expect } from '@playwright/test';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Letter {
  to: string;
  text: string;
}

export class Letters {
  readonly #server: Server;
  readonly #taken: Letter[] = [];

  private constructor() {
    this.#server = createServer((socket) => this.#talk(socket));
  }

  static async open(): Promise<Letters> {
    const letters = new Letters();
    await new Promise<void>((done) => letters.#server.listen(0, '127.0.0.1', done));
    return letters;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** All that somebody was sent. */
  to(address: string): string[] {
    return this.#taken.filter(({ to }) => to === address).map(({ text }) => text);
  }

  /** The newest letter to somebody, as soon as there are `count`. */
  async newest(address: string, count = 1): Promise<string> {
    await expect.poll(() => this.to(address).length).toBe(count);
    return this.to(address).at(-1) ?? '';
  }

  close(): void {
    this.#server.close();
  }

  /** As much of SMTP (RFC 5321) as a letter needs. */
  #talk(socket: Socket): void {
    const say = (answer: string) => socket.write(`${answer}\r\n`);
    let [to, letter, unread] = ['', '', ''];
    let isLetter = false;
    const take = (line: string) => {
      if (isLetter && line === '.') {
        this.#taken.push({ to, text: decoded(letter) });
        [letter, isLetter] = ['', false];
        say('250 taken');
      } else if (isLetter) {
        letter += `${line.replace(/^\./, '')}\n`;
      } else {
        to = /^RCPT TO:<(.+)>/i.exec(line)?.[1] ?? to;
        isLetter = /^DATA/i.test(line);
        say(isLetter ? '354 go on' : /^QUIT/i.test(line) ? '221 bye' : '250 ok');
      }
    };
    socket.setEncoding('utf8').on('error', () => socket.destroy());
    socket.on('data', (text: string) => {
      const lines = (unread + text).split('\r\n');
      unread = lines.pop() ?? '';
      lines.forEach(take);
    });
    say('220 tests');
  }
}

/** Quoted-printable (RFC 2045), as far as it is used for links. */
function decoded(letter: string): string {
  return letter
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
