import { execFileSync, spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inspectDataset, previewSamples } from '../../../src/services/datasets/datasets.ts';
import { temporaryFolder, writePicture } from '../../core/data/folders.ts';

/** Three pairs, an input without a partner, a damaged clean picture and a note. */
async function dataset(): Promise<string> {
  const root = temporaryFolder();
  for (const name of ['a', 'b', 'c']) {
    await writePicture(join(root, `input/${name}.png`), 80, 60, 1);
    await writePicture(join(root, `target/${name}.png`), 80, 60, 2);
  }
  await writePicture(join(root, 'input/d.jpg'), 80, 60, 1);
  truncateSync(join(root, 'target/b.png'), 300);
  writeFileSync(join(root, 'target/notes.txt'), 'x');
  return root;
}

describe('inspectDataset', () => {
  it('reports pairs, what is left over, damage and statistics', async () => {
    const root = await dataset();
    const report = await inspectDataset({ target: root }, { deep: true });
    expect(report).toMatchObject({
      convention: 'the same names',
      unmatched: [join(root, 'input/d.jpg')],
      others: [join(root, 'target/notes.txt')],
      problems: [{ file: join(root, 'target/b.png') }],
      checked: 3,
      statistics: {
        width: { smallest: 80, median: 80, largest: 80 },
        height: { largest: 60 },
        formats: { 'png, 8 bits': 2 },
        grey: 0,
        withAlpha: 0,
      },
    });
    expect(report.samples.map(({ name }) => name)).toEqual(['a.png', 'b.png', 'c.png']);
  });

  it('finds pairs whose sizes do not belong together from their headers', async () => {
    const root = await dataset();
    await writePicture(join(root, 'target/c.png'), 90, 60, 2);
    const { problems } = await inspectDataset({ target: root });
    expect(problems).toEqual([
      { file: join(root, 'input/c.png'), reason: expect.stringContaining('90 × 60') as string },
    ]);
  });

  it('looks at a spread of a large set and tells how far it is', async () => {
    const folder = temporaryFolder();
    for (let n = 0; n < 6; n++) await writePicture(join(folder, `${n}.png`), 20 + n, 20, n);
    const progress: number[] = [];
    const { checked, samples, statistics } = await inspectDataset(
      { target: folder, clean: true },
      { limit: 3, onProgress: (done) => progress.push(done) },
    );
    expect([samples.length, checked, statistics.width, progress]).toEqual([
      6,
      3,
      { smallest: 20, median: 22, largest: 24 },
      [1, 2, 3],
    ]);
  });
});

describe('previewSamples', () => {
  it('degrades patches as a run would, the same ones for the same seed', async () => {
    const source = { target: join(await dataset(), 'input'), degradations: [{ type: 'haze' }] };
    const options = { count: 2, patch: 32, seed: 1 };
    const previews = await previewSamples(source, options);
    expect(previews.map(({ name, lq, gt }) => [name, lq.width, gt.width])).toEqual([
      ['a.png', 32, 32],
      ['c.png', 32, 32],
    ]);
    expect(previews[0]?.lq.data).not.toEqual(previews[0]?.gt.data);
    expect(await previewSamples(source, options)).toEqual(previews);
    // Pictures smaller than the preview show as much as they have.
    expect(
      (await previewSamples(source, { ...options, patch: 100 })).every(
        ({ lq, gt }) => lq.width === gt.width && gt.width === gt.height && gt.width > 32 && gt.width < 100,
      ),
    ).toBe(true);
  });
});

describe('the command line', () => {
  const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

  it('shows what pairs with what and fails where files cannot be used', async () => {
    const root = await dataset();
    const { status, stdout } = spawnSync(process.execPath, [main, 'data', 'check', root, '--deep'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toContain('3 pairs, by the same names');
    expect(stdout).toContain(`${join(root, 'input/a.png')}  →  ${join(root, 'target/a.png')}`);
    expect(stdout).toContain(`Without a match (1):\n  ${join(root, 'input/d.jpg')}`);
    expect(stdout).toContain(`${join(root, 'target/b.png')} cannot be read`);
  });

  it('prints one JSON object, errors included', async () => {
    const root = await dataset();
    const run = (...args: string[]): unknown =>
      JSON.parse(spawnSync(process.execPath, [main, ...args, '--json'], { encoding: 'utf8' }).stdout);
    expect(run('data', 'check', join(root, 'input'), '--clean')).toMatchObject({
      checked: 4,
      problems: [],
      unmatched: [],
    });
    expect(run('data', 'check', join(root, 'nowhere'))).toMatchObject({ error: { code: 'not-found' } });
  });

  it('lists the degradations with their settings', () => {
    const text = execFileSync(process.execPath, [main, 'degradations'], { encoding: 'utf8' });
    expect(text).toContain('haze: Haze.');
    expect(text).toMatch(/beta = \[0\.6,1\.8\] {2}How thick the haze is/);
  });
});
