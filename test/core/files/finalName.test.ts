import { existsSync, linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import type * as Promises from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { claimName, identityOf, identityOfName, linkOnce } from '../../../src/core/files/finalName.ts';
import { temporaryFolder } from '../../photographs.ts';

/** What the disk of a test answers where a hard link is asked for. */
const disk = vi.hoisted(() => ({ answer: '' }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof Promises>();
  const link: typeof real.link = async (from, to) => {
    if (disk.answer === 'no links') throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    await real.link(from, to);
    if (disk.answer !== '') throw Object.assign(new Error('the answer was lost'), { code: disk.answer });
  };
  return { ...real, link };
});

const root = temporaryFolder();
let count = 0;

describe('a finished file', () => {
  let [temporary, final] = ['', ''];
  beforeEach(() => {
    disk.answer = '';
    [temporary, final] = [join(root, `${++count}.part`), join(root, `${count}.jpg`)];
    writeFileSync(temporary, 'result');
  });

  it.each(['', 'no links', 'EEXIST', 'EIO'] as const)('gets a free name (the disk says: "%s")', async (answer) => {
    disk.answer = answer;
    expect(await claimName(temporary, final)).toBe(true);
    expect([readFileSync(final, 'utf8'), existsSync(temporary)]).toEqual(['result', false]);
  });

  it.each(['', 'no links'] as const)('never takes the name of another file (the disk says: "%s")', async (answer) => {
    disk.answer = answer;
    writeFileSync(final, 'theirs');
    expect(await claimName(temporary, final)).toBe(false);
    expect([readFileSync(final, 'utf8'), readFileSync(temporary, 'utf8')]).toEqual(['theirs', 'result']);
  });

  it('has its name already where it is done again', async () => {
    linkSync(temporary, final);
    expect(await linkOnce(temporary, final)).toBe(true);
  });

  it('does not have the name of a link that leads to it', async () => {
    symlinkSync(temporary, final);
    expect(await identityOf(final)).toBe(await identityOf(temporary));
    expect(await identityOfName(final)).not.toBe(await identityOf(temporary));
    expect(await linkOnce(temporary, final)).toBe(false);
    expect(await claimName(temporary, final)).toBe(false);
    expect(readFileSync(temporary, 'utf8')).toBe('result');
  });

  it('is not said to have a name on a disk that makes no hard links', async () => {
    disk.answer = 'no links';
    await expect(linkOnce(temporary, final)).rejects.toThrow('not permitted');
  });

  it.runIf(process.platform === 'linux')('gets a name that is not UTF-8', async () => {
    expect(await claimName(temporary, join(root, 'caf\\xE9.jpg'))).toBe(true);
    expect(readdirSync(root, { encoding: 'latin1' })).toContain('caf\xe9.jpg');
    expect(await identityOf(join(root, 'caf\\xE9.jpg'))).toBeDefined();
  });
});
