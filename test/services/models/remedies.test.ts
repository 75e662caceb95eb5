import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { addModel } from '../../../src/services/models/models.ts';
import { listRemedies } from '../../../src/services/models/remedies.ts';
import { faults } from '../../../src/shared/faults.ts';
import en from '../../../src/renderer/i18n/en.json' with { type: 'json' };
import { temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';

const folder = temporaryFolder();
const included = join(folder, 'included');
mkdirSync(included);
const home = { ...openHome(join(folder, 'home')), includedModels: included };

describe('remedies for the faults of photographs', () => {
  test('there is one for every fault, with words, size and licence, and none is here at first', async () => {
    const list = await listRemedies(home, (pack) => (pack === 'maxim-deraining' ? 7 : undefined));
    expect(new Set(list.map(({ fault }) => fault))).toEqual(new Set(faults));
    for (const { words, bytes, licence, source, model } of list) {
      expect(Object.keys(en.remedy)).toContain(words);
      expect(bytes).toBeGreaterThan(1e6);
      expect(licence).not.toBe('');
      expect(source).toMatch(/^@upscalerjs\/.+@\d/);
      expect(model).toBeUndefined();
    }
    expect(list.find(({ id }) => id === 'maxim-deraining')?.fetched).toBe(7);
  });

  test('models that come with the program stand before the packs, by what their names say, and are here', async () => {
    const maker = { ...openHome(join(folder, 'maker')), includedModels: included };
    await addModel(seededModel(folder, 'nafnet'), maker, { title: 'Dehaze', licence: 'MIT' });
    await addModel(seededModel(folder, 'edsr'), maker, { title: 'Enlarge x2', licence: 'CC0' });
    const list = await listRemedies({ ...home, includedModels: maker.models }, () => undefined);
    expect(
      list
        .slice(0, 3)
        .map(({ fault, words, licence, source, model, scale }) => ({ fault, words, licence, source, model, scale })),
    ).toEqual([
      { fault: 'haze', words: 'ownHaze', licence: 'MIT', source: undefined, model: 'dehaze', scale: 1 },
      { fault: 'small', words: 'ownTwice', licence: 'CC0', source: undefined, model: 'enlarge-x2', scale: 2 },
      {
        fault: 'haze',
        words: 'hazeOutdoors',
        licence: 'MIT',
        source: '@upscalerjs/maxim-dehazing-outdoor@0.1.0',
        model: undefined,
        scale: 1,
      },
    ]);
  });
});
