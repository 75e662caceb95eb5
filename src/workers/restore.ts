import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { openEngine } from '../core/engine/open.ts';
import { openRestorer, type Restorer } from '../core/inference/restorer.ts';
import { restorePhotograph } from '../core/inference/restorePhotograph.ts';
import { splitTiles } from '../core/inference/splitTiles.ts';
import { encodePhotograph, extensionOf, losses, outputFormat, refuseOversize } from '../core/pictures/encode.ts';
import { MetadataTool } from '../core/pictures/metadata.ts';
import { decodeInto, inspect, type Photograph } from '../core/pictures/photograph.ts';
import type { FloatPicture } from '../core/pictures/picture.ts';
import { verify } from '../core/pictures/verify.ts';
import { AppError, toWire } from '../shared/errors.ts';
import type { RestoreModel } from '../shared/batches.ts';
import {
  type FromRestoreWorker,
  type PreviewTask,
  type RestoredFile,
  type RestoreTask,
  toRestoreWorker,
} from '../shared/restoreMessages.ts';

/**
 * The child process of a batch: it decodes, computes and encodes, and knows nothing of the ledger. Whatever a broken file
 * or a lack of memory does to it, the batch goes on with another one.
 */

// libvips keeps decoded pictures for later; here each is read once.
sharp.cache(false);
const metadata = new MetadataTool();
/** One picture is in the network while others are decoded and encoded. */
const network = pLimit(1);
const chain: Restorer[] = [];
/** Milliseconds that the models have worked. */
let worked = 0;

const send = (message: FromRestoreWorker): void => void process.send?.(message);

process.on('message', (data) => {
  const message = toRestoreWorker.parse(data);
  switch (message.type) {
    case 'open':
      open(message.models).then(
        () => send({ type: 'opened' }),
        (error: unknown) => send({ type: 'failed', error: toWire(error) }),
      );
      break;
    case 'restore':
      answer(message.task.id, restore(message.task));
      break;
    case 'preview':
      answer(message.task.id, preview(message.task));
      break;
  }
});
// The batch is gone: nobody waits for a result.
process.on('disconnect', () => process.exit(0));

function answer(id: number, work: Promise<RestoredFile>): void {
  work.then(
    (file) => send({ type: 'restored', id, file }),
    (error: unknown) => send({ type: 'failed', id, error: toWire(error) }),
  );
}

async function open(models: RestoreModel[]): Promise<void> {
  if (models.some(({ network: id }) => id !== 'identity')) openEngine();
  for (const model of models) chain.push(splitTiles(timed(await openRestorer(model))));
}

/** Adds up how long a model works. */
function timed(restorer: Restorer): Restorer {
  const run = async (tile: FloatPicture): Promise<FloatPicture> => {
    const began = performance.now();
    try {
      return await restorer.run(tile);
    } finally {
      worked += performance.now() - began;
    }
  };
  return { ...restorer, run };
}

async function restore(task: RestoreTask): Promise<RestoredFile> {
  const { id, source, target, export: settings } = task;
  const folder = join(task.folder, String(id));
  await mkdir(folder, { recursive: true });
  try {
    const photograph = await inspect(source);
    const format = outputFormat(photograph.format, settings.format);
    const scale = chain.reduce((product, restorer) => product * restorer.scale, 1);
    const [width, height] = [photograph.width * scale, photograph.height * scale];
    refuseOversize(format, width, height);
    const decoded = join(folder, 'original.v');
    await decodeInto(photograph, decoded);
    let seconds = 0;
    let modelSeconds = 0;
    const result = await network(async () => {
      const entered = performance.now();
      const before = worked;
      const path = await restorePhotograph(photograph, decoded, {
        chain,
        effect: task.effect,
        caution: task.caution,
        folder,
        onProgress: progressOf(id),
      });
      seconds = (performance.now() - entered) / 1000;
      modelSeconds = (worked - before) / 1000;
      return path;
    });
    const keepMetadata = settings.strip !== 'all';
    // ExifTool adds to the XMP that it copies; what sharp had copied before would be there twice.
    const keep = { exif: keepMetadata, xmp: keepMetadata && (await metadata.version()) === undefined };
    await encodePhotograph(result, photograph, { format, quality: settings.quality, keep, folder }, target);
    const warnings = await metadata.transfer(source, target, {
      strip: settings.strip,
      ...(task.provenance ? { provenance: task.provenance } : {}),
    });
    const differences = await verify(
      target,
      decoded,
      join(folder, 'written.v'),
      { original: photograph, scale, format, metadata: keepMetadata },
      metadata,
    );
    return {
      extension: extensionOf[format],
      width,
      height,
      megapixels: (photograph.width * photograph.height) / 1e6,
      seconds,
      modelSeconds,
      warnings: [...photograph.notes, ...losses(photograph, format), ...warnings, ...differences],
    };
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Tells how much of a picture is done, as often as a bar needs it. */
function progressOf(id: number): (share: number) => void {
  let reported = performance.now();
  return (share) => {
    if (performance.now() - reported < 200) return;
    reported = performance.now();
    send({ type: 'progress', id, share });
  };
}

/** More than this is not looked at at once. */
const MOST_PREVIEW_PIXELS = 4096 * 4096;

async function preview({ id, source, target, folder, decoded, effect, region }: PreviewTask): Promise<RestoredFile> {
  const photograph = await inspect(source);
  const { width, height } = photograph;
  const window = region ?? { x: 0, y: 0, width, height };
  if (window.x + window.width > width || window.y + window.height > height)
    throw new AppError('bad-input', 'The part to preview is outside the picture.');
  if (window.width * window.height > MOST_PREVIEW_PIXELS)
    throw new AppError('bad-input', 'This part is too large for a preview. Zoom in.');
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  try {
    const began = performance.now();
    const before = worked;
    const result = await network(async () => {
      await keepDecoded(photograph, decoded);
      const onProgress = progressOf(id);
      return restorePhotograph(photograph, decoded, { chain, effect, folder: scratch, window, onProgress });
    });
    await encodePhotograph(
      result,
      photograph,
      { format: 'png', quality: 100, keep: { exif: false, xmp: false }, folder: scratch },
      target,
    );
    return {
      extension: 'png',
      width: window.width,
      height: window.height,
      megapixels: (window.width * window.height) / 1e6,
      seconds: (performance.now() - began) / 1000,
      modelSeconds: (worked - before) / 1000,
      warnings: [],
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Decodes a picture where that has not been done; the folder holds the one that is looked at and no other. */
async function keepDecoded(photograph: Photograph, decoded: string): Promise<void> {
  const folder = dirname(decoded);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (name !== basename(decoded)) await rm(join(folder, name), { force: true });
  if (existsSync(decoded)) return;
  const part = join(folder, 'part.v');
  await decodeInto(photograph, part);
  await rename(part, decoded);
}
