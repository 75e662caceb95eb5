import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { installed, temporaryFolder } from '../../photographs.ts';
import { openBatches } from './openBatches.ts';

const root = temporaryFolder();
const { history, batches } = openBatches(join(root, 'home'), { patienceMs: 100 });
const inputs = join(root, 'in');
const disk = join(root, 'disk');

beforeAll(async () => {
  mkdirSync(inputs);
  mkdirSync(disk);
  // Noise cannot be packed: a megabyte each.
  for (const name of ['a', 'b'])
    await sharp({
      create: {
        width: 600,
        height: 600,
        channels: 3,
        background: '#777',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .png()
      .toFile(join(inputs, `${name}.png`));
  writeFileSync(join(inputs, 'broken.png'), 'no picture');
});
afterAll(() => {});

/** Starts a batch of all inputs; `paused` gives why it waits. */
async function start(
  out: string,
  from = inputs,
): Promise<{ id: string; running: Promise<unknown>; paused: () => Promise<string | undefined> }> {
  const { files } = await collectSources([from], false);
  const { id } = await batches.create(files, ['identity'], {
    out,
    effect: effect.parse({}),
    export: exportSettings.parse({}),
  });
  const running = batches.run(id);
  const paused = async (): Promise<string | undefined> => {
    while (!['paused', 'finished'].includes(batches.find(id).state)) await setTimeout(20);
    return batches.find(id).reason;
  };
  return { id, running, paused };
}

const mount = (...options: string[]): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(), 'tmpfs', disk]);
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && installed('mount', '--version');

describe.skipIf(!canMount)('a disk of its own (needs root, to mount one)', () => {
  it('that is full makes the batch wait, and resume when there is space', async () => {
    mount('size=70m');
    try {
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(69.5 * 2 ** 20));
      const { id, running, paused } = await start(join(disk, 'out'));
      expect(await paused()).toMatch(/is full. Free some space/);
      expect(readdirSync(join(disk, 'out')).filter((name) => !name.startsWith('.'))).toEqual([]);
      rmSync(ballast);
      await running;
      expect(batches.files(id).map(({ state, reason, warnings }) => [state, reason, warnings])).toEqual([
        ['done', undefined, []],
        ['done', undefined, []],
        ['failed', expect.stringMatching(/not a picture/), []],
      ]);
      expect(readdirSync(join(disk, 'out')).sort()).toEqual(['a.png', 'b.png']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it('that is unplugged makes it wait although its mount point remains; nothing is written there until the disk is back', async () => {
    const drive = join(root, 'pulled drive');
    mkdirSync(drive);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', drive]);
    const plugIn = (): void => void execFileSync('mount', ['--bind', drive, disk]);
    const pullOut = (): void => void execFileSync('umount', ['-l', disk]);
    plugIn();
    try {
      const { id, running, paused } = await start(join(disk, 'out'));
      batches.events.once('file', pullOut);
      expect(await paused()).toBe(`${disk} cannot be reached. Connect the drive again, or cancel the batch.`);
      await setTimeout(300);
      expect([batches.find(id).state, readdirSync(disk)]).toEqual(['paused', []]);
      plugIn();
      expect(await running).toMatchObject({ state: 'finished', done: 2, failed: 1 });
      expect(readdirSync(join(disk, 'out')).sort()).toEqual(['a.png', 'b.png']);
      // Gone on with after the program, or the machine, was started again.
      const next = await batches.create((await collectSources([inputs], false)).files, ['identity'], {
        out: join(disk, 'next'),
        effect: effect.parse({}),
        export: exportSettings.parse({}),
      });
      pullOut();
      const resumed = batches.run(next.id);
      while (batches.find(next.id).state !== 'paused') await setTimeout(20);
      expect(readdirSync(disk)).toEqual([]);
      plugIn();
      expect(await resumed).toMatchObject({ done: 2 });
    } finally {
      pullOut();
      execFileSync('umount', ['-l', drive]);
    }
  });

  it('that was away when its batch was resumed is checked for finished results: none is made twice', async () => {
    const drive = join(root, 'slow drive');
    mkdirSync(drive);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', drive]);
    const plugIn = (): void => void execFileSync('mount', ['--bind', drive, disk]);
    plugIn();
    try {
      const out = join(disk, 'out');
      const { id, running } = await start(out);
      await running;
      const [a, b] = ['a', 'b'].map((name) => join(out, `${name}.png`)) as [string, string];
      const before = statSync(a, { bigint: true });
      // As a crash leaves it: `a` had its name and that was not entered yet; `b` had not come so far.
      rmSync(b);
      history.db
        .prepare(
          "UPDATE batch_files SET state = 'running', result = iif(number = 1, result, NULL) WHERE batch = ? AND state = 'done'",
        )
        .run(id);
      history.db.prepare("UPDATE jobs SET state = 'interrupted' WHERE id = ?").run(id);
      execFileSync('umount', ['-l', disk]);
      const resumed = batches.run(id);
      while (batches.find(id).state !== 'paused') await setTimeout(20);
      expect(batches.find(id)).toMatchObject({
        done: 0,
        failed: 1,
        reason: `${disk} cannot be reached. Connect the drive again, or cancel the batch.`,
      });
      plugIn();
      expect(await resumed).toMatchObject({ state: 'finished', done: 2, failed: 1 });
      expect(readdirSync(out).sort()).toEqual(['a.png', 'b.png']);
      expect(statSync(a, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
    } finally {
      execFileSync('umount', ['-l', disk]);
      execFileSync('umount', ['-l', drive]);
    }
  }, 60_000);

  it('that becomes read-only makes it wait, and a broken picture does not', async () => {
    mount('size=200m', 'ro');
    try {
      const { running, paused } = await start(join(disk, 'out'));
      expect(await paused()).toMatch(/may not write to/);
      execFileSync('mount', ['-o', 'remount,rw', disk]);
      expect(await running).toMatchObject({ state: 'finished', done: 2, failed: 1 });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

it('a folder of originals that disappears makes the batch wait until it is back', async () => {
  const drive = join(root, 'drive');
  execFileSync('cp', ['-r', inputs, drive]);
  const { files } = await collectSources([drive], false);
  const { id } = await batches.create(files, ['identity'], {
    out: join(root, 'out'),
    effect: effect.parse({}),
    export: exportSettings.parse({}),
  });
  renameSync(drive, `${drive} unplugged`);
  const running = batches.run(id);
  while (batches.find(id).state !== 'paused') await setTimeout(20);
  expect(batches.find(id).reason).toMatch(/Connect the drive again/);
  // Its mount point, empty.
  mkdirSync(drive);
  await setTimeout(300);
  expect(batches.find(id)).toMatchObject({ state: 'paused', failed: 0 });
  rmSync(drive, { recursive: true });
  renameSync(`${drive} unplugged`, drive);
  expect(await running).toMatchObject({ state: 'finished', done: 2, failed: 1 });
});
