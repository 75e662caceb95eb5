import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';

/** Debian's redis-server (package redis-server), started and ended by tests on a port of its own. */

const works = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export const hasRedis = works('redis-server', '--version');

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #options: readonly string[];
  readonly #client: RedisOptions;
  #process: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[], client: RedisOptions) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'mcir-redis-'));
    this.#options = options;
    this.#client = client;
  }

  /**
   * @param options further lines of its configuration, such as `--appendonly yes`
   * @param client how the test itself connects, to find out when it runs
   */
  static async start(options: readonly string[] = [], client: RedisOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options, client);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  client(options: RedisOptions = {}): Redis {
    const client: Redis = new Redis({ port: this.port, ...this.#client, ...options } as { port: number });
    return client.on('error', () => undefined);
  }

  /** Starts it again after {@link kill}, with what it has written to disk. */
  async restart(): Promise<void> {
    const own = this.#options.some((option) => option.includes('--port ')) ? [] : ['--port', String(this.port)];
    const options = this.#options.flatMap((option) => option.split(' '));
    this.#process = spawn(
      'redis-server',
      [...own, '--save', '', '--dir', this.folder, '--bind', '127.0.0.1', ...options],
      {
        stdio: 'ignore',
      },
    );
    const client = this.client({ maxRetriesPerRequest: null });
    try {
      await Promise.race([
        client.ping(),
        sleep(20_000).then(() => Promise.reject(new Error('redis-server did not start.'))),
      ]);
    } finally {
      client.disconnect();
    }
  }

  /** Ends it at once, as a loss of power does. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill(signal);
    });
  }
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
