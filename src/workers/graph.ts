import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openEngine, openShapes } from '../core/engine/open.ts';
import {
  describeGraphFiles,
  type GraphModelOptions,
  openGraphModel,
  readGraphFiles,
} from '../core/formats/graphModels.ts';
import { loadWeights } from '../core/formats/loadWeights.ts';
import { exportOnnx } from '../core/formats/onnx/exportOnnx.ts';
import { tfjsGraph } from '../core/inference/backends/onnxGraphs.ts';
import { openOnnxRestorer } from '../core/inference/backends/onnxRestorer.ts';
import { createModel } from '../core/networks/index.ts';
import type { Layer } from '../core/networks/layer.ts';
import { normaliseInput } from '../core/networks/layers.ts';
import { identify, named, withWeightsFile } from '../services/models/modelFiles.ts';
import { AppError } from '../shared/errors.ts';
import { graphReader } from '../shared/modelMessages.ts';
import { isLicence } from '../services/models/modelCard.ts';
import { serveChild } from './serveChild.ts';

/**
 * The child process that opens finished graphs, with TensorFlow if it is installed, and writes ONNX without it. Its
 * parent limits its time and memory.
 */
serveChild(graphReader, {
  open: async ({ path, graph, copyTo }) => {
    try {
      return await describe(copyTo === undefined ? path : await copyFiles(path, copyTo), graph);
    } catch (error) {
      throw named(path, error);
    }
  },

  exportOnnx: async ({ path, hash, title, graph, out }) => {
    openShapes();
    if (graph) {
      const model = await tfjsGraph(title ?? basename(path), { ...graph, file: path, hash });
      await writeFile(out, exportOnnx(model, { hash }), { flag: 'wx', flush: true });
      return {};
    }
    const { network, options, inputNorm } = await withWeightsFile(path, ({ opened }) =>
      Promise.resolve(identify(opened, path)),
    );
    const weights = await loadWeights({ path, hash });
    const model = createModel(network, options);
    model.parameters.load(weights);
    // A graph file cannot say how its input is normalised, so the graph contains that step.
    const forward: Layer = (x) => model.forward(normaliseInput(x, inputNorm));
    await writeFile(out, exportOnnx({ ...model, forward }, { hash }), { flag: 'wx', flush: true });
    return {};
  },
});

async function describe(path: string, graph?: GraphModelOptions) {
  try {
    openEngine();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'engine') throw error;
    const { format, hash, bytes } = await describeGraphFiles(path);
    const model = await openOnnxRestorer(
      {
        title: basename(path),
        network: 'graph',
        options: {},
        weights: new Map(),
        graph: { ...graph, file: path, hash },
      },
      'cpu',
    );
    model.dispose();
    return { format, scale: model.scale, hash, bytes };
  }
  const model = await openGraphModel(path, graph);
  const { format, scale, hash, bytes } = model;
  await model.dispose();
  return { format, scale, hash, bytes };
}

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
