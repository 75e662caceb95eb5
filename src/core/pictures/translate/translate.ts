import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { RawSettings } from '../../../shared/batches.ts';
import type { Translation } from '../../../shared/pictureMessages.ts';
import { withBytes } from '../inside/fileBytes.ts';
import { lookInside } from '../inside/inside.ts';
import { rawEndsTooEarly } from '../inside/rawInTiff.ts';
import { profileOfTold } from '../toldColour.ts';
import { toneCurveOf } from '../colourProfile.ts';
import { decodeHeic } from './heic.ts';
import { decodeJp2 } from './jp2.ts';
import { decodeJxl } from './jxl.ts';
import { isTranslated, type TranslatedKind, writtenFormat } from './kinds.ts';
import { decodeOddTiff, oddEncoding } from './oddTiff.ts';
import { decodePsd } from './psd.ts';
import { type Raster, writeRaster } from './raster.ts';
import { developRaw, rawPreview, type RawPreview } from './raw.ts';

/** Whole pictures are in memory here, several times, and WebAssembly has at most four gigabytes. */
const MOST_PIXELS = 1.5e8;
/** A larger file is not a photograph, or would fill the memory by itself. */
const MOST_BYTES = 1e9;

/** A quarter of a bit for each pixel: LibRaw develops files that hold less than any camera writes, into black or white. */
const LEAST_RAW_BYTES = 1 / 32;

const endsTooEarly = (): AppError =>
  new AppError(
    'bad-input',
    'The file ends before the picture does. Copy it from its source again; what is missing cannot be restored.',
  );

/** How RAW files are developed where nothing else is asked for. */
export const plainRaw: RawSettings = { whiteBalance: 'camera', exposure: 0, highlights: 'clip' };

/** A decoder's result, besides the pixels. */
interface Decoded {
  raster: Raster;
  bits: number;
  orientation?: number;
  pages?: number;
  notes?: string[];
}

/**
 * Decodes a file of a format that sharp does not read into a TIFF. Call it in a process with limits of memory and time.
 * @param target path of the TIFF
 * @throws AppError `bad-input` for a damaged file, `unsupported` for one that is not supported
 */
export async function translate(file: string, target: string, raw: RawSettings = plainRaw): Promise<Translation> {
  const inside = lookInside(file);
  const { kind } = inside;
  const odd = oddEncoding(inside);
  if (odd) {
    const { raster, bits } = await decodeOddTiff(file, inside, MOST_PIXELS);
    writeRaster(target, raster);
    return { file: target, kind: 'tiff', same: 'tiff', bits, orientation: 1, pages: 1, notes: [...(odd.notes ?? [])] };
  }
  if (!isTranslated(kind)) throw new Error(`A file of the kind ${kind} needs no translation.`);
  if (kind === 'raw' && withBytes(file, rawEndsTooEarly)) throw endsTooEarly();
  const bytes = await bytesOf(file);
  // The thread that develops takes the bytes.
  const size = bytes.length;
  const decoded = await decode(kind, bytes, raw, inside.heif?.turns ?? false);
  if (kind === 'raw' && size < decoded.raster.width * decoded.raster.height * LEAST_RAW_BYTES) throw endsTooEarly();
  const { raster, bits, orientation = 1, pages = 1, notes = [] } = decoded;
  writeRaster(target, raster);
  const alpha = raster.extras.some((extra) => extra !== 'beside');
  return { file: target, kind, same: writtenFormat(kind, { bits, alpha }), bits, orientation, pages, notes };
}

/** Whether a file has to be translated before sharp can read it. @throws the system's error if the file cannot be read */
export function needsTranslation(file: string): boolean {
  const inside = lookInside(file);
  return isTranslated(inside.kind) || oddEncoding(inside) !== undefined;
}

/**
 * The preview inside a RAW file, for a thumbnail.
 * @returns undefined where there is none
 * @throws AppError as {@link translate}
 */
export const previewOfRaw = async (file: string): Promise<RawPreview | undefined> => rawPreview(await bytesOf(file));

async function decode(
  kind: TranslatedKind,
  bytes: Uint8Array<ArrayBuffer>,
  raw: RawSettings,
  turns: boolean,
): Promise<Decoded> {
  switch (kind) {
    case 'raw':
      return { ...(await developRaw(bytes, raw)), bits: 16, notes: [developedNote(raw)] };
    case 'heic': {
      const { raster, nclx, pictures, bits, exifOrientation } = decodeHeic(bytes, MOST_PIXELS);
      if (nclx && toneCurveOf(nclx.transfer) === 'hdr')
        throw new AppError(
          'unsupported',
          'This HEIC is HDR (PQ or HLG), which cannot be written back. Save it as HDR AVIF, or as a picture of the standard range.',
        );
      const profile = nclx && profileOfTold({ in: 'avif', ...nclx }, { kind: 'heic' });
      // EXIF's orientation repeats HEIF's own rotation; only in a file without the latter does it apply.
      const orientation = turns ? 1 : exifOrientation;
      const coloured = profile ? { ...raster, profile } : raster;
      return { raster: { ...coloured, orientation }, bits, orientation: exifOrientation, pages: pictures };
    }
    case 'jxl':
      return decodeJxl(bytes, MOST_PIXELS);
    case 'jp2':
      return decodeJp2(bytes, MOST_PIXELS);
    case 'psd':
      return decodePsd(bytes, MOST_PIXELS);
  }
}

/** How a RAW file was developed, for the report. */
function developedNote({ whiteBalance, exposure, highlights }: RawSettings): string {
  const balance = whiteBalance === 'camera' ? "the camera's white balance" : 'automatic white balance';
  const shift = exposure === 0 ? '' : `, exposure ${exposure > 0 ? '+' : ''}${exposure} EV`;
  const bright = highlights === 'clip' ? '' : `, highlights: ${highlights}`;
  return `The RAW file was developed with ${balance}${shift}${bright}, in Rec. 2020.`;
}

async function bytesOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await stat(file);
  if (size > MOST_BYTES) throw new AppError('unsupported', 'The file has more than 1 GB, more than is read at once.');
  const bytes = await readFile(file);
  // Its own buffer, which can be handed to a thread.
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
