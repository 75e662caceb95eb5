import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/web/main.ts', import.meta.url));

export interface Answer {
  status: number;
  body: string;
}

/** The program under attack: the server as a process of its own, looked at all the time from outside. */
export class Target {
  readonly home: string;
  readonly port: number;
  readonly bearer: string;
  readonly #child: ChildProcess;
  #ended: string | undefined;
  /** The longest duration of a small call during the attack, in milliseconds, and the number of calls. */
  worstCall = 0;
  calls = 0;
  /** Peak memory of the services' process, in MB. */
  worstMemory = 0;
  #watching = true;

  private constructor(home: string, port: number, child: ChildProcess) {
    this.home = home;
    this.port = port;
    this.#child = child;
    this.bearer = readFileSync(join(home, 'web-token'), 'utf8');
    child.on('exit', (code, signal) => (this.#ended = `ended with ${signal ?? code}`));
    void this.#watch();
  }

  /** @param preload modules that Node loads first */
  static async start(home: string, preload: readonly string[] = []): Promise<Target> {
    const child = spawn(
      process.execPath,
      [...preload.flatMap((file) => ['--import', file]), main, '--no-open', '--port', '0'],
      { env: { ...process.env, MCIR_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    const port = await new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`It does not start: ${said}`));
      }, 180_000);
      const listen = (text: string): void => {
        said += text;
        const found = /is at http:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
        if (found === undefined) return;
        clearTimeout(late);
        resolve(Number(found));
      };
      child.stdout.setEncoding('utf8').on('data', listen);
      child.stderr.setEncoding('utf8').on('data', listen);
      child.on('exit', (code) => reject(new Error(`It ended with ${code} at its start: ${said}`)));
    });
    return new Target(home, port, child);
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** A raw request, without the corrections that a browser would make. */
  send(method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer): Promise<Answer> {
    return new Promise((resolve) => {
      const asked = request(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: false, timeout: 60_000 },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          const answer = (): void =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') });
          response.on('end', answer).on('error', answer);
        },
      );
      asked.on('timeout', () => asked.destroy());
      // 0: the server has closed the connection.
      asked.on('error', () => resolve({ status: 0, body: '' }));
      asked.end(body);
    });
  }

  /** A call with the right secret. */
  async call(name: string, input: unknown): Promise<Answer> {
    return this.callRaw(name, JSON.stringify(input));
  }

  callRaw(name: string, body: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.bearer}`, 'content-type': 'application/json' };
    return this.send('POST', `/api/${name}`, headers, body);
  }

  async value<Value>(name: string, input: unknown): Promise<Value> {
    const { status, body } = await this.call(name, input);
    if (status !== 200) throw new Error(`${name}: ${status} ${body.slice(0, 300)}`);
    return (JSON.parse(body) as { value: Value }).value;
  }

  /** Bytes on a raw connection, which is then reset, closed or left open for a while. */
  raw(bytes: Buffer | string, end: 'reset' | 'close' | 'leave'): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('error', () => resolve());
      socket.on('close', () => resolve());
      socket.on('connect', () => {
        socket.write(bytes);
        if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), Math.random() * 4);
        else {
          if (end === 'close') socket.end();
          // The server waits minutes for the rest of an incomplete request.
          setTimeout(() => socket.destroy(), 1000);
        }
      });
    });
  }

  /** The id of a file or folder, found as a window finds it. */
  async place(path: string, show: 'folders' | 'pictures' | 'weights' = 'folders'): Promise<string> {
    const roots = await this.value<{ id: string; path: string }[]>('places.roots', {});
    let id = roots.find((root) => root.path === '/')?.id ?? '';
    for (const part of path.split('/').filter(Boolean)) {
      const { entries } = await this.value<{ entries: { id: string; name: string }[] }>('places.list', {
        folder: id,
        show,
      });
      id = entries.find(({ name }) => name === part)?.id ?? '';
      if (id === '') throw new Error(`There is no ${part} of ${path}.`);
    }
    return id;
  }

  /** Ends the program as a user would. @returns what is wrong with its end */
  async stop(): Promise<string | undefined> {
    this.#watching = false;
    if (this.#ended !== undefined) return this.#ended;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 60_000);
    await gone;
    clearTimeout(late);
    return this.#ended === 'ended with 0' ? undefined : this.#ended;
  }

  async #watch(): Promise<void> {
    while (this.#watching && this.#ended === undefined) {
      const began = performance.now();
      await this.call('app.settings', {});
      this.worstCall = Math.max(this.worstCall, performance.now() - began);
      this.calls++;
      try {
        const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
        this.worstMemory = Math.max(this.worstMemory, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // Linux only.
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
}

/** The kind of attack, the number of tries, and the problems found. */
export class Tally {
  readonly findings: string[] = [];
  tries = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** One try. @param fine the condition that must hold after it */
  expect(fine: boolean, finding: () => string): void {
    this.tries++;
    if (!fine && this.findings.length < 20) this.findings.push(finding());
  }
}
