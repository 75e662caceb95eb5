import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openHome } from '../../src/services/home.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('says what to do where the folders cannot be made', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => openHome(file)).toThrow(/cannot be made in .*file .*; set MCIR_HOME to a folder/);
});
