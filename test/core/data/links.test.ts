import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listPictures } from '../../../src/core/data/files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mcir-links-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const picture = (...path: string[]): void => writeFileSync(join(root, ...path), '');
const folder = (...path: string[]): void => void mkdirSync(join(root, ...path), { recursive: true });

describe.skipIf(process.platform === 'win32')('links among pictures', () => {
  it('that double from folder to folder are followed once, not 2^40 times', async () => {
    // In each folder two links to the next one: 40 folders, a million million paths.
    for (let i = 0; i < 40; i++) {
      folder(`${i}`);
      picture(`${i}`, 'p.png');
      for (const name of ['a', 'b']) symlinkSync(join(root, `${i + 1}`), join(root, `${i}`, name));
    }
    folder('40');
    const { pictures } = await listPictures(join(root, '0'));
    expect(pictures).toHaveLength(40);
    expect(pictures[0]).toBe(`${'a/'.repeat(39)}p.png`);
  });

  it('give a folder its own path where it lies inside, however early a link to it comes', async () => {
    folder('z');
    picture('z', 'p.png');
    symlinkSync(join(root, 'z'), join(root, 'a'));
    folder('b', 'deep');
    symlinkSync(join(root, 'z'), join(root, 'b', 'deep', 'again'));
    expect((await listPictures(root)).pictures).toEqual(['z/p.png']);
  });

  it('that lead back up, or nowhere, do no harm', async () => {
    folder('in');
    symlinkSync(root, join(root, 'in', 'up'));
    symlinkSync(join(root, 'gone'), join(root, 'gone.png'));
    picture('p.png');
    expect((await listPictures(root)).pictures).toEqual(['gone.png', 'p.png']);
  });

  it('into a folder outside are followed, and its folders once', async () => {
    folder('home');
    folder('outside', 'inner');
    picture('outside', 'inner', 'p.png');
    symlinkSync(join(root, 'outside'), join(root, 'home', 'l'));
    symlinkSync(join(root, 'outside', 'inner'), join(root, 'home', 'm'));
    expect((await listPictures(join(root, 'home'))).pictures).toEqual(['l/inner/p.png']);
  });
});
