import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { chooseDataFolder } from '../../../src/services/app/dataFolder.ts';
import { openHome } from '../../../src/services/app/home.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('says what to do where the folders cannot be made', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => openHome(file)).toThrow(/^MCIR Studio cannot write to its data folder .*file .*choose another one\./);
});

it('takes the data folder that was chosen from the next start on, and does not make one anew that is gone', () => {
  vi.stubEnv('MCIR_HOME', undefined);
  vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
  vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  expect(openHome().root).toBe(join(folder, 'data', 'mcir-studio'));
  chooseDataFolder(disk);
  expect(openHome().runs).toBe(join(disk, 'runs'));
  vi.stubEnv('MCIR_HOME', join(folder, 'given'));
  expect(openHome().root).toBe(join(folder, 'given'));
  vi.stubEnv('MCIR_HOME', undefined);
  rmSync(disk, { recursive: true });
  expect(() => openHome()).toThrow(/disk was not found\. Connect its drive/);
  expect(() => chooseDataFolder(disk)).toThrow(/is not writable/);
});
