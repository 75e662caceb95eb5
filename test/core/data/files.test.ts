import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listPictures } from '../../../src/core/data/files.ts';
import { findClean, findPairs } from '../../../src/core/data/pairs.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { temporaryFolder } from './folders.ts';

function folderOf(...files: string[]): string {
  const root = temporaryFolder();
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), 'x');
  }
  return root;
}

/** A name that is not UTF-8, such as one that a camera or an old archive wrote: "café" in Latin-1. */
const latin1 = Buffer.from('caf\xe9', 'latin1');
const inside = (folder: string, ...name: Buffer[]): Buffer => Buffer.concat([Buffer.from(`${folder}/`), ...name]);

// macOS and Windows have no such names.
describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  it('are listed like all others, with their bytes written out', async () => {
    const root = folderOf('a.png', 'sub/b.png');
    mkdirSync(inside(root, latin1));
    writeFileSync(inside(root, latin1, Buffer.from('/in.png')), 'x');
    writeFileSync(inside(join(root, 'sub'), latin1, Buffer.from('.png')), 'x');
    const { pictures, skipped } = await listPictures(root);
    const names = ['a.png', 'caf\\xE9/in.png', 'sub/b.png', 'sub/caf\\xE9.png'];
    expect(pictures).toEqual(names);
    expect(skipped).toEqual([]);
    const collected = await collectSources([root], true);
    expect(collected.files.map(({ source }) => source)).toEqual(names.map((name) => join(root, name)));
    expect(collected.files.map(({ identity }) => identity.startsWith('missing'))).toEqual([false, false, false, false]);
    expect((await findClean(root)).samples.map(({ name }) => name)).toEqual(names);
    // As a command line gives it, where the byte has become U+FFFD; and as people type what they were shown.
    for (const given of ['caf\ufffd/in.png', 'caf\\xE9/in.png'])
      expect((await collectSources([join(root, given)], true)).files).toEqual(
        [collected.files[1]].map((file) => ({ ...file, folder: '' })),
      );
  });
});

// The administrator may read everything.
describe.runIf(process.platform !== 'win32' && process.getuid?.() !== 0)('folders that cannot be read', () => {
  it('are named and counted, and everything else is listed', async () => {
    const root = folderOf('hazy/1.png', 'clear/1.png', 'locked/2.png');
    chmodSync(join(root, 'locked'), 0);
    expect(await findPairs({ target: root })).toMatchObject({ samples: [{ name: '1.png' }] });
    const { pictures, skipped } = await listPictures(root);
    expect(pictures).toEqual(['clear/1.png', 'hazy/1.png']);
    expect(skipped).toEqual([
      { path: join(root, 'locked'), reason: expect.stringMatching(/cannot be read/) as string },
    ]);
    chmodSync(join(root, 'locked'), 0o700);
  });
});

describe('links', () => {
  it('that double at each level take as many steps as there are folders', async () => {
    const root = folderOf('a.png');
    // Each folder holds two links to the one before: 2^40 ways lead to the picture.
    let last = join(root);
    const parts = temporaryFolder();
    for (let i = 0; i < 40; i++) {
      const next = join(parts, String(i));
      mkdirSync(next);
      for (const name of ['x', 'y']) symlinkSync(last, join(next, name));
      last = next;
    }
    expect((await listPictures(last)).pictures).toHaveLength(1);
  });

  it('to an enclosing folder are named and not followed, because one to the root would lead to the whole disk', async () => {
    const root = folderOf('beside.png', 'in/a.png');
    const folder = join(root, 'in');
    symlinkSync('/', join(folder, 'disk'));
    symlinkSync(root, join(folder, 'up'));
    symlinkSync(folder, join(folder, 'self'));
    const { pictures, skipped } = await listPictures(folder);
    expect(pictures).toEqual(['a.png']);
    expect(skipped.map(({ path }) => path).sort()).toEqual([join(folder, 'disk'), join(folder, 'up')]);
    expect(skipped[0]?.reason).toMatch(/leads to a folder around this one and was not followed/);
  });

  it('come after folders, so that a picture has the path of its real folder', async () => {
    const root = folderOf('z/a.png');
    symlinkSync(join(root, 'z'), join(root, 'a-link'));
    expect((await listPictures(root)).pictures).toEqual(['z/a.png']);
  });
});
