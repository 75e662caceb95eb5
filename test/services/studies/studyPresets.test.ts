import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { armConfigs, readStudyFile } from '../../../src/services/studies/studyFile.ts';

const folder = fileURLToPath(new URL('../../../resources/studies/', import.meta.url));
const files = readdirSync(folder);

it.each(files)('the example %s is a study whose arms all differ', (name) => {
  const arms = armConfigs(readStudyFile(join(folder, name)));
  const different = new Set(arms.map(({ config }) => JSON.stringify(config)));
  // Two arms of equal settings may differ in the time that they get.
  expect(different.size).toBeGreaterThanOrEqual(arms.length - 1);
  expect(arms.every(({ config }) => config.data.train.target.endsWith(join('datasets', 'clean')))).toBe(true);
});

it('the controls change nothing but the negative term', () => {
  const arms = armConfigs(readStudyFile(join(folder, 'controls.yml')));
  const rest = arms.map(({ config }) => JSON.stringify({ ...config, mcir: undefined, loss: undefined }));
  expect(new Set(rest).size).toBe(1);
  expect(arms.map(({ name, config }) => [name, config.mcir?.direction, config.mcir?.source])).toEqual([
    ['L1', undefined, undefined],
    ['MCIR', 'away', 'history'],
    ['sign flipped', 'towards', 'history'],
    ['random direction', 'random', 'history'],
    ['frozen copy', 'away', 'history'],
    ['input as negative', 'away', 'input'],
    ['positive term alone', undefined, undefined],
  ]);
});
