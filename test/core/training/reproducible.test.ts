import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('a training gives the same bits every time, however its operations are scheduled', async () => {
  const program = fileURLToPath(new URL('fewSteps.ts', import.meta.url));
  const run = async (): Promise<string> => (await promisify(execFile)(process.execPath, [program])).stdout;
  // Two at a time: neither gets the processor when it would alone.
  const hashes = [await Promise.all([run(), run()]), await Promise.all([run(), run()]), [await run()]].flat();
  expect(hashes[0]).toMatch(/one compiled graph.*: [0-9a-f]{64}$/);
  expect(new Set(hashes).size).toBe(1);
});
