import { randomBytes } from 'node:crypto';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const running = z.object({ port: z.int(), pid: z.int(), token: z.string() });
export type Running = z.output<typeof running>;

/**
 * The secret of this program's loopback server, in a file only its owner can read. It outlives a restart, so that an
 * open browser tab goes on working.
 */
export async function readToken(home: string): Promise<string> {
  const path = join(home, 'web-token');
  const kept = (await readFile(path, 'utf8').catch(() => '')).trim();
  const token = /^[\w-]{43}$/.test(kept) ? kept : randomBytes(32).toString('base64url');
  await writePrivate(path, token);
  return token;
}

/**
 * The port of the last time, so that a browser finds what it keeps for the window (settings of an export, the pictures at
 * hand) under the same address, and an open tab goes on working.
 */
export async function usualPort(home: string): Promise<number | undefined> {
  const port = Number(await readFile(portFile(home), 'utf8').catch(() => ''));
  return Number.isInteger(port) && port > 1023 && port <= 65535 ? port : undefined;
}

/** Keeps a port for the next times. */
export const keepPort = (home: string, port: number): Promise<void> => writePrivate(portFile(home), String(port));

const portFile = (home: string) => join(home, 'web-port');
const runningFile = (home: string) => join(home, 'web.json');

/** Notes which process serves this home folder, so that a second start finds it. */
export const noteRunning = (home: string, session: Running): Promise<void> =>
  writePrivate(runningFile(home), JSON.stringify(session));
export const forgetRunning = (home: string): Promise<void> => rm(runningFile(home), { force: true });

/** Asks the server that already serves this home folder for an address to enter by; undefined where none answers. */
export async function enterRunning(home: string): Promise<string | undefined> {
  const text = await readFile(runningFile(home), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { port, token } = running.parse(JSON.parse(text));
    const answer = await fetch(`http://127.0.0.1:${port}/invite`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2000),
    });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A page that leads to the one-time address. The browser is given this file, because a command line can be read by
 * every user of the machine.
 */
export async function writeDoor(home: string, address: string): Promise<string> {
  const path = join(home, 'open.html');
  await writePrivate(
    path,
    `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${address}"><title>MCIR Studio</title><a href="${address}">MCIR Studio</a>\n`,
  );
  return path;
}

/** One-time codes: each lets one browser in and is then worth nothing. */
export class Invitations {
  readonly #codes = new Set<string>();

  issue(): string {
    const code = randomBytes(24).toString('base64url');
    this.#codes.add(code);
    return code;
  }

  use(code: string): boolean {
    return this.#codes.delete(code);
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await chmod(path, 0o600);
}
