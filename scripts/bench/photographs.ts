import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { openHome } from '../../src/services/app/home.ts';
import { findModel } from '../../src/services/restoring/restoreModel.ts';
import { RestoreWorker } from '../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';

/**
 * Restores photographs through the child process of a batch: `node scripts/bench/photographs.ts --model FILE
 * [--megapixels 10,40,100] [--format tiff --bits 8 --orientation 6 --progressive] [--batch 12]`. Prints a JSON line per
 * size, with the peak memory of the process in addition to the loaded model, and one for a batch of 2-megapixel
 * pictures, with the share of time that the model worked. Memory is read from /proc, so this runs on Linux only.
 */
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'identity' },
    megapixels: { type: 'string', default: '10,40,100' },
    format: { type: 'string', default: 'tiff' },
    bits: { type: 'string', default: '8' },
    orientation: { type: 'string', default: '1' },
    progressive: { type: 'boolean', default: false },
    batch: { type: 'string', default: '12' },
    tile: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'mcir-bench-'));
const { model } = await findModel(values.model, openHome());
const change = effect.parse(values.tile === undefined ? {} : { tile: Number(values.tile) });
const megabytes = (worker: RestoreWorker, field: 'VmRSS' | 'VmHWM'): number =>
  Math.round(
    Number(new RegExp(`${field}:\\s*(\\d+)`).exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))?.[1]) / 1000,
  );
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** A picture with soft structure and grain, 3:2. */
async function picture(name: string, megapixels: number): Promise<string> {
  const width = Math.round(Math.sqrt(megapixels * 1.5e6));
  const grain = await sharp({
    create: {
      width: 512,
      height: 512,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 120, sigma: 40 },
    },
  })
    .blur(1.5)
    .png()
    .toBuffer();
  const file = join(folder, `${name}.${values.format}`);
  const image = sharp({
    create: { width, height: Math.round(width / 1.5), channels: 3, background: '#876' },
    limitInputPixels: false,
  }).composite([{ input: grain, tile: true, blend: 'soft-light' }]);
  const deep = values.bits === '16' ? image.toColourspace('rgb16') : image;
  // Fast encoder settings if there are any, because only restoring is measured.
  const jpeg = values.progressive ? deep.jpeg({ progressive: true }) : deep;
  const encoded = values.format === 'avif' ? deep.avif({ effort: 0 }) : jpeg;
  await encoded.withMetadata({ orientation: Number(values.orientation) }).toFile(file);
  return file;
}

async function restore(worker: RestoreWorker, id: number, source: string) {
  const task = {
    id,
    source,
    target: join(folder, `${id}.part`),
    folder: join(folder, 'scratch'),
    effect: change,
    caution: 1,
    export: exportSettings.parse({}),
  };
  const began = performance.now();
  const { megapixels, seconds, modelSeconds, warnings } = await worker.restore(task, () => undefined);
  rmSync(task.target);
  return { megapixels, seconds, modelSeconds, warnings, wall: (performance.now() - began) / 1000 };
}

try {
  await mkdir(join(folder, 'scratch'));
  for (const [id, size] of values.megapixels.split(',').filter(Boolean).map(Number).entries()) {
    const source = await picture('large', size);
    const worker = new RestoreWorker([model]);
    await worker.opened();
    const before = megabytes(worker, 'VmRSS');
    writeFileSync(`/proc/${worker.pid}/clear_refs`, '5'); // the peak begins anew
    const { megapixels, seconds, modelSeconds, wall, warnings } = await restore(worker, id, source);
    print({
      megapixels,
      modelMegabytes: before,
      besideModelMegabytes: megabytes(worker, 'VmHWM') - before,
      wallSeconds: wall,
      secondsPerMegapixel: wall / megapixels,
      tilesSeconds: seconds,
      modelSeconds,
      warnings,
    });
    worker.end();
  }
  const count = Number(values.batch);
  if (count > 0) {
    const sources = await Promise.all(Array.from({ length: count }, (_, i) => picture(`batch-${i}`, 2)));
    const worker = new RestoreWorker([model]);
    await worker.opened();
    const began = performance.now();
    let next = 0;
    let modelSeconds = 0;
    // Three at a time, as in a batch.
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        while (next < sources.length) {
          const id = next++;
          // Not `+= await`, which reads the sum before it waits: parallel lanes would overwrite each other's sums.
          const restored = await restore(worker, 100 + id, sources[id] as string);
          modelSeconds += restored.modelSeconds;
        }
      }),
    );
    const wall = (performance.now() - began) / 1000;
    print({ pictures: count, wallSeconds: wall, modelSeconds, modelShare: modelSeconds / wall });
    worker.end();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
