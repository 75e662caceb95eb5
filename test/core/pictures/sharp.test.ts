import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import sharp from '../../../src/core/pictures/sharp.ts';

const source = resolve(import.meta.dirname, '../../../src');
let folder: string;

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'mcir-sharp-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';

test('an SVG is never rendered, whatever it is called and wherever it is given', async () => {
  const file = join(folder, 'photo.png');
  await writeFile(file, svg);
  await expect(sharp(file).metadata()).rejects.toThrow(/unsupported image format/);
  await expect(sharp(file).png().toBuffer()).rejects.toThrow(/unsupported image format/);
  await expect(sharp(Buffer.from(svg)).png().toBuffer()).rejects.toThrow(/unsupported image format/);
  const ground = sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } });
  await expect(ground.composite([{ input: Buffer.from(svg) }]).toBuffer()).rejects.toThrow(/unsupported image format/);
});

test.each(['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif', 'v'] as const)(
  '%s is read from files and memory',
  async (format) => {
    const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } });
    const file = join(folder, `picture.${format}`);
    await picture.clone().toFile(file);
    expect((await sharp(file).raw().toBuffer({ resolveWithObject: true })).info).toMatchObject({
      width: 40,
      height: 30,
    });
    if (format !== 'v') expect((await sharp(readFileSync(file)).metadata()).width).toBe(40);
  },
);

/** What a file of ours imports, dynamically too. */
function importsOf(file: string): string[] {
  const names = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    ([, name]) => name,
  );
  return names.map((name) => resolve(dirname(file), name as string)).filter((path) => existsSync(path));
}

function reachedFrom(entry: string): Set<string> {
  const reached = new Set([entry]);
  // A Set gives also what is added while it is walked over.
  for (const file of reached) for (const next of importsOf(file)) reached.add(next);
  return new Set([...reached].map((file) => relative(source, file)));
}

test('only the process that draws the sample pictures loads the code that allows SVG again', () => {
  const entries = [
    'web/main.ts',
    'main/hostProcess.ts',
    'cli/main.ts',
    ...readdirSync(join(source, 'workers')).map((name) => `workers/${name}`),
  ];
  const allowing = entries.filter((entry) => reachedFrom(join(source, entry)).has('core/data/samples/canvas.ts'));
  expect(allowing).toEqual(['workers/sampleSet.ts']);
  // The search itself finds what is imported.
  expect(reachedFrom(join(source, 'workers/restore.ts'))).toContain('core/pictures/sharp.ts');
});
