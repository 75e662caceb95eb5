import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type History, openHistory } from '../../../src/database/history.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { DatasetList } from '../../../src/services/datasets/datasetList.ts';
import { newFolder } from '../../cli/program.ts';

const folder = newFolder();
let list: DatasetList;
let history: History;
const picture = (file: string, width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#678' } })
    .png()
    .toFile(file);

beforeAll(async () => {
  for (const name of ['clean', 'small', 'rainy', 'own']) mkdirSync(join(folder, name));
  for (let i = 0; i < 6; i++) {
    await picture(join(folder, 'clean', `p${i}.png`), 96, 64);
    await picture(join(folder, 'small', `p${i}.png`), 24, 16);
    // Two inputs of each clean picture, as DDN and RESIDE have them.
    for (const k of [1, 2]) await picture(join(folder, 'rainy', `p${i}_${k}.png`), 96, 64);
  }
  await picture(join(folder, 'own', 'apart.png'), 96, 64);
  const home = openHome(join(folder, 'home'));
  history = openHistory(home);
  list = new DatasetList(home, history.datasets);
});
afterAll(() => {
  history.db.close();
  rmSync(folder, { recursive: true, force: true });
});

test('how many times smaller the inputs are is found out, and patches of both sides fit', async () => {
  const { id, scale } = await list.add({
    name: 'x4',
    target: join(folder, 'clean'),
    input: join(folder, 'small'),
    clean: false,
  });
  expect(scale).toBe(4);
  expect(await list.inspect(id)).toMatchObject({ samples: 6, problems: [], unmatched: [] });
  expect(await list.samples(id, 4, 10)).toMatchObject({
    total: 6,
    samples: [{ name: 'p4.png', partner: 'p4.png' }, { name: 'p5.png' }],
  });
});

test('a share is set apart by clean pictures: no clean picture is on both sides', async () => {
  const { id, validation } = await list.add({
    name: 'rain',
    target: join(folder, 'clean'),
    input: join(folder, 'rainy'),
    clean: false,
  });
  list.change(id, { validation: () => ({ ...validation, share: 0.34, count: 100 }) });
  const { train, measured } = await list.split(id, 3);
  expect(train + measured.length).toBe(12);
  expect(measured).toHaveLength(4);
  expect(new Set(measured.map((name) => name.split('_')[0])).size).toBe(2);
  expect((await list.split(id, 3)).measured).toEqual(measured);
});

test('a folder of its own is measured on with the degradations of the data set, and all others are trained on', async () => {
  const { id, validation } = await list.add({ name: 'haze', target: join(folder, 'clean'), clean: true });
  list.change(id, { validation: () => ({ ...validation, target: join(folder, 'own') }) });
  expect(await list.split(id, 0)).toEqual({ train: 6, measured: ['apart.png'] });
});
