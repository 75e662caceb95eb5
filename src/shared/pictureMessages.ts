import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { rawSettings } from './batches.ts';
import { look } from './faults.ts';
import { degradationStep } from './runConfig.ts';

/** Messages between the program and the child processes that decode pictures: src/workers/pictures.ts. */

const body = z.object({ body: z.instanceof(Uint8Array) });
const file = z.object({ file: z.string() });
const side = z.int().min(0);

/** Facts from a picture's header, upright. */
const header = z.object({
  width: side,
  height: side,
  /** As in `png, 16 bits`. */
  format: z.string(),
  grey: z.boolean(),
  alpha: z.boolean(),
});
export type PictureHeader = z.output<typeof header>;

/** A patch of a sample as a run would see it; both sides are written as PNG. */
const patchOrder = z.object({
  sample: z.object({ name: z.string(), target: z.string(), input: z.string().optional() }),
  scale: z.int().positive(),
  degradations: z.array(degradationStep),
  /** Side in input pixels, or smaller if the picture is. */
  patch: z.int().positive(),
  keys: z.array(z.union([z.string(), z.number()])),
  inputFile: z.string(),
  targetFile: z.string(),
});

/** A picture of a format that sharp does not read, decoded into a TIFF (core/pictures/translate). */
const translation = z.object({
  /** Path of the TIFF, which is upright. */
  file: z.string(),
  kind: z.enum(['raw', 'heic', 'jxl', 'jp2', 'psd', 'tiff']),
  /** The format of the result if the original's own format is requested. */
  same: z.enum(['tiff', 'jpeg', 'jxl']),
  /** Bits per sample in the original. */
  bits: z.int(),
  /** EXIF's orientation, which the decoder has applied. */
  orientation: z.int().min(1).max(8),
  /** Pictures or frames in the file. */
  pages: z.int(),
  /** Notes for the user, one sentence each. */
  notes: z.array(z.string()),
});
export type Translation = z.output<typeof translation>;

export const pictureReader = childContract('pictures', {
  /** A small WebP; `size` is its longest side. */
  thumbnail: childCall(z.object({ path: z.string(), size: z.int().positive() }), body),
  /** The whole picture as PNG. */
  png: childCall(z.object({ path: z.string() }), body),
  /** Decodes a picture that sharp does not read; `target` is the path of the TIFF. */
  translate: childCall(z.object({ file: z.string(), target: z.string(), raw: rawSettings.optional() }), translation),
  /** The whole picture as PNG, no larger than `size` on its longest side. */
  reduced: childCall(z.object({ path: z.string(), size: z.int().positive() }), body),
  /** What is likely wrong with a picture. */
  look: childCall(z.object({ path: z.string() }), look),
  header: childCall(file, header),
  /** Decodes a whole picture, to check that it can be decoded. */
  check: childCall(file, z.object({})),
  patch: childCall(patchOrder, z.object({})),
  /** PSNR and SSIM of a part of a picture; PSNR is null for equal parts, SSIM for parts below 11 pixels. */
  measure: childCall(
    z.object({
      restored: z.string(),
      target: z.string(),
      part: z.object({ left: side, top: side, width: z.int().positive(), height: z.int().positive() }),
      yChannel: z.boolean(),
    }),
    z.object({ psnr: z.number().nullable(), ssim: z.number().nullable() }),
  ),
});
