import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { isPictureName } from '../shared/fileKinds.ts';
import { keepFile } from './keptFile.ts';

const MOST = 10;

/** The recently opened pictures and folders of pictures, newest first, stored in a file. */
export class Recents {
  readonly #file: string;
  #paths: string[];

  constructor(file: string) {
    this.#file = file;
    this.#paths = read(file);
  }

  /** The entries that still exist. */
  list(): string[] {
    return this.#paths.filter(canBeRestored);
  }

  /** Adds paths at the top. Of a large selection, only the first few are added. @returns the added paths */
  add(paths: readonly string[]): string[] {
    const taken = paths.filter(canBeRestored).slice(0, 3);
    if (taken.length > 0) this.#keep([...new Set([...taken, ...this.#paths])].slice(0, MOST));
    return taken;
  }

  clear(): void {
    this.#keep([]);
  }

  #keep(paths: string[]): void {
    this.#paths = paths;
    keepFile(this.#file, paths);
  }
}

/** Whether the path is an existing folder or picture. */
export function canBeRestored(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isDirectory() || isPictureName(path));
}

function read(file: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
