import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import sharp from '../core/pictures/sharp.ts';
import { withTextPath } from '../core/files/byteNames.ts';
import { openEngine } from '../core/engine/open.ts';
import { openRestorer, type Restorer } from '../core/inference/restorer.ts';
import { restorePhotograph } from '../core/inference/restorePhotograph.ts';
import { splitTiles } from '../core/inference/restoreTiled.ts';
import {
  encodePhotograph,
  extensionOf,
  losses,
  outputFormat,
  refuseFormat,
  refuseOversize,
} from '../core/pictures/encode.ts';
import { leftOut } from '../core/pictures/inside/leftOut.ts';
import { MetadataTool } from '../core/pictures/metadata.ts';
import { decodeInto, inspect, type Photograph } from '../core/pictures/photograph.ts';
import type { FloatPicture } from '../core/pictures/picture.ts';
import { verify } from '../core/pictures/verify.ts';
import { AppError } from '../shared/errors.ts';
import type { RestoreModel } from '../shared/batches.ts';
import { type PreviewTask, restoreContract, type RestoredFile, type RestoreTask } from '../shared/restoreMessages.ts';
import { loadModel } from './loadModel.ts';
import { serveChild } from './serveChild.ts';

/**
 * The child process that restores pictures: it decodes, computes and encodes, and knows nothing of batches. If a broken
 * file or a lack of memory ends it, the batch continues with a new process.
 */

// libvips caches decoded pictures; here each is read only once.
sharp.cache(false);
const metadata = new MetadataTool();
/** While one picture is in the network, others are decoded and encoded. */
const network = pLimit(1);
const chain: Restorer[] = [];
/** Computing time of the models in milliseconds. */
let worked = 0;

serveChild(restoreContract, {
  open: async ({ models }) => {
    await open(models);
    return {};
  },
  restore: (task, tellShare) => withTextPath(task.source, (source) => restore({ ...task, source }, tellShare)),
  preview: (task, tellShare) => withTextPath(task.source, (source) => preview({ ...task, source }, tellShare)),
});

async function open(models: RestoreModel[]): Promise<void> {
  if (models.some(({ network: id }) => id !== 'identity')) openEngine();
  for (const model of models) chain.push(splitTiles(timed(await openRestorer(await loadModel(model)))));
}

/** Adds up the computing time of a model. */
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

async function restore(task: RestoreTask, tellShare: (share: number) => void): Promise<RestoredFile> {
  const { id, source, target, export: settings } = task;
  const folder = join(task.folder, String(id));
  await mkdir(folder, { recursive: true });
  try {
    const photograph = await inspect(source);
    const format = outputFormat(photograph.format, settings.format);
    const scale = chain.reduce((product, restorer) => product * restorer.scale, 1);
    const [width, height] = [photograph.width * scale, photograph.height * scale];
    refuseFormat(photograph, format);
    refuseOversize(format, width, height);
    const left = leftOut(photograph.inside, photograph.pages, format);
    if (task.inPlace) refuseInPlace(photograph, left);
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
        onProgress: nowAndThen(tellShare),
      });
      seconds = (performance.now() - entered) / 1000;
      modelSeconds = (worked - before) / 1000;
      return path;
    });
    const keepMetadata = settings.strip !== 'all';
    // Without ExifTool, sharp's copy of the metadata is better than none.
    const own = keepMetadata && (await metadata.version()) === undefined;
    const keep = { exif: own, xmp: own, text: keptText[settings.strip] };
    await encodePhotograph(result, photograph, { format, quality: settings.quality, keep, folder }, target);
    const warnings = await metadata.transfer(source, target, {
      strip: settings.strip,
      moved: { ...storedSize(photograph), orientation: photograph.orientation, scale },
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
      warnings: [...left, ...photograph.notes, ...losses(photograph, format), ...warnings, ...differences],
    };
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reports the progress of a picture, as often as a progress bar needs it. */
function nowAndThen(tellShare: (share: number) => void): (share: number) => void {
  let reported = performance.now();
  return (share) => {
    if (performance.now() - reported < 200) return;
    reported = performance.now();
    tellShare(share);
  };
}

/** The text entries of a PNG that are copied. */
const keptText = { none: 'all', gps: 'without places', all: 'none' } as const;

/** Pixels across and down before the picture is turned. */
const storedSize = ({ width, height, orientation }: Photograph): { width: number; height: number } =>
  orientation > 4 ? { width: height, height: width } : { width, height };

/**
 * Refuses to edit a file in place if a part of it could not be written back.
 * @throws AppError `unsupported`
 */
function refuseInPlace({ encoding, format }: Photograph, left: readonly string[]): void {
  const reasons = [
    ...(encoding.notInPlace === undefined ? [] : [encoding.notInPlace]),
    ...(format === 'gif' ? ['GIF would become PNG.'] : []),
    ...left,
  ];
  if (reasons.length > 0)
    throw new AppError(
      'unsupported',
      `The file was not changed, because not all of it can be written back. ${reasons.join(' ')} Use \`mcir restore\`, which writes a new file.`,
    );
}

/** The largest part that is previewed. */
const MOST_PREVIEW_PIXELS = 4096 * 4096;

async function preview(
  { source, target, folder, decoded, effect, region }: PreviewTask,
  tellShare: (share: number) => void,
): Promise<RestoredFile> {
  const photograph = await inspect(source);
  const { width, height } = photograph;
  const window = region ?? { x: 0, y: 0, width, height };
  if (window.x + window.width > width || window.y + window.height > height)
    throw new AppError('bad-input', 'The visible area is outside the picture. Move the picture back into view.');
  if (window.width * window.height > MOST_PREVIEW_PIXELS)
    throw new AppError('bad-input', 'The visible area is too large to preview. Zoom in.');
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  try {
    const began = performance.now();
    const before = worked;
    const result = await network(async () => {
      await keepDecoded(photograph, decoded);
      const onProgress = nowAndThen(tellShare);
      return restorePhotograph(photograph, decoded, { chain, effect, folder: scratch, window, onProgress });
    });
    await encodePhotograph(
      result,
      photograph,
      { format: 'png', quality: 100, keep: { exif: false, xmp: false, text: 'none' }, folder: scratch },
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

/** Decodes a picture unless that was done before. The folder holds only the picture that is being previewed. */
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
