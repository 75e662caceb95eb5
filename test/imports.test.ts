import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** `npm run imports` checks the program itself. Here its rules are tried on small trees that break them. */
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mcir-imports-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes files with these imports and returns which rules they break. */
async function broken(files: Record<string, readonly string[]>): Promise<string[]> {
  for (const [file, imports] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    const lines = imports.map((target) => `import type {} from '${target}';\n`);
    writeFileSync(join(root, file), `${lines.join('')}export {};\n`);
  }
  const options = await extractDepcruiseOptions('./.dependency-cruiser.mjs');
  const { output } = await cruise(['src'], { ...options, validate: true, baseDir: root });
  return [...new Set((output as ICruiseResult).summary.violations.map(({ rule }) => rule.name))].sort();
}

test('imports that follow the layers break no rule', async () => {
  const files = {
    'src/cli/main.ts': ['../services/a.ts', '../shared/s.ts'],
    'src/services/a.ts': ['../core/engine/e.ts', '../core/files/f.ts', '../database/d.ts'],
    'src/core/engine/e.ts': ['./graph/g.ts', '../../shared/s.ts', '../random.ts'],
    'src/core/engine/graph/g.ts': [],
    'src/core/files/f.ts': [],
    'src/core/random.ts': [],
    'src/database/d.ts': ['../shared/s.ts'],
    'src/shared/s.ts': [],
  };
  expect(await broken(files)).toEqual([]);
});

test.each([
  ['src/shared', 'src/shared/a.ts', 'src/core/random.ts'],
  ['src/core', 'src/core/random.ts', 'src/services/b.ts'],
  ['src/database', 'src/database/a.ts', 'src/core/random.ts'],
  ['src/services', 'src/services/a.ts', 'src/workers/b.ts'],
  ['src/workers', 'src/workers/a.ts', 'src/database/b.ts'],
  ['src/renderer', 'src/renderer/a.ts', 'src/services/b.ts'],
  ['src/preload', 'src/preload/a.ts', 'src/main/b.ts'],
  ['src/web', 'src/web/a.ts', 'src/core/random.ts'],
  ['src/main', 'src/main/a.ts', 'src/core/random.ts'],
  ['src/cli', 'src/cli/a.ts', 'src/database/b.ts'],
  ['src/core/engine', 'src/core/engine/a.ts', 'src/core/networks/b.ts'],
  ['src/core/pictures', 'src/core/pictures/a.ts', 'src/core/engine/b.ts'],
  ['src/core/networks', 'src/core/networks/a.ts', 'src/core/training/b.ts'],
  ['src/core/formats', 'src/core/formats/a.ts', 'src/core/inference/b.ts'],
  ['src/core/inference', 'src/core/inference/a.ts', 'src/core/training/b.ts'],
  ['unknown-layer', 'src/cli/a.ts', 'src/elsewhere/b.ts'],
  ['unknown-part-of-core', 'src/core/random.ts', 'src/core/elsewhere/b.ts'],
  ['inside-of-the-engine', 'src/services/a.ts', 'src/core/engine/passes/b.ts'],
  ['file-helpers', 'src/renderer/a.ts', 'src/core/files/b.ts'],
])('%s: %s may not import %s', async (rule, from, to) => {
  const path = `${'../'.repeat(from.split('/').length - 1)}${to}`;
  expect(await broken({ [from]: [path], [to]: [] })).toContain(rule);
});

test('two files may not import each other, not even types', async () => {
  const files = { 'src/shared/a.ts': ['./b.ts'], 'src/shared/b.ts': ['./c.ts'], 'src/shared/c.ts': ['./a.ts'] };
  expect(await broken(files)).toContain('circle');
});

test('a file that nothing imports is found', async () => {
  const files = { 'src/cli/main.ts': ['./used.ts'], 'src/cli/used.ts': [], 'src/cli/forgotten.ts': ['./used.ts'] };
  expect(await broken(files)).toEqual(['unreached']);
});

test.each([
  ['native-tensorflow', 'src/core/engine/device.ts', '@tensorflow/tfjs-node-gpu'],
  ['tensors-outside-core', 'src/services/a.ts', '@tensorflow/tfjs-core'],
  ['sharp', 'src/core/data/a.ts', 'sharp'],
  ['electron', 'src/services/a.ts', 'electron'],
  ['unresolved', 'src/shared/a.ts', './not-there.ts'],
])('%s: %s may not import %s', async (rule, from, name) => {
  expect(await broken({ [from]: [name] })).toContain(rule);
});
