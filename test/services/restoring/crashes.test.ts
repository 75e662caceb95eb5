import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { grid } from '../../../src/core/inference/restoreTiled.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { type BatchSummary, effect, exportSettings } from '../../../src/shared/batches.ts';
import { restoreProcess, temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';
import { openBatches } from './openBatches.ts';

const root = temporaryFolder();
const { batches } = openBatches(join(root, 'home'));
const large = join(root, 'large.png');
const small = join(root, 'small.png');
let model = '';
const [WIDTH, HEIGHT] = [1200, 900];
const TILE = 128;

beforeAll(async () => {
  // Large enough for the network to be busy with it for a while.
  await sharp({
    create: {
      width: WIDTH,
      height: HEIGHT,
      channels: 3,
      background: '#875',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  }).toFile(large);
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#357' } })
    .composite([{ input: { text: { text: 'mcir', dpi: 50 } } }])
    .toFile(small);
  model = seededModel(root, 'nafnet');
});

interface Killed {
  batch: BatchSummary;
  /** Of each process in turn: the shares of the large picture that it told of. */
  shares: number[][];
}

/** Runs a batch whose process is killed, as the kernel does where memory runs out, while the large picture is in the network. */
async function killed(times: number, paths: string[]): Promise<Killed> {
  const { files } = await collectSources(paths, false);
  const { id } = await batches.create(files, [model], {
    out: join(root, `out ${times}`),
    effect: effect.parse({ tile: TILE }),
    export: exportSettings.parse({}),
  });
  const shares = new Map<number, number[]>();
  const kill = (_: string, number: number, share: number): void => {
    const pid = restoreProcess();
    if (pid === undefined || batches.files(id)[number - 1]?.source !== large) return;
    const known = shares.get(pid);
    if (known && shares.size <= times) return; // killed, and not yet gone
    shares.set(pid, [...(known ?? []), share]);
    if (shares.size <= times) process.kill(pid, 'SIGKILL');
  };
  batches.events.on('progress', kill);
  const batch = await batches.run(id);
  batches.events.off('progress', kill);
  return { batch, shares: [...shares.values()] };
}

/** Whether all shares are so many tiles of those of this side. */
function isTiled(shares: readonly number[], tile: number): boolean {
  const { columns, rows } = grid(WIDTH, HEIGHT, tile);
  return shares.every((share) => {
    const tiles = share * columns.starts.length * rows.starts.length;
    return Math.abs(tiles - Math.round(tiles)) < 1e-6;
  });
}

describe.skipIf(process.platform !== 'linux')('a picture whose process is killed (found in /proc)', () => {
  it('twice is restored at the third attempt, alone and in smaller tiles, as the ledger says', async () => {
    const { batch, shares } = await killed(2, [large, small]);
    expect(batch).toMatchObject({ state: 'finished', done: 2, failed: 0 });
    expect(shares).toHaveLength(3);
    expect(shares.map((told, attempt) => isTiled(told, TILE / 2 ** attempt))).toEqual([true, true, true]);
    expect(isTiled(shares[2] ?? [], TILE)).toBe(false);
    const [first, second] = batches.files(batch.id);
    expect(first).toMatchObject({
      crashes: 2,
      warnings: ['The restoring process crashed twice on this picture, so it was restored in smaller tiles.'],
    });
    expect(second?.crashes).toBeLessThanOrEqual(1);
    expect(await sharp(first?.output).metadata()).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  it('three times has failed with a sentence, and the others are done', async () => {
    const { batch, shares } = await killed(3, [large, small]);
    expect([shares.length, batch]).toEqual([3, expect.objectContaining({ state: 'finished', done: 1, failed: 1 })]);
    expect(batches.files(batch.id)[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/ended three times over this picture/) as string,
    });
    expect(readdirSync(join(root, 'out 3'))).toEqual(['small.png']);
  });
});
