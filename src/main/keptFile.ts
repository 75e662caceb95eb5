import { sync as writeFileAtomic } from 'write-file-atomic';

/**
 * Keeps a value as a JSON file, whole or not at all. Only the one window writes such files (Electron's lock of a single
 * instance), and the program works without them: a disk that is full or fails keeps the value from the next start, and
 * nothing else.
 */
export function keepFile(file: string, value: unknown): void {
  try {
    writeFileAtomic(file, JSON.stringify(value));
  } catch {
    // As if it had not been chosen, at the next start.
  }
}
