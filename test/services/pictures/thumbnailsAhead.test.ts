import { join } from 'node:path';
import { constants, getPriority } from 'node:os';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { ThumbnailsAhead } from '../../../src/services/pictures/thumbnailsAhead.ts';
import { childProcesses, temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
const ahead = new ThumbnailsAhead();
afterAll(() => ahead.end());

const maker = (): number | undefined =>
  childProcesses().find(({ command }) => command.includes('workers/thumbnails.ts'))?.pid;

it('makes thumbnails in a process of the lowest priority, whatever it meets', async () => {
  const path = join(folder, 'picture.png');
  await sharp({ create: { width: 400, height: 300, channels: 3, background: '#357' } })
    .png()
    .toFile(path);
  const made = await ahead.make({ path, size: 64 });
  expect(await sharp(made).metadata()).toMatchObject({ width: 64, height: 48 });
  const first = maker() as number;
  expect(getPriority(first)).toBe(constants.priority.PRIORITY_LOW);

  expect(await ahead.make({ path: join(folder, 'none.png'), size: 64 })).toBeUndefined();
  expect(maker()).toBe(first);

  // A file that ends the process ends nothing else: the next one is made by another.
  process.kill(first, 'SIGKILL');
  await expect.poll(() => ahead.make({ path, size: 64 })).toEqual(made);
  expect(maker()).not.toBe(first);
});
