import { readFileSync, globSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { openEngine } from './src/core/engine/open.ts';
import { openGraphModel } from './src/core/formats/graphModels.ts';
import { countOnnxNodes, readOnnxMetadata } from './src/core/formats/onnx/metadata.ts';
openEngine();
const b = readFileSync('/tmp/maxim.onnx'); console.log('nodes', countOnnxNodes(b), JSON.stringify(readOnnxMetadata(b)));
const json = globSync('/tmp/gpuhome/models/maxim-dehazing-indoor/**/model.json')[0];
const ours = await openGraphModel(json!, { range: 1, multipleOf: 64 });
const theirs = await openGraphModel('/tmp/maxim.onnx', {});
for (const [h, w] of [[64, 128], [192, 128]]) {
  const x = tf.randomUniform<tf.Rank.R4>([1, h, w, 3], 0, 1, 'float32', 5);
  const t0 = performance.now(); const a = tf.tidy(() => ours.whole[0]!.run(x)); a.dataSync(); const t1 = performance.now();
  const c = await theirs.run(x); const t2 = performance.now();
  console.log(h, w, 'difference', tf.max(tf.abs(tf.sub(a, c))).dataSync()[0], 'tf', (t1-t0).toFixed(0), 'onnx', (t2-t1).toFixed(0));
}
process.exit(0);
