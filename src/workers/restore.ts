import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import pLimit from 'p-limit';
import sharp from '../core/pictures/sharp.ts';
import { withTextPath } from '../core/files/byteNames.ts';
import { chosenDevice } from '../core/engine/settings.ts';
import type { Restorer } from '../core/inference/restorer.ts';
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
import { lookInside } from '../core/pictures/inside/inside.ts';
import { leftOut } from '../core/pictures/inside/leftOut.ts';
import { MetadataTool } from '../core/pictures/metadata.ts';
import { decodeInto, inspect, type Photograph } from '../core/pictures/photograph.ts';
import type { FloatPicture } from '../core/pictures/picture.ts';
import { isTranslated, titleOf } from '../core/pictures/translate/kinds.ts';
import { oddEncoding } from '../core/pictures/translate/oddTiff.ts';
import { verify } from '../core/pictures/verify.ts';
import { AppError } from '../shared/errors.ts';
import type { RawSettings, RestoreModel } from '../shared/batches.ts';
import type { BackendId } from '../shared/devices.ts';
import type { Translation } from '../shared/pictureMessages.ts';
import { type PreviewTask, restoreContract, type RestoredFile, type RestoreTask } from '../shared/restoreMessages.ts';
import { openModels } from './openModels.ts';
import { needsTranslation, openSource, translateFile } from './openSource.ts';
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
/** Settles when the models are open. A picture may be requested before that. */
let opening: Promise<void> = Promise.resolve();
/** The backend of each model. */
let backends = (): BackendId[] => [];
/** Sentences about the picture that is in the network. */
const sentences = new Set<string>();
/** Computing time of the models in milliseconds. */
let worked = 0;

serveChild(restoreContract, {
  open: async ({ models }) => {
    opening = open(models);
    await opening;
    return {};
  },
  restore: (task, tellShare) => withTextPath(task.source, (source) => restore({ ...task, source }, tellShare)),
  preview: (task, tellShare) => withTextPath(task.source, (source) => preview({ ...task, source }, tellShare)),
});

