import { copyFileSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Batch, BatchLoader, type LoaderOptions, type ValidationPicture } from '../../../src/core/data/loader.ts';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { applyChain, parseChain } from '../../../src/core/degradations/chain.ts';
import { cropPicture } from '../../../src/core/pictures/crop.ts';
import { dataConfig } from '../../../src/shared/runConfig.ts';
import { temporaryFolder, writePicture } from './folders.ts';

const open: BatchLoader[] = [];
afterEach(async () => {
  for (const loader of open.splice(0)) await loader.close();
});

/** A loader on `data` as a configuration file would give it, closed after the test. */
async function load(data: object, options: Partial<LoaderOptions> = {}): Promise<BatchLoader> {
  const loader = await BatchLoader.open({ data: dataConfig.parse(data), seed: 5, scale: 1, threads: 2, ...options });
  open.push(loader);
  return loader;
}

/** Milliseconds that a batch is waited for. */
async function waitFor(loader: BatchLoader, step: number): Promise<number> {
  const before = loader.waitedMs;
  await loader.next(step);
  return loader.waitedMs - before;
}

async function measured(loader: BatchLoader): Promise<ValidationPicture[]> {
  const pictures: ValidationPicture[] = [];
  for await (const picture of loader.validation()) pictures.push(picture);
  return pictures;
}

/** Twelve pictures of 60 × 48; the blue of picture n is 10 n, red and green are the place. */
async function clean(count = 12, width = 60, height = 48): Promise<string> {
  const folder = temporaryFolder();
  for (let n = 0; n < count; n++)
    await writePicture(join(folder, `${String(n).padStart(2, '0')}.png`), width, height, n * 10);
  return folder;
}

const noisy = [{ type: 'gaussian-noise' }];

