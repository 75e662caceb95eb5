import { fromFile } from 'geotiff';
import { AppError, messageOf } from '../../../shared/errors.ts';
import type { Encoding } from '../encodings.ts';
import { withBytes } from '../inside/fileBytes.ts';
import type { Inside } from '../inside/inside.ts';
import { readTiff, tiffNumber } from '../inside/tiff.ts';
import { WHITE_IS_ZERO } from '../inside/tiffContents.ts';
import { describePixels } from '../photograph.ts';
import type { Raster } from './raster.ts';

const PROFILE_TAG = 34675;
const ORIENTATION_TAG = 274;
/** Whole numbers of 32 bits of which none is larger hold fewer bits than they say, and their white is unknown. */
const LEAST_WHITE = 2 ** 24;

/** The row of the table of encodings of a TIFF that only this module decodes; undefined for all other files. */
export function oddEncoding({ tiff, ...inside }: Inside): Encoding | undefined {
  if (!tiff || inside.reduced) return undefined;
  try {
    const { encoding } = describePixels(
      'tiff',
      { tiff, ...inside },
      { space: 'srgb', depth: 'uchar', hasAlpha: false },
    );
    return encoding.translated ? encoding : undefined;
  } catch {
    return undefined; // it is refused, and told why where it is inspected
  }
}

/**
 * Decodes the first page of a TIFF that libvips does not read: whole numbers of 3 to 15 bits, which come out over the whole
 * range of 8 or 16, of 32 bits, which come out as 16, and floats of 16 and 64 bits, which come out as 32; compressed with ZSTD or LERC;
 * and with premultiplied transparency where libvips does not look for it, which comes out as plain.
 * @throws AppError `bad-input`, `unsupported`
 */
export async function decodeOddTiff(
  file: string,
  inside: Inside,
  mostPixels: number,
): Promise<{ raster: Raster; bits: number }> {
  const { tiff } = inside;
  if (!tiff) throw new Error('This is no TIFF.');
  const opened = await fromFile(file).catch(refuse);
  try {
    const image = await opened.getImage(0).catch(refuse);
    const [width, height] = [image.getWidth(), image.getHeight()];
    if (width * height > mostPixels)
      throw new AppError(
        'unsupported',
        `The picture claims to have more than ${Math.floor(mostPixels / 1e6)} megapixels, the most that TIFF of this depth is read with.`,
      );
    const samples = (await image.readRasters({ interleave: true }).catch(refuse)) as unknown as ArrayLike<number>;
    const colours = tiff.photometric === 2 ? 'rgb' : 'grey';
    const { profile, orientation } = beside(file);
    return {
      raster: {
        width,
        height,
        data: inRange(samples, tiff, colours === 'rgb' ? 3 : 1),
        colours,
        extras: tiff.extras.map((kind) => (kind === 'premultiplied' ? 'alpha' : kind)),
        orientation,
        ...(profile ? { profile } : {}),
      },
      bits: tiff.bits,
    };
  } finally {
    await opened.close();
  }
}

/** Samples over the whole range of their new type; grey whose white is 0 is turned round, and multiplied colours are divided. */
function inRange(
  samples: ArrayLike<number>,
  { bits, sampleFormat, photometric, extras }: NonNullable<Inside['tiff']>,
  colours: number,
): Raster['data'] {
  const channels = colours + extras.length;
  const float = sampleFormat === 3;
  const white = float ? 1 : 2 ** bits - 1;
  const full = bits <= 8 ? 255 : 65535;
  if (bits === 32 && !float && largest(samples) < LEAST_WHITE)
    throw new AppError(
      'unsupported',
      'The file has whole numbers of 32 bits but uses a small part of their range, so what is white cannot be told. Save it with 16 bits.',
    );
  const opacity = extras.indexOf('premultiplied');
  const small = bits <= 8 ? new Uint8Array(samples.length) : new Uint16Array(samples.length);
  const data = float ? new Float32Array(samples.length) : small;
  for (let i = 0; i < samples.length; i++) {
    const channel = i % channels;
    const value = samples[i] as number;
    const inverted = photometric === WHITE_IS_ZERO && channel < colours ? white - value : value;
    const share = opacity < 0 || channel >= colours ? white : (samples[i - channel + colours + opacity] as number);
    // Under full transparency there is no colour to be had.
    const plain = share > 0 ? (inverted / share) * white : 0;
    data[i] = float ? plain : Math.min(full, Math.round((plain / white) * full));
  }
  return data;
}

function largest(samples: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < samples.length; i++) most = Math.max(most, samples[i] as number);
  return most;
}

/** The profile and the orientation of the first page. */
function beside(path: string): { profile?: Uint8Array; orientation: number } {
  return withBytes(path, (file) => {
    const tiff = readTiff(file);
    const page = tiff?.pages[0];
    if (!tiff || !page) return { orientation: 1 };
    const field = page.tags.get(PROFILE_TAG);
    const profile = field && field.count >= 128 ? file.read(field.position, field.count) : undefined;
    return { orientation: tiffNumber(file, tiff, page, ORIENTATION_TAG) ?? 1, ...(profile ? { profile } : {}) };
  });
}

/** What the TIFF library says of a file is about its parts; people are told what to do. */
function refuse(cause: unknown): never {
  throw new AppError(
    'unsupported',
    'This TIFF is damaged, or its compression cannot be read at this depth. Save it with 16 bits and ZIP (Deflate) compression.',
    { details: { reason: messageOf(cause) } },
  );
}
