import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { engineFacts } from '../../../src/services/app/doctor.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { changeSettings, engineEnvironment, readSettings } from '../../../src/services/app/settings.ts';

// What is in the environment when the program starts is not the settings' to change.
vi.hoisted(() => void delete process.env['CUDA_VISIBLE_DEVICES']);

let home: Home;
beforeEach(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'mcir-settings-')));
});
afterEach(() => {
  rmSync(home.root, { recursive: true, force: true });
});

test('a change leaves everything else as it was, and null gives the choice back', () => {
  changeSettings(home, { theme: 'light', threads: 3 });
  changeSettings(home, { language: 'zh' });
  expect(readSettings(home)).toMatchObject({ theme: 'light', threads: 3, language: 'zh' });
  changeSettings(home, { threads: null });
  expect(readSettings(home).threads).toBeNull();
});

test('a damaged file, or a value without sense, is as if it had never been chosen', () => {
  writeFileSync(join(home.root, 'settings.json'), '{"theme": "light", "threads": "many", "tileMemory": -1}');
  expect(readSettings(home)).toMatchObject({ theme: 'light', threads: null, tileMemory: null });
  writeFileSync(join(home.root, 'settings.json'), '{"theme": ');
  expect(readSettings(home).theme).toBe('dark');
});

test('child processes that start afterwards follow: the engine takes the threads, tiles the memory, and a GPU is left alone', async () => {
  const chosen = (): string =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { chosenTileMemory } from '${new URL('../../../src/core/engine/settings.ts', import.meta.url).href}'; process.stdout.write(chosenTileMemory() + ' ' + process.env.CUDA_VISIBLE_DEVICES)`,
      ],
      { encoding: 'utf8', env: { ...process.env, ...engineEnvironment(readSettings(home)) } },
    );
  changeSettings(home, { threads: 1, tileMemory: 200, device: 'cpu' });
  expect((await engineFacts(home)).device.threads).toBe(1);
  expect(chosen()).toBe(`${200 * 2 ** 20} -1`);
  changeSettings(home, { threads: null, tileMemory: null, device: 'auto' });
  expect(chosen()).toBe('undefined undefined');
  expect(process.env['MCIR_THREADS']).toBeUndefined();
});