describe('a batch', () => {
  it('depends only on seed and step, not on earlier requests or the number of threads', async () => {
    const target = await clean();
    const data = { train: { target, degradations: [...noisy, { type: 'haze' }] }, patch: 16, batch: 3 };
    const first = await load(data);
    const steps = [0, 1, 2, 9, 30];
    const batches: Batch[] = [];
    for (const step of steps) batches.push(await first.next(step));

    const second = await load(data, { threads: 1, cacheBytes: 0 });
    for (const i of [4, 1, 0, 3, 2]) expect(await second.next(steps[i] as number)).toEqual(batches[i]);
    const other = await load(data, { seed: 6 });
    expect((await other.next(0)).lq).not.toEqual(batches[0]?.lq);
    expect(new Set(batches.map(({ lq }) => lq.join())).size).toBe(steps.length);
  });

  it('has every sample of an epoch once, in another order in the next', async () => {
    const loader = await load({
      train: { target: await clean(), degradations: noisy },
      validation: { share: 0.2 },
      patch: 16,
      batch: 2,
    });
    expect(loader.counts).toEqual({ train: 10, validation: 2 });
    const epochs: string[][] = [];
    for (const epoch of [0, 1]) {
      const names: string[] = [];
      for (let step = epoch * 5; step < epoch * 5 + 5; step++) names.push(...(await loader.next(step)).names);
      epochs.push(names);
    }
    expect(new Set(epochs[0]).size).toBe(10);
    expect([...(epochs[1] ?? [])].sort()).toEqual([...(epochs[0] ?? [])].sort());
    expect(epochs[1]).not.toEqual(epochs[0]);
  });

  it('is cut from the same place in both pictures of a pair, in all eight orientations', async () => {
    const root = temporaryFolder();
    for (let n = 0; n < 3; n++) {
      await writePicture(join(root, `input/${n}.png`), 60, 48, 1);
      await writePicture(join(root, `target/${n}.png`), 60, 48, 2);
    }
    const loader = await load({ train: { target: root }, patch: 16, batch: 8 });
    const seen = new Set<string>();
    for (let step = 0; step < 6; step++) {
      const { lq, gt, count, lqSize, gtSize } = await loader.next(step);
      expect([count, lqSize, gtSize, lq.length]).toEqual([8, 16, 16, 8 * 16 * 16 * 3]);
      // Red and green, which tell the place, agree; blue tells the side.
      expect(gt).toEqual(lq.map((value, i) => (i % 3 === 2 ? 2 / 255 : value)));
      for (let n = 0; n < 8; n++) {
        const at = (x: number, y: number, c: number): number =>
          Math.round((lq[((n * 16 + y) * 16 + x) * 3 + c] as number) * 255);
        seen.add(
          [
            at(1, 0, 0) - at(0, 0, 0),
            at(1, 0, 1) - at(0, 0, 1),
            at(0, 1, 0) - at(0, 0, 0),
            at(0, 1, 1) - at(0, 0, 1),
          ].join(),
        );
      }
    }
    expect(seen.size).toBe(8);
  });

  it('is not rotated or mirrored if that is switched off', async () => {
    const loader = await load({
      train: { target: await clean(), degradations: noisy },
      patch: 16,
      batch: 8,
      flip: false,
      rotate: false,
    });
    const { gt } = await loader.next(0);
    for (let n = 0; n < 8; n++) expect((gt[n * 768 + 3] as number) - (gt[n * 768] as number)).toBeCloseTo(1 / 255, 6);
  });

  it('of super-resolution is cut from the whole picture made smaller', async () => {
    const target = await clean(3, 97, 71);
    const loader = await load(
      {
        train: { target, degradations: [{ type: 'bicubic', scale: 3 }] },
        patch: 8,
        batch: 2,
        flip: false,
        rotate: false,
      },
      { scale: 3 },
    );
    for (let step = 0; step < 4; step++) {
      const { lq, gt, lqSize, gtSize, names } = await loader.next(step);
      expect([lqSize, gtSize]).toEqual([8, 24]);
      const whole = cropPicture(await decodePicture(join(target, names[1] as string)), {
        x: 0,
        y: 0,
        width: 96,
        height: 69,
      });
      const small = await applyChain(parseChain([{ type: 'bicubic', scale: 3 }]), whole, []);
      const [x, y] = [0, 1].map((c) => Math.round((gt[24 * 24 * 3 + c] as number) * 255) / 3) as [number, number];
      expect(lq.subarray(8 * 8 * 3)).toEqual(cropPicture(small, { x, y, width: 8, height: 8 }).data);
    }
  });

  it("of RESIDE's SOTS uses the centre of the larger clean picture", async () => {
    const root = temporaryFolder();
    for (const scene of ['1400', '1401']) {
      await writePicture(join(root, `hazy/${scene}_1.png`), 40, 40, 1);
      await writePicture(join(root, `clear/${scene}.png`), 60, 60, 2);
    }
    const loader = await load({ train: { target: root }, patch: 16, batch: 4, flip: false, rotate: false });
    const { lq, gt } = await loader.next(0);
    expect(Math.round(((gt[0] as number) - (lq[0] as number)) * 255)).toBe(10);
    expect(Math.round(((gt[1] as number) - (lq[1] as number)) * 255)).toBe(10);
  });
});

