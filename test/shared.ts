import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const root = fileURLToPath(new URL('../../shared/', import.meta.url));

/** A path under the development material beside the checkout, which a fresh clone need not have. */
export const shared = (path: string): string => `${root}${path}`;

/** `describe` for tests that need a folder of the development material; skipped, and counted as such, where it is missing. */
export const describeWithShared = (name: string, folder: string, tests: () => void): void => {
  describe.skipIf(!existsSync(shared(folder)))(`${name} (with ../shared/${folder})`, tests);
};
