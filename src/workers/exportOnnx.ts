import { writeFileSync } from 'node:fs';
import { openEngine } from '../core/engine/open.ts';
import { createModel } from '../core/networks/index.ts';
import type { Layer } from '../core/networks/layer.ts';
import { normaliseInput } from '../core/networks/layers.ts';
import { exportOnnx } from '../core/formats/onnx/exportOnnx.ts';
import { readModelFile } from '../services/models/modelFiles.ts';
import { onnxContract } from '../shared/engineMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that reads a model file and writes it as ONNX. */
serveChild(onnxContract, {
  export: async ({ source, out }) => {
    const { network, options, weights, inputNorm } = await readModelFile(source);
    openEngine();
    const model = createModel(network, options);
    model.parameters.load(weights);
    // A graph has no place to say how its input is normalised, so it does that itself.
    const forward: Layer = (x) => model.forward(normaliseInput(x, inputNorm));
    writeFileSync(out, exportOnnx({ ...model, forward }));
    return {};
  },
});