describe('files that cannot be used', () => {
  it('are named, counted and replaced, in the same way in every run', async () => {
    const target = await clean();
    writeFileSync(join(target, '03.png'), 'broken');
    truncateSync(join(target, '07.png'), 200);
    await writePicture(join(target, '09.png'), 12, 12, 1);
    const data = {
      train: { target, degradations: noisy },
      validation: { target: await clean(2) },
      patch: 16,
      batch: 4,
    };
    const first = await load(data);
    const batches: Batch[] = [];
    for (let step = 0; step < 3; step++) batches.push(await first.next(step));
    expect(batches.flatMap(({ names }) => names)).not.toContain('03.png');
    expect(first.problems.map(({ file }) => file).sort()).toEqual(
      ['03.png', '07.png', '09.png'].map((name) => join(target, name)),
    );
    expect(first.problems.find(({ file }) => file.endsWith('09.png'))?.reason).toContain(
      '12 × 12 pixels and is smaller than a patch of 16',
    );
    const second = await load(data, { threads: 1 });
    for (const step of [2, 0, 1]) expect(await second.next(step)).toEqual(batches[step]);
  });

  it('fail the run only if nothing is left', async () => {
    const folder = await clean(3);
    for (const name of ['00.png', '01.png', '02.png']) writeFileSync(join(folder, name), 'broken');
    const validation = { target: await clean(1) };
    const loader = await load({ train: { target: folder, degradations: noisy }, validation, patch: 16, batch: 2 });
    await expect(loader.next(0)).rejects.toThrow(
      /None of the 3 pictures for training can be used.*cannot be read as a picture/,
    );
    await writePicture(join(folder, '01.png'), 60, 48, 1);
    const again = await load({ train: { target: folder, degradations: noisy }, validation, patch: 16, batch: 2 });
    expect((await again.next(0)).names).toEqual(['01.png', '01.png']);
  });

  it('include pairs whose sizes do not match', async () => {
    const root = temporaryFolder();
    for (const name of ['a', 'b', 'c']) {
      await writePicture(join(root, `input/${name}.png`), 40, 40, 1);
      await writePicture(join(root, `target/${name}.png`), name === 'b' ? 44 : 40, 40, 1);
    }
    const loader = await load({
      train: { target: root },
      validation: { input: join(root, 'input'), target: join(root, 'target'), count: 3 },
      patch: 16,
      batch: 3,
    });
    await loader.next(0);
    expect(loader.problems).toEqual([
      {
        file: join(root, 'input/b.png'),
        reason: expect.stringContaining('44 × 40 pixels, but at scale 1 this input needs 40 × 40') as string,
      },
    ]);
    expect((await measured(loader)).map(({ name }) => name)).toEqual(['a.png', 'c.png']);
  });
});

