import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { deflateSync, crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, it, test } from 'vitest';
import { PictureReaders } from '../../../src/services/pictures/pictureReaders.ts';
import { inspectDataset } from '../../../src/services/datasets/datasets.ts';
import { Thumbnails } from '../../../src/services/pictures/thumbnails.ts';
import { childProcesses, temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
const readers = new PictureReaders({ most: 2 });
afterAll(() => readers.end());

const children = (): number[] =>
  childProcesses()
    .filter(({ command }) => command.includes('workers/pictures.ts'))
    .map(({ pid }) => pid);

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const content = Buffer.concat([Buffer.from(type), data]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, sum]);
}

/** A PNG that claims a size, with no pixels in it. */
function png(name: string, side: number, { depth = 8, interlaced = false, extra = Buffer.alloc(0) } = {}): string {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([depth, 6, 0, 0, interlaced ? 1 : 0], 8);
  const path = join(folder, name);
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      extra,
      chunk('IDAT', deflateSync(Buffer.alloc(1000))),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
  return path;
}

function gif(name: string, side: number): string {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(side, 0);
  size.writeUInt16LE(side, 2);
  const path = join(folder, name);
  const start = Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2c, 0, 0, 0, 0]);
  writeFileSync(
    path,
    Buffer.concat([Buffer.from('GIF89a'), size, start, size, Buffer.from([0, 2, 2, 0x4c, 1, 0, 0x3b])]),
  );
  return path;
}

function svg(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="100"><text y="20">a</text></svg>');
  return path;
}

async function honest(name: string): Promise<string> {
  const path = join(folder, name);
  await sharp({ create: { width: 400, height: 300, channels: 3, background: '#357' } }).toFile(path);
  return path;
}

const hostile: [string, () => string, RegExp][] = [
  ['35 bytes of GIF that claim 268 megapixels', () => gif('g.gif', 16384), /134 megapixels/],
  ['an interlaced PNG that takes 2 GB', () => png('i.png', 16384, { depth: 16, interlaced: true }), /interlaced/],
  ['a PNG of four gigapixels', () => png('p.png', 65536), /megapixels|pixel/],
  ['an SVG named .png', () => svg('s.png'), /not a picture of a kind/],
];

describe.each(hostile)('%s', (_, make, reason) => {
  it('is refused as a thumbnail, whole and in a data set, while this process stays small and free', async () => {
    const path = make();
    const cache = temporaryFolder();
    const thumbnails = new Thumbnails(cache, readers);
    const delay = monitorEventLoopDelay({ resolution: 10 });
    const before = process.memoryUsage().rss;
    delay.enable();
    await expect(thumbnails.serve(path, 320)).rejects.toMatchObject({ code: 'unsupported', message: reason });
    await expect(readers.ask('header', { file: path })).rejects.toThrow(reason);
    await expect(readers.ask('png', { path })).rejects.toThrow(reason);
    delay.disable();
    thumbnails.close();
    expect(delay.max / 1e9).toBeLessThan(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  }, 60_000);
});

test('one hostile picture in a data set is named, and the others are counted', async () => {
  const root = temporaryFolder();
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#357' } }).toFile(join(root, 'a.png'));
  writeFileSync(join(root, 'b.png'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const { samples, problems, statistics } = await inspectDataset(
    { target: root, clean: true },
    { readers, deep: true },
  );
  expect(samples).toHaveLength(2);
  expect(problems).toEqual([
    { file: join(root, 'b.png'), reason: expect.stringMatching(/not a picture of a kind/) as string },
  ]);
  expect(statistics.formats).toEqual({ 'png, 8 bits': 1 });
});

test('a picture that takes too much memory or time ends its process, and the next one is read by another', async () => {
  const path = await honest('honest.png');
  const small = new PictureReaders({ most: 1, memoryBytes: 2 ** 20 });
  await expect(small.ask('thumbnail', { path, size: 64 })).rejects.toThrow(/too much memory/);
  await small.end();
  const hurried = new PictureReaders({ most: 1, timeMs: 1 });
  await expect(hurried.ask('thumbnail', { path, size: 64 })).rejects.toThrow(/takes too long/);
  await expect(hurried.ask('thumbnail', { path, size: 64 })).rejects.toThrow(/takes too long/);
  await hurried.end();
  const { body } = await readers.ask('thumbnail', { path, size: 64 });
  expect(await sharp(body).metadata()).toMatchObject({ width: 64, height: 48, format: 'webp' });
}, 60_000);

test('a process that dies spoils no other picture, and no more run than may', async () => {
  const path = await honest('other.png');
  const asked = Array.from({ length: 6 }, () => readers.ask('thumbnail', { path, size: 64 }));
  await Promise.all(asked);
  expect(children().length).toBeLessThanOrEqual(2);
  for (const pid of children()) process.kill(pid, 'SIGKILL');
  await expect
    .poll(async () => (await readers.ask('thumbnail', { path, size: 32 }).catch(() => undefined))?.body)
    .toBeDefined();
}, 60_000);

test('a picture is served as what it is, whatever it is called', async () => {
  const thumbnails = new Thumbnails(temporaryFolder(), readers);
  const path = join(folder, 'photo.jpg');
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .webp()
    .toFile(path);
  expect((await thumbnails.serve(path)).type).toBe('image/webp');
  await expect(thumbnails.serve(svg('drawing.png'))).rejects.toThrow(/not a picture of a kind/);
  const tiff = join(folder, 'photo.png');
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .tiff()
    .toFile(tiff);
  expect((await thumbnails.serve(tiff)).type).toBe('image/png');
  thumbnails.close();
}, 60_000);
