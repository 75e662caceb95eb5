import { type EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { PictureReaders } from '../../../src/services/pictures/pictureReaders.ts';
import { Previews } from '../../../src/services/restoring/previews.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { childProcesses, temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';
import { openBatches } from './openBatches.ts';

/** A photographer who cancels expects the machine back. */
const MOST_MS = 2000;

const root = temporaryFolder();
const { home, children, batches, history, jobs } = openBatches(join(root, 'home'));
const large = join(root, 'large.png');
let model = '';

beforeAll(async () => {
  await sharp({
    create: {
      width: 1500,
      height: 1000,
      channels: 3,
      background: '#875',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  }).toFile(large);
  model = seededModel(root, 'nafnet');
});

const workers = (): number[] =>
  childProcesses().flatMap(({ pid, state, command }) =>
    command.includes('workers/restore.ts') && state !== 'Z' ? [pid] : [],
  );

describe.skipIf(process.platform !== 'linux')('a batch in the midst of a tile (its process is found in /proc)', () => {
  it('that is cancelled ends its process within two seconds, and the next batch begins', async () => {
    const { files } = await collectSources([large], false);
    const settings = { out: join(root, 'out'), effect: effect.parse({ tile: 512 }), export: exportSettings.parse({}) };
    const { id } = await batches.create(files, [model], settings);
    // The first tile is done, and the second at work: the process hears nothing until that is done, too.
    await once(batches.events as EventEmitter, 'progress');
    const [worker] = workers();
    expect(worker).toBeDefined();

    const began = performance.now();
    const cancelled = await batches.cancel(id);
    expect(performance.now() - began).toBeLessThan(MOST_MS);
    expect(cancelled).toMatchObject({ state: 'cancelled', waiting: 1, running: 0 });
    expect(workers()).toEqual([]);

    const next = await batches.create(files, ['identity'], settings);
    expect(next.state).toBe('running');
    jobs.kill(next.id);
    expect(await batches.ended(next.id)).toMatchObject({ state: 'cancelled' });
  });

  it('that is cancelled leaves a ledger that says what runs: no picture is at work, and no process', async () => {
    const { files } = await collectSources([large], false);
    const settings = { out: join(root, 'out'), effect: effect.parse({ tile: 512 }), export: exportSettings.parse({}) };
    const { id } = await batches.create(files, [model], settings);
    const waiting = await batches.create(files, [model], settings);
    await once(batches.events as EventEmitter, 'progress');
    await batches.cancel(waiting.id);
    await batches.cancel(id);
    expect([id, waiting.id].map((each) => batches.find(each).state)).toEqual(['cancelled', 'cancelled']);
    expect([id, waiting.id].flatMap((each) => batches.files(each).map(({ state }) => state))).toEqual([
      'waiting',
      'waiting',
    ]);
    expect(history.jobs.active()).toEqual([]);
    expect(workers()).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('a preview in the midst of a tile', () => {
  it('that is stopped ends its process within two seconds, and another one can be made', async () => {
    const readers = new PictureReaders();
    const previews = new Previews(home, children, readers);
    try {
      const heard = Promise.withResolvers<void>();
      const wish = { models: [model], effect: effect.parse({ tile: 512 }) };
      const made = previews.restore(large, wish, () => heard.resolve());
      const refused = expect(made).rejects.toMatchObject({ code: 'cancelled' });
      await heard.promise;
      const began = performance.now();
      previews.end();
      await refused;
      expect(performance.now() - began).toBeLessThan(MOST_MS);
      await expect.poll(workers, { timeout: MOST_MS }).toEqual([]);
      const again = await previews.restore(large, { ...wish, reduced: 64 });
      expect(again.reduced).toEqual({ width: 64, height: 43 });
    } finally {
      previews.end();
      await readers.end();
    }
  });
});
