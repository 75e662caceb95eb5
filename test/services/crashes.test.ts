import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHistory } from '../../src/database/history.ts';
import { Batches } from '../../src/services/batches.ts';
import { openHome } from '../../src/services/home.ts';
import { collectSources } from '../../src/services/restoreSources.ts';
import { type BatchSummary, effect, exportSettings } from '../../src/shared/restore.ts';
import { temporaryFolder } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';

const root = temporaryFolder();
const history = openHistory(openHome(join(root, 'home')));
const batches = new Batches(openHome(join(root, 'home')), history);
const large = join(root, 'large.png');
const small = join(root, 'small.png');
let model = '';

beforeAll(async () => {
  // Large enough for the network to be busy with it for a while.
  await sharp({ create: { width: 1200, height: 900, channels: 3, background: '#875', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }).toFile(large);
  await sharp({ create: { width: 40, height: 30, channels: 3, background: '#357' } }).composite([{ input: { text: { text: 'mcir', dpi: 50 } } }]).toFile(small);
  model = seededModel(root, 'nafnet');
});
afterAll(() => void history.db.close());

/** The process that restores: what the kernel ends where memory runs out. */
function worker(): number {
  const pid = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((name) => {
    try {
      const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      return Number(parent) === process.pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('workers/restore.ts');
    } catch {
      return false; // it has ended meanwhile
    }
  });
  return Number(pid);
}

/** Runs a batch whose process is killed while the large picture is in the network, so many times. */
async function killed(times: number, paths: string[]): Promise<{ batch: BatchSummary; killed: number }> {
  const { files } = await collectSources(paths, false);
  const { id } = await batches.create(files, [model], { out: join(root, `out ${times}`), effect: effect.parse({ tile: 128 }), export: exportSettings.parse({}) });
  const ended = new Set<number>();
  const kill = (_: string, number: number): void => {
    const pid = worker();
    if (batches.files(id)[number - 1]?.source !== large || ended.size === times || ended.has(pid)) return;
    ended.add(pid);
    process.kill(pid, 'SIGKILL');
  };
  batches.events.on('progress', kill);
  const batch = await batches.run(id);
  batches.events.off('progress', kill);
  return { batch, killed: ended.size };
}

describe.skipIf(process.platform !== 'linux')('a picture whose process is killed (found in /proc)', () => {
  it('twice, is restored at the third attempt, alone and in smaller tiles, which the ledger says', async () => {
    const { batch, killed: times } = await killed(2, [large, small]);
    expect([times, batch]).toEqual([2, expect.objectContaining({ state: 'finished', done: 2, failed: 0 })]);
    const [first, second] = batches.files(batch.id);
    expect(first).toMatchObject({ crashes: 2, warnings: ['The process that restored it had ended twice over it; it was done in smaller tiles.'] });
    expect(second?.crashes).toBeLessThanOrEqual(1);
    expect(await sharp(first?.output).metadata()).toMatchObject({ width: 1200, height: 900 });
  });

  it('three times, has failed with a sentence, and the others are done', async () => {
    const { batch, killed: times } = await killed(3, [large, small]);
    expect([times, batch]).toEqual([3, expect.objectContaining({ state: 'finished', done: 1, failed: 1 })]);
    expect(batches.files(batch.id)[0]).toMatchObject({ state: 'failed', reason: expect.stringMatching(/ended three times over this picture/) as string });
    expect(readdirSync(join(root, 'out 3'))).toEqual(['small.png']);
  });
});
