import { sync as writeFileAtomic } from 'write-file-atomic';

/**
 * Stores a value as a JSON file, completely or not at all. Only one window writes such files (Electron allows one
 * instance), and the program works without them: if the disk is full or fails, the value is only missing at the next
 * start.
 */
export function keepFile(file: string, value: unknown): void {
  try {
    writeFileAtomic(file, JSON.stringify(value));
  } catch {
    // At the next start the value is as if it had never been chosen.
  }
}
