import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RestorePreset } from '../../src/shared/batches.ts';
import { temporaryFolder } from '../photographs.ts';
import { endPrograms, mcir, mcirJson } from './program.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const picture = join(folder, 'a.png');
beforeAll(() => sharp({ create: { width: 20, height: 10, channels: 3, background: '#358' } }).toFile(picture));
afterAll(endPrograms);

it('a chain is saved under a name, used together with options, listed and removed', async () => {
  const { preset } = await mcirJson<{ preset: RestorePreset }>(
    home,
    'presets',
    'save',
    'Old slides',
    '--model',
    'identity',
    '--model',
    'identity',
    '--strength',
    '80',
    '--tile',
    '64',
  );
  expect(preset).toEqual({
    name: 'Old slides',
    models: ['identity', 'identity'],
    effect: { strength: 0.8, ensemble: false, luminance: false, tile: 64 },
  });
  expect(await mcirJson(home, 'presets', 'list')).toEqual({ presets: [preset] });

  const out = join(folder, 'out');
  const { code, stderr } = await mcir(
    home,
    'restore',
    picture,
    '--preset',
    'old slides',
    '--strength',
    '50',
    '--out',
    out,
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { events } = await mcirJson<{ events: unknown[] }>(home, 'explain', join(out, 'a.png'));
  expect(events).toMatchObject([{ models: [{ title: 'identity' }, { title: 'identity' }], effect: { strength: 0.5 } }]);

  const wrong = await mcir(home, 'restore', picture, '--preset', 'old slide', '--out', out);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    'There is no preset "old slide". Did you mean "Old slides"? List the presets with `mcir presets list`.\n',
  ]);
  await mcirJson(home, 'presets', 'remove', 'OLD SLIDES');
  expect(await mcirJson(home, 'presets', 'list')).toEqual({ presets: [] });
});

it('wrong uses say what to do', async () => {
  expect((await mcir(home, 'restore', picture, '--out', folder)).stderr).toMatch(/give --model MODEL or --preset NAME/);
  const attempts = [
    ['presets', 'save', 'a/b', '--model', 'identity'],
    ['presets', 'save', 'none', '--model', 'nothing-like-it'],
    ['presets', 'save', 'no models'],
    ['presets', 'save', 'x', '--model', 'identity', '--strength', '101'],
    ['presets', 'remove', 'x'],
  ];
  for (const attempt of attempts) {
    const { code, stderr } = await mcir(home, ...attempt);
    expect([code, stderr], attempt.join(' ')).toEqual([2, expect.stringMatching(/^\S.*\n$/)]);
  }
  mkdirSync(join(home, 'presets'), { recursive: true });
  writeFileSync(join(home, 'presets', 'broken.json'), '{');
  expect((await mcir(home, 'presets', 'list')).stderr).toMatch(/broken.json is damaged/);
  expect(readFileSync(join(home, 'presets', 'broken.json'), 'utf8')).toBe('{');
});
