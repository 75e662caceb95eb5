import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { changed, hashOf } from '../core/formats/loadWeights.ts';
import { createModel } from '../core/networks/index.ts';
import { storeFeatures } from '../services/models/featureFiles.ts';
import { encodeModelFile, encodeTorchFile, identify, withWeightsFile } from '../services/models/modelFiles.ts';
import { AppError, toWire } from '../shared/errors.ts';
import { type IdentifiedModel, modelReader } from '../shared/modelMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that reads weights files, which may come from anywhere. Its parent bounds its time and memory. */
serveChild(modelReader, {
  describe: ({ path }) =>
    withWeightsFile(path, ({ source, opened }) => {
      let model: IdentifiedModel | undefined;
      let reason: AppError | undefined;
      try {
        model = identify(opened, path);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        reason = error;
      }
      const { format, shapes } = opened;
      const values = [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
      return Promise.resolve({
        format,
        hash: hashOf(source),
        tensors: shapes.size,
        values,
        ...(model ? { model } : {}),
        ...(reason ? { reason: toWire(reason) } : {}),
      });
    }),

  fit: ({ path, hash, network, options }) =>
    withWeightsFile(path, ({ source, opened }) => {
      if (hashOf(source) !== hash) throw changed(path);
      const shapes = new Map([...opened.shapes].map(([name, shape]) => [name, { shape }]));
      createModel(network, options).parameters.assertFit(shapes);
      return Promise.resolve({});
    }),

  convert: ({ path, hash, title, out }) =>
    withWeightsFile(path, async ({ source, opened }) => {
      if (hash !== undefined && hashOf(source) !== hash) throw changed(path);
      const found = identify(opened, path);
      const model = { ...found, title: title ?? found.title };
      const writable = { ...model, weights: opened.read() };
      const bytes = out.endsWith('.safetensors') ? encodeModelFile(writable) : encodeTorchFile(writable);
      await writeFile(out, bytes, { flag: 'wx', flush: true });
      return { model, hash: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
    }),

  features: ({ path, folder, source }) => storeFeatures(path, folder, source),
});
