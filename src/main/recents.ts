import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const MOST = 10;

/** The files and folders that were opened last, newest first, kept in a file. */
export class Recents {
  readonly #file: string;
  #paths: string[];

  constructor(file: string) {
    this.#file = file;
    this.#paths = read(file);
  }

  /** Those that are still there. */
  list(): string[] {
    return this.#paths.filter((path) => existsSync(path));
  }

  /** Puts paths first; of many, as when a whole selection was opened, only the first few. */
  add(paths: readonly string[]): void {
    this.#keep([...new Set([...paths.slice(0, 3), ...this.#paths])].slice(0, MOST));
  }

  clear(): void {
    this.#keep([]);
  }

  #keep(paths: string[]): void {
    this.#paths = paths;
    writeFileSync(this.#file, JSON.stringify(paths));
  }
}

function read(file: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
