import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ThumbnailStore } from '../../../src/database/thumbnailStore.ts';
import { PictureReaders } from '../../../src/services/pictures/pictureReaders.ts';
import { Thumbnails } from '../../../src/services/pictures/thumbnails.ts';
import { VisibleFirst } from '../../../src/services/pictures/visibleFirst.ts';
import { thumbnailSize } from '../../../src/shared/contract/restoring.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcir-test-'));
});
const readers = new PictureReaders();
afterAll(async () => {
  await readers.end();
  await rm(folder, { recursive: true, force: true });
});

async function photograph(name: string): Promise<string> {
  const path = join(folder, name);
  await sharp({ create: { width: 800, height: 400, channels: 3, background: '#357' } })
    .jpeg()
    .toFile(path);
  return path;
}

/** As another process would find it. */
function keptBytes(cache: string): number {
  const store = new ThumbnailStore(join(cache, 'thumbnails.sqlite'));
  store.close();
  return store.bytes;
}

describe('thumbnails', () => {
  test('are made in advance, kept for the next start, and made again if the file has changed', async () => {
    const path = await photograph('lake.jpg');
    const cache = await mkdtemp(join(folder, 'cache-'));
    const first = new Thumbnails(cache, readers);
    first.prepare([path]);
    await expect.poll(() => keptBytes(cache)).toBeGreaterThan(0);
    const small = await first.serve(path, thumbnailSize);
    expect(await sharp(small.body).metadata()).toMatchObject({ width: 320, height: 160, format: 'webp' });
    first.close();

    const again = new Thumbnails(cache, readers);
    expect((await again.serve(path, thumbnailSize)).body).toEqual(small.body);
    await writeFile(path, 'torn');
    await expect(again.serve(path, thumbnailSize)).rejects.toMatchObject({ code: 'unsupported' });
    again.close();
  });

  test('stay within their limit: the least recently used are removed', () => {
    const store = new ThumbnailStore(join(folder, 'small.sqlite'), 1000);
    for (let i = 0; i < 10; i++) store.keep(`${i}`, new Uint8Array(100));
    store.find('0');
    store.keep('new', new Uint8Array(100));
    expect(store.bytes).toBeLessThanOrEqual(1000);
    expect([store.has('0'), store.has('1'), store.has('new')]).toEqual([true, false, true]);
    store.close();
  });

  test('damage that is found later is removed too, and without a file the cache is kept in memory', async () => {
    const file = join(folder, 'later.sqlite');
    const first = new ThumbnailStore(file);
    for (let i = 0; i < 500; i++) first.keep(`${i}`, new Uint8Array(3000));
    first.close();
    const bytes = await readFile(file);
    bytes.fill(0x5a, 8192);
    await writeFile(file, bytes);
    const damaged = new ThumbnailStore(file);
    for (let i = 0; i < 500; i++) {
      damaged.has(`${i}`);
      damaged.find(`${i}`);
    }
    damaged.keep('a', new Uint8Array(10));
    damaged.keep('a', new Uint8Array(10));
    expect(damaged.find('a')).toHaveLength(10);
    damaged.close();

    await mkdir(join(folder, 'taken.sqlite', 'by a folder'), { recursive: true });
    const inMemory = new ThumbnailStore(join(folder, 'taken.sqlite'));
    inMemory.keep('a', new Uint8Array(10));
    expect(inMemory.find('a')).toHaveLength(10);
    inMemory.close();
  });

  test('a damaged cache is thrown away', async () => {
    const file = join(folder, 'damaged.sqlite');
    await writeFile(file, 'no database '.repeat(1000));
    const store = new ThumbnailStore(file);
    store.keep('a', new Uint8Array(10));
    expect(store.find('a')).toHaveLength(10);
    store.close();
    expect((await stat(file)).size).toBeGreaterThan(0);
  });
});

test('visible pictures come first, the newest request before older ones, and pictures that were scrolled past are skipped', async () => {
  const done: string[] = [];
  const queue = new VisibleFirst(1);
  const work = (name: string) => async (): Promise<void> => {
    await new Promise(setImmediate);
    done.push(name);
  };
  const past = new AbortController();
  queue.later([work('later 1'), work('later 2')]);
  const wishes = [queue.now(work('row 1')), queue.now(work('row 2'), past.signal), queue.now(work('row 3'))];
  past.abort(new Error('scrolled past'));
  const ends = await Promise.allSettled(wishes);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await expect.poll(() => done).toEqual(['later 1', 'row 3', 'row 1', 'later 2']);
});
