import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { isPictureName } from '../shared/fileKinds.ts';
import { keepFile } from './keptFile.ts';

const MOST = 10;

/** The pictures, and folders of pictures, that were opened last, newest first, kept in a file. */
export class Recents {
  readonly #file: string;
  #paths: string[];

  constructor(file: string) {
    this.#file = file;
    this.#paths = read(file);
  }

  /** Those that are still there. */
  list(): string[] {
    return this.#paths.filter(canBeRestored);
  }

  /** Puts paths first; of many, as when a whole selection was opened, only the first few. @returns those that were put */
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

/** Whether a path is that of a folder or of a picture, and there. */
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
