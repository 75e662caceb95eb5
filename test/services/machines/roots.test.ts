import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { openRoots, type Roots } from '../../../src/services/machines/roots.ts';
import { chunkWork } from '../../../src/shared/machines.ts';
import { travelPath } from '../../../src/shared/travel.ts';

let top: string;
let photos: string;
let roots: Roots;

beforeEach(async () => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'mcir-roots-')));
  photos = join(top, 'photos');
  mkdirSync(join(photos, 'trip'), { recursive: true });
  mkdirSync(join(top, 'private'));
  writeFileSync(join(photos, 'trip', 'a.jpg'), 'a');
  writeFileSync(join(top, 'private', 'secret.txt'), 'secret');
  roots = await openRoots([`photos=${photos}`]);
});

it('turns a path into a root and the way below it, and back', async () => {
  const travelling = await roots.toTravel(join(photos, 'trip', 'a.jpg'));
  expect(travelling).toEqual({ root: 'photos', path: 'trip/a.jpg' });
  expect(await roots.existing(travelling)).toBe(join(photos, 'trip', 'a.jpg'));
  // Results need not be there yet.
  expect(await roots.toTravel(join(photos, 'new', 'results'))).toEqual({ root: 'photos', path: 'new/results' });
});

it('takes the innermost of roots that lie in each other', async () => {
  const both = await openRoots([`photos=${photos}`, `trip=${join(photos, 'trip')}`]);
  expect(await both.toTravel(join(photos, 'trip', 'a.jpg'))).toEqual({ root: 'trip', path: 'a.jpg' });
});

it('refuses a path that lies in no root', async () => {
  await expect(roots.toTravel(join(top, 'private', 'secret.txt'))).rejects.toThrow('is in none of the shared folders');
});

it.each([
  '../private/secret.txt',
  'trip/../../private/secret.txt',
  '/etc/passwd',
  'trip//a.jpg',
  './a.jpg',
  'a\0b',
  'a\\b',
  'C:/x',
])('refuses the path %j in work', async (path) => {
  expect(travelPath.safeParse({ root: 'photos', path }).success).toBe(false);
  // Also where nobody has checked it before.
  await expect(roots.existing({ root: 'photos', path })).rejects.toThrow();
  await expect(roots.folder({ root: 'photos', path })).rejects.toThrow();
});

it('follows no link out of its root, neither to a file nor through a folder', async () => {
  symlinkSync(join(top, 'private', 'secret.txt'), join(photos, 'file.jpg'));
  symlinkSync(join(top, 'private'), join(photos, 'folder'));
  await expect(roots.existing({ root: 'photos', path: 'file.jpg' })).rejects.toThrow('leads out of its shared folder');
  await expect(roots.existing({ root: 'photos', path: 'folder/secret.txt' })).rejects.toThrow('leads out');
  await expect(roots.folder({ root: 'photos', path: 'folder/new' })).rejects.toThrow('leads out');
  // A link that stays inside is fine.
  symlinkSync(join(photos, 'trip'), join(photos, 'again'));
  expect(await roots.existing({ root: 'photos', path: 'again/a.jpg' })).toBe(join(photos, 'trip', 'a.jpg'));
});

it('refuses a root that this machine does not have, or that is gone', async () => {
  await expect(roots.existing({ root: 'archive', path: 'a.jpg' })).rejects.toThrow('--root archive=FOLDER');
  await expect(openRoots(['photos=/there/is/no/such/folder'])).rejects.toThrow('is not there');
  await expect(openRoots([`p=${photos}`, `p=${top}`])).rejects.toThrow('given twice');
  await expect(openRoots(['photos'])).rejects.toThrow('Write NAME=FOLDER');
});

it('refuses work of another schema, with too many files, or with unknown fields', () => {
  const good = {
    schema: 1,
    kind: 'chunk',
    batch: 'b1',
    place: { root: 'photos', path: 'out/.mcir-b1' },
    order: 'a'.repeat(64),
    chunk: 0,
    files: [{ number: 1, source: { root: 'photos', path: 'a.jpg' }, folder: '' }],
  };
  expect(chunkWork.safeParse(good).success).toBe(true);
  expect(chunkWork.safeParse({ ...good, schema: 2 }).success).toBe(false);
  expect(chunkWork.safeParse({ ...good, command: 'rm' }).success).toBe(false);
  expect(chunkWork.safeParse({ ...good, files: Array.from({ length: 501 }, () => good.files[0]) }).success).toBe(false);
  expect(chunkWork.safeParse({ ...good, files: [{ ...good.files[0], folder: '../..' }] }).success).toBe(false);
});
