import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices, type Services } from '../../../src/services/app/openServices.ts';
import { addModel, removeModel } from '../../../src/services/models/models.ts';
import { openStudio, type Studio } from '../../../src/services/studio/studio.ts';
import type { StudioEvent } from '../../../src/shared/contract.ts';
import type { Batch, Source } from '../../../src/shared/contract/restoring.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { newFolder } from '../../cli/program.ts';
import { seededModel } from '../../seededModels.ts';

const folder = newFolder();
const photos = join(folder, 'photos');
const events: StudioEvent[] = [];
let services: Services;
let studio: Studio;
let pictures: Source[];

beforeAll(async () => {
  mkdirSync(join(photos, 'trip'), { recursive: true });
  for (const name of ['a.png', 'b.png', 'trip/a.png'])
    await sharp({ create: { width: 40, height: 30, channels: 3, background: '#678' } })
      .png()
      .toFile(join(photos, name));
  services = await openServices(openHome(join(folder, 'home')));
  studio = await openStudio(services);
  studio.subscribe((event) => events.push(event));
  ({ pictures } = await studio.handlers['restore.collect']({ places: [studio.handles.issue(photos)] }));
});
afterAll(async () => {
  await studio.close();
  await services.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (out: string, model = 'identity'): Promise<Batch> => {
  mkdirSync(join(folder, out), { recursive: true });
  return studio.handlers['batches.start']({
    pictures: pictures.map(({ id }) => id),
    models: [model],
    effect: effect.parse({}),
    out: studio.handles.issue(join(folder, out)),
    options: exportSettings.parse({ template: '{counter}-{name}' }),
  });
};

/** Resolves when a batch is in a state, by what faces are told. */
const reaches = (id: string, state: Batch['state']): Promise<void> =>
  new Promise((resolve) => {
    const stop = studio.subscribe((event) => {
      if (event.name !== 'batch' || event.data.id !== id || event.data.state !== state) return;
      stop();
      resolve();
    });
  });

test('batches wait for each other; one that is cancelled while it waits does nothing until it is resumed', async () => {
  const first = await start('first');
  const second = await start('second');
  const ended = reaches(first.id, 'finished');
  expect(second.state).toBe('queued');
  await studio.handlers['batches.cancel']({ batch: second.id });
  await ended;
  const list = await studio.handlers['batches.list']({});
  expect(list.map(({ id, state }) => [id, state]).sort()).toEqual(
    [
      [first.id, 'finished'],
      [second.id, 'cancelled'],
    ].sort(),
  );
  expect(readdirSync(join(folder, 'second'))).toEqual([]);

  const third = reaches(second.id, 'finished');
  await studio.handlers['batches.resume']({ batch: second.id });
  await third;
  expect(
    readdirSync(join(folder, 'second'), { recursive: true })
      .filter((name) => String(name).endsWith('.png'))
      .sort(),
  ).toEqual(['0001-a.png', '0002-b.png', join('trip', '0003-a.png')]);

  // Files of the same name in other folders are told apart, and results can be opened by their ids.
  const told = events.flatMap((event) =>
    event.name === 'batchFile' && event.data.batch === first.id ? [event.data.file] : [],
  );
  expect(new Set(told.map(({ picture }) => picture))).toEqual(new Set(pictures.map(({ id }) => id)));
  const [file] = await studio.handlers['batches.files']({ batch: first.id });
  expect(studio.handles.path(file?.result ?? '')).toBe(join(folder, 'first', '0001-a.png'));
});

test('results are written beside their originals if no folder is given, under names of their own, and originals stay', async () => {
  const before = readFileSync(join(photos, 'a.png'));
  const batch = await studio.handlers['batches.start']({
    pictures: pictures.map(({ id }) => id),
    models: ['identity'],
    effect: effect.parse({}),
    options: exportSettings.parse({ template: '{name}-restored' }),
  });
  expect(batch.settings).toMatchObject({ out: photos, beside: true });
  await reaches(batch.id, 'finished');
  expect(readdirSync(photos, { recursive: true }).map(String).sort()).toEqual(
    [
      'a-restored.png',
      'a.png',
      'b-restored.png',
      'b.png',
      'trip',
      join('trip', 'a-restored.png'),
      join('trip', 'a.png'),
    ].sort(),
  );
  // A second time nothing is overwritten, also where the name is that of the original.
  const again = await studio.handlers['batches.start']({
    pictures: [pictures[0]?.id ?? ''],
    models: ['identity'],
    effect: effect.parse({}),
    options: exportSettings.parse({}),
  });
  await reaches(again.id, 'finished');
  expect(readdirSync(photos)).toContain('a (2).png');
  expect(readFileSync(join(photos, 'a.png'))).toEqual(before);
});

test('nothing is written beside copies in the program’s own folders', async () => {
  const own = join(services.home.cache, 'imports');
  mkdirSync(own, { recursive: true });
  copyFileSync(join(photos, 'a.png'), join(own, 'a.png'));
  const found = await studio.handlers['restore.collect']({ places: [studio.handles.issue(own)] });
  expect(found.pictures.map((picture) => picture.own)).toEqual([true]);
  expect(pictures.map((picture) => picture.own)).toEqual([false, false, false]);
  const refused = studio.handlers['batches.start']({
    pictures: found.pictures.map(({ id }) => id),
    models: ['identity'],
    effect: effect.parse({}),
    options: exportSettings.parse({}),
  });
  await expect(refused).rejects.toMatchObject({ code: 'bad-input' });
});

test('a batch of one picture reports the time left while it is running', async () => {
  const large = join(folder, 'large');
  mkdirSync(large);
  await sharp({ create: { width: 900, height: 700, channels: 3, background: '#678' } })
    .png()
    .toFile(join(large, 'large.png'));
  seededModel(folder, 'nafnet');
  const model = await addModel(join(folder, 'nafnet.safetensors'), services.home);
  const found = await studio.handlers['restore.collect']({ places: [studio.handles.issue(large)] });
  const batch = await studio.handlers['batches.start']({
    pictures: found.pictures.map(({ id }) => id),
    models: [model.id],
    effect: effect.parse({ tile: 96 }),
    options: exportSettings.parse({ template: '{name}-restored' }),
  });
  await reaches(batch.id, 'finished');
  const told = events.flatMap((event) =>
    event.name === 'batchProgress' && event.data.batch === batch.id ? [event.data.secondsLeft] : [],
  );
  expect(told.filter((seconds) => seconds !== undefined && seconds > 0)).not.toEqual([]);
});

test('a batch that is cancelled and resumed before its current pictures have ended is still finished', async () => {
  const batch = await start('again');
  await reaches(batch.id, 'running');
  await studio.handlers['batches.cancel']({ batch: batch.id });
  const ended = reaches(batch.id, 'finished');
  await studio.handlers['batches.resume']({ batch: batch.id });
  await ended;
  expect(
    readdirSync(join(folder, 'again'), { recursive: true }).filter((name) => String(name).endsWith('.png')),
  ).toHaveLength(3);
});

test('a batch that is resumed without its model fails with the reason instead of waiting forever', async () => {
  seededModel(folder, 'edsr');
  const model = await addModel(join(folder, 'edsr.safetensors'), services.home);
  const first = await start('before');
  const batch = await start('modelless', model.id);
  const waited = reaches(first.id, 'finished');
  await studio.handlers['batches.cancel']({ batch: batch.id });
  await waited;
  await removeModel(model.id, services.home);
  const ended = reaches(batch.id, 'failed');
  await studio.handlers['batches.resume']({ batch: batch.id });
  await ended;
  expect((await studio.handlers['batches.list']({})).find(({ id }) => id === batch.id)?.reason).toContain('edsr');
});

test('the pictures of an earlier batch are listed again, except missing ones', async () => {
  const earlier = (await studio.handlers['batches.list']({})).at(-1);
  rmSync(join(photos, 'b.png'));
  const found = await studio.handlers['batches.open']({ batch: earlier?.id ?? '' });
  expect(found.pictures.map(({ name, folder: place }) => [place, name])).toEqual([
    ['', 'a.png'],
    ['trip', 'a.png'],
  ]);
  expect(found.missing).toBe(1);
});

test('the name of a result is known in advance, and an invalid template is refused', async () => {
  const ask = (template: string) =>
    studio.call('batches.exampleName', {
      picture: pictures[2]?.id,
      number: 12,
      models: [
        { title: 'Dehaze', scale: 1 },
        { title: 'Large', scale: 2 },
      ],
      options: { template, format: 'jpeg' },
    });
  expect(await ask('{name}-{model}-{scale}-{counter}')).toEqual({
    value: { name: join('trip', 'a-Dehaze+Large-x2-0012.jpg') },
  });
  expect(await ask('{nam}')).toMatchObject({
    error: { code: 'bad-input', message: expect.stringContaining('unknown field {nam}') as string },
  });
});

test('a window cannot name a model by its path', async () => {
  const tried = studio.handlers['batches.start']({
    pictures: [pictures[0]?.id ?? ''],
    models: ['/etc/passwd'],
    effect: effect.parse({}),
    out: studio.handles.issue(folder),
    options: exportSettings.parse({}),
  });
  await expect(tried).rejects.toThrow(/Add it under Models/);
});