async function open(models: RestoreModel[]): Promise<void> {
  const opened = await openModels(models, chosenDevice(), (sentence) => sentences.add(sentence));
  for (const restorer of opened.restorers) chain.push(splitTiles(timed(restorer)));
  backends = opened.backends;
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
    await opening;
    if (task.inPlace && needsTranslation(source)) refuseTranslatedInPlace(source);
    const photograph = await openSource(source, join(folder, 'translated.tif'), task.effect.raw);
    const format = outputFormat(photograph, settings.format);
    const scale = chain.reduce((product, restorer) => product * restorer.scale, 1);
    const [width, height] = [photograph.width * scale, photograph.height * scale];
    refuseFormat(photograph, format);
    refuseOversize(format, width, height);
    const left = leftOut(photograph.inside, photograph.pages, format);
    if (task.inPlace) refuseInPlace(photograph, left);
    const decoded = join(folder, 'original.v');
    const damage = await decodeInto(photograph, decoded);
    if (task.inPlace && damage.length > 0) throw notWhole(damage);
    let seconds = 0;
    let modelSeconds = 0;
    let devices: string[] = [];
    const result = await network(async () => {
      const entered = performance.now();
      const before = worked;
      sentences.clear();
      const path = await restorePhotograph(photograph, decoded, {
        chain,
        effect: task.effect,
        caution: task.caution,
        folder,
        onProgress: nowAndThen(tellShare),
      });
      seconds = (performance.now() - entered) / 1000;
      modelSeconds = (worked - before) / 1000;
      devices = [...sentences];
      return path;
    });
    const keepMetadata = settings.strip !== 'all';
    // Without ExifTool, sharp's copy of the metadata is better than none.
    const own = keepMetadata && (await metadata.version()) === undefined;
    const keep = { exif: own, xmp: own, text: keptText[settings.strip] };
    await encodePhotograph(result, photograph, { format, quality: settings.quality, keep, folder }, target);
    const warnings = await metadata.transfer(source, target, {
      strip: settings.strip,
      developed: photograph.inside.kind === 'raw',
      moved: { ...storedSize(photograph), orientation: photograph.orientation, scale },
      ...(task.provenance ? { provenance: task.provenance } : {}),
    });
    const differences = await verify(
      target,
      decoded,
      join(folder, 'written.v'),
      {
        original: photograph,
        scale,
        format,
        metadata: keepMetadata,
        translate: (file) => translateFile(file, join(folder, 'written.tif')),
      },
      metadata,
    );
    return {
      extension: extensionOf[format],
      width,
      height,
      megapixels: (photograph.width * photograph.height) / 1e6,
      seconds,
      modelSeconds,
      warnings: [
        ...left,
        ...damage,
        ...photograph.notes,
        ...devices,
        ...losses(photograph, format),
        ...warnings,
        ...differences,
      ],
      backends: backends(),
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
  if (reasons.length > 0) throw notWhole(reasons);
}

const notWhole = (reasons: readonly string[]): AppError =>
  new AppError(
    'unsupported',
    `The file was not changed, because not all of it can be written back. ${reasons.join(' ')} Use \`mcir restore\`, which writes a new file.`,
  );

/**
 * Formats that are translated are not written, or not with everything that is in them.
 * @throws AppError `unsupported`
 */
function refuseTranslatedInPlace(source: string): never {
  const inside = lookInside(source);
  if (!isTranslated(inside.kind)) throw notWhole([oddEncoding(inside)?.notInPlace ?? 'Its depth would be another.']);
  throw new AppError(
    'unsupported',
    `The file was not changed: ${titleOf({ ...inside, kind: inside.kind })} files are never written in place. Use \`mcir restore\`, which writes a new file.`,
  );
}

/** The largest part that is previewed. */
const MOST_PREVIEW_PIXELS = 4096 * 4096;

async function preview(
  { source, target, folder, decoded, effect, region }: PreviewTask,
  tellShare: (share: number) => void,
): Promise<RestoredFile> {
  const photograph = await openForPreview(source, decoded, effect.raw);
  const { width, height } = photograph;
  const window = region ?? { x: 0, y: 0, width, height };
  if (window.x + window.width > width || window.y + window.height > height)
    throw new AppError('bad-input', 'The visible area is outside the picture. Move the picture back into view.');
  if (window.width * window.height > MOST_PREVIEW_PIXELS)
    throw new AppError('bad-input', 'The visible area is too large to preview. Zoom in.');
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  try {
    await opening;
    const began = performance.now();
    const before = worked;
    let devices: string[] = [];
    const result = await network(async () => {
      await keepDecoded(photograph, decoded);
      const onProgress = nowAndThen(tellShare);
      sentences.clear();
      const path = await restorePhotograph(photograph, decoded, { chain, effect, folder: scratch, window, onProgress });
      devices = [...sentences];
      return path;
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
      warnings: devices,
      backends: backends(),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Like openSource, but a file that was translated for an earlier part of the same picture is not translated again. */
async function openForPreview(source: string, decoded: string, raw: RawSettings | undefined): Promise<Photograph> {
  if (!needsTranslation(source)) return inspect(source);
  const told = `${decoded}.json`;
  if (existsSync(told)) return inspect(source, JSON.parse(await readFile(told, 'utf8')) as Translation);
  await mkdir(dirname(decoded), { recursive: true });
  const translation = await translateFile(source, `${decoded}.tif`, raw);
  await writeFile(told, JSON.stringify(translation));
  return inspect(source, translation);
}

/** Decodes a picture unless that was done before. The folder holds only the picture that is being previewed. */
async function keepDecoded(photograph: Photograph, decoded: string): Promise<void> {
  const folder = dirname(decoded);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (!name.startsWith(basename(decoded))) await rm(join(folder, name), { force: true });
  if (existsSync(decoded)) return;
  const part = join(folder, 'part.v');
  await decodeInto(photograph, part);
  await rename(part, decoded);
}
