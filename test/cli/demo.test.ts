import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoResult } from '../../src/services/training/demo.ts';

const program = fileURLToPath(new URL('../../scripts/mcir.mjs', import.meta.url));

describe('mcir demo', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'mcir-demo-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const mcir = (...args: string[]) =>
    promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, MCIR_HOME: home } });

  it('trains, improves three pictures, and writes their sheets', { timeout: 300_000 }, async () => {
    const { stdout, stderr } = await mcir('demo', '--steps', '10', '--json');
    const { run, pictures } = JSON.parse(stdout) as DemoResult;
    expect(run).toMatchObject({ state: 'finished', step: 10, network: 'ffanet', negatives: 2 });
    expect(stderr).toContain('Validation at step 10');
    expect(pictures).toHaveLength(3);
    for (const { before, after, sheet } of pictures) {
      expect(after).toBeGreaterThan(before + 1);
      const { width, height } = await sharp(sheet).metadata();
      // Three pictures of 384 × 256 side by side, with captions.
      expect(width).toBeGreaterThan(3 * 384);
      expect(height).toBeGreaterThan(256);
    }
    expect(JSON.parse((await mcir('runs', 'list', '--json')).stdout)).toMatchObject({ runs: [{ id: run.id }] });
  });

  it('refuses a wrong number of steps with exit code 2', async () => {
    await expect(mcir('demo', '--steps', 'many')).rejects.toMatchObject({
      code: 2,
      stderr: '--steps takes a whole number, not "many".\n',
    });
  });
});
