import { z } from 'zod';
import type { RestoreModel } from './batches.ts';
import { childCall, childContract } from './childMessages.ts';
import { onnxProvider } from './devices.ts';

/** Messages to the child process that computes tiles with ONNX Runtime, on one device. */

/** RGB, row by row; see FloatPicture in core/pictures. */
export const tilePixels = z.object({
  width: z.int().min(1),
  height: z.int().min(1),
  data: z.custom<Float32Array>((value) => value instanceof Float32Array),
});

export const tilesContract = childContract('tiles', {
  /** Opens a model; it is called by the number that the question gives. */
  open: childCall(
    z.object({ number: z.int(), model: z.custom<RestoreModel>(), provider: onnxProvider }),
    z.object({
      scale: z.int(),
      bytesPerPixel: z.number(),
      multipleOf: z.int(),
      largestTile: z.int().optional(),
    }),
  ),
  run: childCall(z.object({ number: z.int(), tile: tilePixels }), tilePixels),
  /** Computes a small convolution, to see whether the device is there. */
  tryDevice: childCall(
    z.object({ provider: onnxProvider }),
    z.object({ difference: z.number(), firstMs: z.number(), nextMs: z.number() }),
  ),
});
