import pLimit from 'p-limit';
import { openOnnxRestorer } from '../core/inference/backends/onnxRestorer.ts';
import { tryProvider } from '../core/inference/backends/tryProvider.ts';
import type { Restorer } from '../core/inference/restorer.ts';
import { AppError } from '../shared/errors.ts';
import { tilesContract } from '../shared/tileMessages.ts';
import { loadModel } from './loadModel.ts';
import { serveChild } from './serveChild.ts';

/**
 * The child process that computes tiles with ONNX Runtime. A graphics driver can crash it or hang; the parent then
 * continues without it. It does one thing at a time, because ONNX Runtime crashes if WebGPU runs overlap
 * (microsoft/onnxruntime 31627).
 */
const one = pLimit(1);
const models = new Map<number, Restorer>();

serveChild(tilesContract, {
  open: ({ number, model, provider }) =>
    one(async () => {
      const restorer = await openOnnxRestorer(await loadModel(model), provider);
      models.set(number, restorer);
      const { scale, bytesPerPixel, multipleOf = 1, largestTile } = restorer;
      return { scale, bytesPerPixel, multipleOf, ...(largestTile !== undefined && { largestTile }) };
    }),

  run: ({ number, tile }) =>
    one(async () => {
      const restorer = models.get(number);
      if (!restorer) throw new AppError('internal', `There is no model ${number} in this process.`);
      return restorer.run({ ...tile, channels: 3 });
    }),

  tryDevice: ({ provider }) => one(() => tryProvider(provider)),
});
