import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { readPresets, savePreset } from '../../../src/services/restoring/restorePresets.ts';
import { effect } from '../../../src/shared/batches.ts';
import { temporaryFolder } from '../../photographs.ts';

test('40 presets that are saved at once are all kept; of one name, the whole of one', async () => {
  const home = openHome(temporaryFolder());
  const preset = (name: string, strength: number) => ({
    name,
    models: ['identity'],
    effect: effect.parse({ strength }),
  });
  await Promise.all(Array.from({ length: 40 }, (_, i) => savePreset(preset(`p${i}`, 1), home)));
  await Promise.all(Array.from({ length: 40 }, (_, i) => savePreset(preset('same', i / 40), home)));
  const { presets, damaged } = await readPresets(home);
  expect(damaged).toEqual([]);
  expect(presets.map(({ name }) => name).sort()).toEqual(
    [...Array.from({ length: 40 }, (_, i) => `p${i}`), 'same'].sort(),
  );
  expect(readdirSync(home.presets)).toHaveLength(41);
});
