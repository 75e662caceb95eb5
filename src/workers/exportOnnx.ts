import { writeFileSync } from 'node:fs';
import { openEngine } from '../core/engine/open.ts';
import { createModel } from '../core/networks/index.ts';
import type { Layer } from '../core/networks/layer.ts';
import { normaliseInput } from '../core/networks/layers.ts';
import { exportOnnx } from '../core/formats/onnx/exportOnnx.ts';
import { readModelFile } from '../services/models/modelFiles.ts';
import { toWire } from '../shared/errors.ts';

/** Child process: reads a model file, writes it as ONNX, and ends. */
try {
  const { source, out } = JSON.parse(process.argv[2] ?? '{}') as { source: string; out: string };
  const { network, options, weights, inputNorm, hash } = await readModelFile(source);
  openEngine();
  const model = createModel(network, options);
  model.parameters.load(weights);
  // A graph has no place to say how its input is normalised, so it does that itself.
  const forward: Layer = (x) => model.forward(normaliseInput(x, inputNorm));
  writeFileSync(out, exportOnnx({ ...model, forward }, { hash }));
  process.send?.({ answer: {} });
} catch (error) {
  process.send?.({ error: toWire(error) });
}
