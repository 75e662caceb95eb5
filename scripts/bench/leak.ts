import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../src/core/engine/forward.ts';
import { createModel } from '../../src/core/networks/index.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import { runConfig } from '../../src/shared/runConfig.ts';
import { openEngineLike } from '../../src/workers/openTraining.ts';

/**
 * Resident memory after a hundred training steps and after all of them, and the same for restored tiles: `node
 * scripts/bench/leak.ts [--steps 10000] [--pictures 1000]`. Uses a small network, because a leak does not depend on its
 * size. JavaScript's heap is included and also reported separately: it grows in jumps up to its own limit.
 */
const { values } = parseArgs({
  options: { steps: { type: 'string', default: '10000' }, pictures: { type: 'string', default: '1000' } },
});

function watch(title: string, times: number, call: (k: number) => void): void {
  const at: Record<number, { megabytes: number; javascriptHeap: number; tensors: number }> = {};
  for (let k = 1; k <= times; k++) {
    call(k);
    if (k !== 100 && k !== times) continue;
    const { rss, heapTotal } = process.memoryUsage();
    at[k] = {
      megabytes: Math.round(rss / 1e6),
      javascriptHeap: Math.round(heapTotal / 1e6),
      tensors: tf.memory().numTensors,
    };
  }
  process.stdout.write(`${JSON.stringify({ title, after: at })}\n`);
}

const config = runConfig.parse({
  network: { type: 'edsr', options: { num_feat: 8, num_block: 1, upscale: 1 } },
  data: { train: { target: '-' }, batch: 2 },
  steps: Number(values.steps),
  mcir: { negatives: [{ every: 10 }, { every: 3 }] },
  features: { layers: { relu1_1: 1 } },
});
const trainer = new Trainer(config, openEngineLike(config));
const lq = new Float32Array(2 * 8 * 8 * 3).fill(0.5);
watch('training steps', Number(values.steps), () =>
  trainer.train({ lq, gt: lq, count: 2, lqSize: 8, gtSize: 8, names: [] }),
);
trainer.dispose();

const model = createModel('edsr', { num_feat: 8, num_block: 1, upscale: 2 });
model.parameters.initialise(0);
const forward = compileForward(model.forward);
// Sizes change, so graphs are built and dropped as well.
watch('pictures', Number(values.pictures), (k) =>
  tf.tidy(() => void forward(tf.fill([1, 32, 32 + (k % 6), 3], 0.5)).dataSync()),
);
