import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallFile } from '../core/files/ordinaryFile.ts';
import { writePrivately } from '../core/files/privateFile.ts';

/**
 * Writes the bearer secret of this start for scripts of the same user, to a file that only its owner can read. It is
 * useless after the program has stopped.
 */
export const leaveBearer = (home: string, bearer: string): Promise<void> =>
  writePrivately(join(home, 'web-token'), bearer);

/** Removes the files written for scripts and for the browser, also those of earlier versions. */
export async function takeBack(home: string): Promise<void> {
  for (const name of ['web-token', 'open.html', 'web.json']) await rm(join(home, name), { force: true });
}

/** The last port, so that a browser finds its stored data (export settings, added pictures) under the same address. */
export function usualPort(home: string): number | undefined {
  const port = Number(kept(portFile(home)));
  return Number.isInteger(port) && port > 1023 && port <= 65535 ? port : undefined;
}

function kept(file: string): string {
  try {
    return readSmallFile(file);
  } catch {
    return '';
  }
}

/** Remembers a port for the next start. */
export const keepPort = (home: string, port: number): Promise<void> => writePrivately(portFile(home), String(port));

const portFile = (home: string) => join(home, 'web-port');

/**
 * A page that leads to the one-time address. The browser gets this file, because every user of the machine can read a
 * command line.
 */
export async function writeDoor(home: string, address: string): Promise<string> {
  const path = join(home, 'open.html');
  await writePrivately(
    path,
    `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${address}"><title>MCIR Studio</title><a href="${address}">MCIR Studio</a>\n`,
  );
  return path;
}

/** One-time codes: each admits one browser and is then invalid. */
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
