import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../src/core/engine/forward.ts';
import { openEngine, openShapes } from '../../src/core/engine/open.ts';
import { exportOnnx } from '../../src/core/formats/onnx/exportOnnx.ts';
import { createModel } from '../../src/core/networks/index.ts';

/** One process of the comparison with other programs (peers.ts): prints the median milliseconds per picture as JSON. */
const { values } = parseArgs({
  options: {
    by: { type: 'string', default: 'tensorflow' },
    network: { type: 'string', default: 'imdn' },
    options: { type: 'string', default: '{}' },
    side: { type: 'string', default: '256' },
    /** Path of the ONNX file to write. */
    onnx: { type: 'string', default: '' },
  },
});
const RUNS = 5;
const side = Number(values.side);
const byOnnx = values.by === 'onnx';
if (byOnnx) openShapes();
else openEngine();
const model = createModel(values.network, JSON.parse(values.options));
model.parameters.initialise(1);
const run = byOnnx ? await onnxRun() : tensorFlowRun();

function tensorFlowRun(): () => void {
  const compiled = compileForward((x) => model.forward(x));
  const x = tf.randomUniform<tf.Rank.R4>([1, side, side, 3], 0, 1, 'float32', 1);
  return () => {
    const y = compiled(x);
    y.dataSync();
    y.dispose();
  };
}

async function onnxRun(): Promise<() => Promise<unknown>> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const bytes = exportOnnx(model);
  if (values.onnx) writeFileSync(values.onnx, bytes);
  const session = await InferenceSession.create(bytes, {
    freeDimensionOverrides: { height: side, width: side },
    logSeverityLevel: 4,
  });
  const data = new Float32Array(3 * side * side).map((_, i) => (i % 251) / 251);
  const input = new Tensor('float32', data, [1, 3, side, side]);
  return () => session.run({ input });
}

await run();
const times: number[] = [];
for (let i = 0; i < RUNS; i++) {
  const began = performance.now();
  await run();
  times.push(performance.now() - began);
}
times.sort((a, b) => a - b);
process.stdout.write(`${JSON.stringify({ infer_ms: times[Math.floor(RUNS / 2)] })}\n`);
process.exit(0);