describe('memory and time', () => {
  it('a set much larger than the cache gives the same batches', async () => {
    const target = await clean(12, 300, 200);
    const data = { train: { target, degradations: noisy }, patch: 16, batch: 4 };
    const [large, small] = [await load(data), await load(data, { cacheBytes: 200_000 })];
    for (let step = 0; step < 8; step++) expect((await small.next(step)).gt).toEqual((await large.next(step)).gt);
  });

  it('makes the following batches while the main thread is blocked', async () => {
    const slow = [{ type: 'haze' }, { type: 'gaussian-blur', sigma: [6, 6] }];
    const loader = await load({ train: { target: await clean(), degradations: slow }, patch: 32, batch: 4 });
    await loader.next(0);
    let working = 0;
    for (let step = 1; step < 5; step++) working += await waitFor(loader, step);
    const until = performance.now() + 1000 + 10 * working;
    while (performance.now() < until);
    // The messages that lie ready are taken in within a few turns of the event loop; making a batch takes thousands of them.
    let turns = 0;
    let counting = setImmediate(function turn() {
      turns++;
      counting = setImmediate(turn);
    });
    for (let step = 5; step < 9; step++) await loader.next(step);
    clearImmediate(counting);
    expect(turns).toBeLessThan(100);
  });

  it('rejects requests during and after closing', async () => {
    const loader = await load({ train: { target: await clean(), degradations: noisy }, patch: 16, batch: 2 });
    const pending = expect(loader.next(0)).rejects.toMatchObject({ code: 'cancelled' });
    await loader.close();
    await pending;
    await expect(loader.next(1)).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('validation', () => {
  it('is the same every time, centred, and shares no clean picture with training', async () => {
    const root = temporaryFolder();
    for (let n = 0; n < 6; n++) {
      await writePicture(join(root, `clear/${n}.png`), 60, 48, n);
      for (const haze of [1, 2, 3])
        copyFileSync(join(root, `clear/${n}.png`), join(mkdirIn(root, 'hazy'), `${n}_${haze}.png`));
    }
    const loader = await load({
      train: { target: root },
      validation: { share: 0.34, size: 32, count: 4 },
      patch: 16,
      batch: 2,
    });
    expect(loader.counts).toEqual({ train: 12, validation: 4 });
    const pictures = await measured(loader);
    expect(await measured(loader)).toEqual(pictures);
    for (const { lq, gt } of pictures) {
      expect([lq.width, lq.height, gt.width, gt.height]).toEqual([32, 32, 32, 32]);
      expect([Math.round((gt.data[0] as number) * 255), Math.round((gt.data[1] as number) * 255)]).toEqual([14, 8]);
    }
    const trained = new Set<string>();
    for (let step = 0; step < 6; step++)
      for (const name of (await loader.next(step)).names) trained.add(name.split('_')[0] as string);
    expect(trained.size).toBe(4);
    for (const { name } of pictures) expect(trained).not.toContain(name.split('_')[0]);
  });

  it('degrades each picture in its own way, and the same way in every run', async () => {
    const data = {
      train: { target: await clean(), degradations: [{ type: 'haze' }] },
      validation: { target: await clean(2) },
    };
    const first = await measured(await load(data));
    expect(await measured(await load(data, { threads: 1 }))).toEqual(first);
    expect(first.map(({ lq }) => [lq.width, lq.height])).toEqual([
      [60, 48],
      [60, 48],
    ]);
    const [a, b] = first.map(({ lq, gt }) => lq.data.map((value, i) => value - (gt.data[i] as number)));
    expect(a).not.toEqual(b);
  });
});

describe('the fingerprint', () => {
  it('detects changed, added and removed files, and nothing else', async () => {
    const target = await clean();
    const data = { train: { target, degradations: noisy } };
    const fingerprint = async (): Promise<string> => (await load(data)).fingerprint;
    const before = await fingerprint();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await fingerprint()).toBe(before);
    utimesSync(join(target, '02.png'), new Date(), new Date(1e12));
    const touched = await fingerprint();
    rmSync(join(target, '02.png'));
    expect(new Set([before, touched, await fingerprint()]).size).toBe(3);
  });
});

describe('settings that do not fit', () => {
  it.each<[string, (target: string) => object, number, string]>([
    [
      'a scale without its bicubic step',
      (target) => ({ train: { target, degradations: noisy } }),
      4,
      'network enlarges them 4 times',
    ],
    [
      'a bicubic step without a scale',
      (target) => ({ train: { target, degradations: [{ type: 'bicubic' }] } }),
      1,
      'enlarge: true',
    ],
    [
      'input and degradations together',
      (target) => ({ train: { target, input: target, degradations: noisy } }),
      1,
      'cannot be combined',
    ],
    [
      'a validation input alone',
      (target) => ({ train: { target, degradations: noisy }, validation: { input: target } }),
      1,
      'data.validation.target',
    ],
    [
      'a validation of another scale',
      (target) => ({ train: { target, degradations: noisy }, validation: { degradations: [{ type: 'bicubic' }] } }),
      1,
      'enlarge: true',
    ],
    [
      'a validation without degradation',
      (target) => ({ train: { target, degradations: noisy }, validation: { degradations: [] } }),
      1,
      'needs degradations',
    ],
    [
      'neither input nor degradations',
      (target) => ({ train: { target } }),
      1,
      'Also give an input folder, or degradations',
    ],
  ])('%s', async (_, data, scale, message) => {
    await expect(load(data(await clean(2)), { scale })).rejects.toThrow(message);
  });

  it('a single picture to train on and to measure on', async () => {
    await expect(load({ train: { target: await clean(1), degradations: noisy } })).rejects.toThrow(
      'only one clean picture',
    );
  });
});

function mkdirIn(root: string, name: string): string {
  mkdirSync(join(root, name), { recursive: true });
  return join(root, name);
}
