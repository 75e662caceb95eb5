import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfigFile } from '../../src/services/training/configFile.ts';
import { armConfigs, readStudyFile } from '../../src/services/studies/studyFile.ts';

const folder = fileURLToPath(new URL('../../scripts/studies/', import.meta.url));
const files = readdirSync(folder).filter((name) => /^e\d.*\.yml$/.test(name));

it.each(files)('the experiment %s is a study whose arms all differ', (name) => {
  const study = readStudyFile(join(folder, name));
  const arms = armConfigs(study);
  const same = study.arms.filter(({ timeOf }) => timeOf !== undefined).length;
  expect(new Set(arms.map(({ config }) => JSON.stringify(config))).size).toBe(arms.length - same);
  // Equal data and equal steps: what differs is the negative term.
  const rest = arms.map(({ config }) =>
    JSON.stringify({ ...config, mcir: undefined, loss: undefined, features: undefined }),
  );
  expect(new Set(rest).size).toBe(1);
});

it('the checkpoint that the experiments start from is trained with L1 only', () => {
  expect(readConfigFile(join(folder, 'haze-start.yml')).mcir).toBeUndefined();
});
