import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { listModels } from '../../../src/services/models/models.ts';
import { ownModels } from '../../../src/services/models/ownModels.ts';
import { addOwn, listRemedies } from '../../../src/services/models/remedies.ts';
import { faults } from '../../../src/shared/faults.ts';
import en from '../../../src/renderer/i18n/en.json' with { type: 'json' };
import { temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';

const folder = temporaryFolder();
const home = openHome(join(folder, 'home'));

describe('remedies for the faults of photographs', () => {
  test('there is one for every fault, with words, size and licence, and none is here at first', async () => {
    const list = await listRemedies(home, (pack) => (pack === 'maxim-deraining' ? 7 : undefined), []);
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

  test('models that come with the program are found by their cards or names, are the defaults, and are added once', async () => {
    const place = join(folder, 'models');
    mkdirSync(place);
    renameSync(seededModel(folder, 'nafnet'), join(place, 'dehaze-small.safetensors'));
    renameSync(seededModel(folder, 'edsr'), join(place, 'two.safetensors'));
    writeFileSync(
      join(place, 'two.json'),
      JSON.stringify({ title: 'Twice', fault: 'small', licence: 'CC0', steps: 3 }),
    );
    writeFileSync(join(place, 'README.md'), 'for people');
    const own = await ownModels(place);
    expect(own.map(({ id, fault, title, licence }) => ({ id, fault, title, licence }))).toEqual([
      { id: 'dehaze-small', fault: 'haze', title: 'dehaze-small', licence: 'MIT' },
      { id: 'two', fault: 'small', title: 'Twice', licence: 'CC0' },
    ]);
    const before = await listRemedies(home, () => undefined, own);
    expect(before.slice(0, 2).map(({ id, words, source, model }) => [id, words, source, model])).toEqual([
      ['own:dehaze-small', 'ownHaze', undefined, undefined],
      ['own:two', 'ownTwice', undefined, undefined],
    ]);
    const card = await addOwn('own:two', home, own);
    expect(card).toMatchObject({ title: 'Twice', licence: 'CC0' });
    expect((await addOwn('own:two', home, own))?.id).toBe(card?.id);
    expect(await listModels(home)).toHaveLength(1);
    const after = await listRemedies(home, () => undefined, own);
    expect(after.find(({ id }) => id === 'own:two')?.model).toBe(card?.id);
    expect(await addOwn('maxim-deraining', home, own)).toBeUndefined();
  });

  test('a folder that is not there holds none', async () => {
    expect(await ownModels(join(folder, 'nowhere'))).toEqual([]);
  });
});
