import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PlaceStore } from '../../../src/database/placeStore.ts';
import { Handles } from '../../../src/services/studio/handles.ts';
import { temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
const file = join(folder, 'places.sqlite');

test('the next start of the services knows what a window was shown, and nothing else', async () => {
  const before = new Handles(new PlaceStore(file));
  const place = await before.place(folder);
  const picture = before.issuePicture(join(folder, 'a.png'), 'trip');
  const passing = before.issue(join(folder, 'preview.png'));
  // As after a crash: what was shown a moment ago is written, and nothing was closed.
  await expect.poll(() => new PlaceStore(file).find(picture)).toBeDefined();

  const after = new Handles(new PlaceStore(file));
  expect(after.path(place.id)).toBe(folder);
  expect(after.keptPicture(picture)).toEqual({ path: join(folder, 'a.png'), folder: 'trip' });
  expect(after.keptPicture(place.id)).toBeUndefined();
  expect(after.issue(folder)).toBe(place.id);
  expect((await after.place(folder)).id).toBe(place.id);
  expect(() => after.path(passing)).toThrow('no longer in the list');
  expect(() => after.path('A'.repeat(22))).toThrow('no longer in the list');
  before.close();
  after.close();
});

test('a damaged file of places is discarded, and a missing one is not an error', () => {
  writeFileSync(join(folder, 'damaged.sqlite'), 'no database '.repeat(1000));
  mkdirSync(join(folder, 'folder.sqlite'));
  for (const [name, kept] of [
    ['damaged.sqlite', true],
    ['folder.sqlite', false],
  ] as const) {
    const store = new PlaceStore(join(folder, name));
    store.keep([{ id: 'B'.repeat(22), path: '/x' }]);
    expect(store.find('B'.repeat(22)) !== undefined, name).toBe(kept);
    store.close();
    expect(store.find('B'.repeat(22))).toBeUndefined();
  }
});
