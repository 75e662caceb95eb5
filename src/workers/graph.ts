import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openEngine } from '../core/engine/open.ts';
import { openGraphModel, readGraphFiles } from '../core/formats/graphModels.ts';
import { loadWeights } from '../core/formats/loadWeights.ts';
import { exportOnnx } from '../core/formats/onnx/exportOnnx.ts';
import { createModel } from '../core/networks/index.ts';
import type { Layer } from '../core/networks/layer.ts';
import { normaliseInput } from '../core/networks/layers.ts';
import { identify, named, withWeightsFile } from '../services/models/modelFiles.ts';
import { AppError } from '../shared/errors.ts';
import { graphReader } from '../shared/modelMessages.ts';
import { isLicence } from '../services/models/modelCard.ts';
import { serveChild } from './serveChild.ts';

/** The child process that opens finished graphs and writes ONNX; both need TensorFlow. Its parent bounds its time and memory. */
serveChild(graphReader, {
  open: async ({ path, graph, copyTo }) => {
    try {
      const model = await openGraphModel(copyTo === undefined ? path : await copyFiles(path, copyTo), graph);
      const { format, scale, hash, bytes } = model;
      await model.dispose();
      return { format, scale, hash, bytes };
    } catch (error) {
      throw named(path, error);
    }
  },

  exportOnnx: async ({ path, hash, out }) => {
    const { network, options, inputNorm } = await withWeightsFile(path, ({ opened }) =>
      Promise.resolve(identify(opened, path)),
    );
    const weights = await loadWeights({ path, hash });
    openEngine();
    const model = createModel(network, options);
    model.parameters.load(weights);
    // A graph file cannot say how its input is normalised, so the graph contains that step.
    const forward: Layer = (x) => model.forward(normaliseInput(x, inputNorm));
    await writeFile(out, exportOnnx({ ...model, forward }, { hash }), { flag: 'wx', flush: true });
    return {};
  },
});

/** Writes a graph's files from the bytes that were checked, so that the same content is opened and kept. */
async function copyFiles(path: string, folder: string): Promise<string> {
  const files = await readGraphFiles(path);
  if (files.some(({ name }) => isLicence(name)))
    throw new AppError(
      'bad-input',
      'This model stores weights in a file that is named like a licence. Rename that file.',
    );
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes, { flag: 'wx', flush: true });
  return join(folder, basename(path));
}
