import { rename } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { encodeSrgb } from './iccProfile.ts';
import { addProfile, type Samples, ScratchReader, ScratchWriter } from './scratch.ts';
import type { Encoding } from './encodings.ts';
import type { PictureFormat } from './format.ts';
import type { Inside } from './inside/inside.ts';
import { WHITE_IS_ZERO } from './inside/tiffContents.ts';
import type { ToldColour } from './toldColour.ts';

/** The properties of a photograph (photograph.ts) that determine how its decoded pixels are changed. */
interface Decoded {
  readonly format: PictureFormat;
  readonly encoding: Encoding;
  readonly extras: readonly ('alpha' | 'beside')[];
  readonly grey: boolean;
  readonly bits: 8 | 16;
  readonly fileBits: number;
  readonly profile?: Buffer;
  readonly told?: ToldColour;
  /** Of the file that is decoded. */
  readonly inside: Inside;
}

/** Number of samples processed at a time. */
const BLOCK = 1 << 20;

/**
 * Converts a decoded picture to the program's internal form: floats become 16 bits with sRGB's curve, 10 and 12 bits
 * use the whole range of 16, and a colour description without a profile becomes a profile.
 * @param scratch replaced if something changes
 * @throws AppError `bad-input` for floats outside 0 to 1
 */
export async function normalise(photograph: Decoded, scratch: string): Promise<void> {
  const change = changeOf(photograph);
  const reader = new ScratchReader(scratch);
  const profile = photograph.told && photograph.profile && !reader.hasProfile() ? photograph.profile : undefined;
  if (!change && !profile) return reader.close();
  const part = `${scratch}.part`;
  const { width, height } = reader.shape;
  try {
    const type = photograph.bits === 16 ? 'uint16' : 'uint8';
    const writer = new ScratchWriter(part, { ...reader.shape, type, grey: photograph.grey });
    try {
      const rows = Math.max(1, Math.floor(BLOCK / (width * reader.shape.channels)));
      for (let y = 0; y < height; y += rows) {
        const samples = reader.read({ x: 0, y, width, height: Math.min(rows, height - y) });
        writer.write(change ? change.run(samples, reader.shape.channels) : samples);
      }
      change?.check?.();
      const trailer = reader.trailer();
      writer.finish(profile ? addProfile(trailer, profile) : trailer);
    } catch (error) {
      writer.close();
      throw error;
    }
  } finally {
    reader.close();
  }
  await rename(part, scratch);
}

interface Change {
  run(samples: Samples, channels: number): Samples;
  /** Called when all rows are done. @throws AppError if the values are invalid */
  check?(): void;
}

function changeOf({ encoding, extras, fileBits, grey, format, inside }: Decoded): Change | undefined {
  if (encoding.id === 'float') return fromFloat(grey ? 1 : 3, extras, inside.tiff?.photometric === WHITE_IS_ZERO);
  if (format === 'avif' && fileBits > 8 && fileBits < 16) return { run: (samples) => spread(samples, fileBits) };
  return undefined;
}

/**
 * libvips puts 10 and 12 bits into the upper bits of 16. Repeating the upper bits below makes white full scale again.
 */
function spread(samples: Samples, bits: number): Samples {
  return samples.map((value) => value | (value >> bits));
}

/**
 * Floats: colours are linear light, 1 is white; further channels are taken as they are.
 * @param inverted 0 is white, which libvips does not turn round in floats
 */
function fromFloat(colours: number, extras: Decoded['extras'], inverted: boolean): Change {
  let above = 0;
  let count = 0;
  let highest = 0;
  return {
    run(samples, channels) {
      const result = new Uint16Array(samples.length);
      for (let i = 0; i < samples.length; i++) {
        const c = i % channels;
        const value = inverted && c < colours ? 1 - (samples[i] as number) : (samples[i] as number);
        if (Number.isNaN(value))
          throw new AppError(
            'bad-input',
            'The picture has floating-point values that are not numbers (NaN). Replace them in the program that made it.',
          );
        if (c < colours) {
          count++;
          if (value > 1) above++;
          if (value > highest) highest = value;
        }
        const inside = Math.min(1, Math.max(0, value));
        const coded = c < colours ? encodeSrgb(inside) : inside;
        result[i] = Math.round(coded * 65535);
      }
      if (extras.length + colours !== channels) throw new Error('A scratch picture has other channels than its file.');
      return result;
    },
    check() {
      if (above * 2 > count)
        throw new AppError(
          'bad-input',
          `Most values of this floating-point picture are brighter than white (1); the highest is ${Number(highest.toPrecision(3))}. Scale them to 0 to 1 first.`,
        );
    },
  };
}
