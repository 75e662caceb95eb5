import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../../src/core/engine/forward.ts';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, networks } from '../../../src/core/networks/index.ts';
import { randomStream } from '../../../src/core/random.ts';
import { Trainer } from '../../../src/core/training/trainer.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';
import { tinyNetworks } from '../../tinyNetworks.ts';

/**
 * A program of its own: runs every network compiled, and a compiled step of its training with MCIR. Whatever TensorFlow says
 * of these graphs it prints to stderr; here is printed how each of them ran.
 */
openEngine();
const SIZE = 14;
for (const network of networks) {
  const { id } = network;
  const options = tinyNetworks[id];
  const random = randomStream(id);
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.uniform());
  const { parameters, forward, options: all } = createModel(id, options);
  // Not as a training starts: of a bias of zeros TensorFlow makes no operation.
  for (const parameter of parameters.all) parameter.set(numbers(parameter.shape.reduce((a, b) => a * b, 1)));
  const compiled = compileForward(forward);
  compiled(tf.fill([1, SIZE, SIZE, 3], 0.5)).dispose();
  process.stdout.write(`${id}: ${compiled.fallback ?? 'runs as one compiled graph'}\n`);
  compiled.dispose();

  // IDT's step is of the same layers as the others', and takes longer than all of them.
  if (id === 'idt') continue;
  const trainer = new Trainer(
    runConfig.parse({
      network: { type: id, options },
      data: { train: { target: '-' } },
      mcir: { negatives: [{}] },
      features: { layers: { relu1_2: 1 } },
    }),
  );
  const [lqSize, gtSize] = [SIZE, SIZE * network.scale(all)];
  trainer.train({ lq: numbers(lqSize ** 2 * 3), gt: numbers(gtSize ** 2 * 3), count: 1, lqSize, gtSize, names: [] });
  process.stdout.write(`${id}: ${trainer.engineNote ?? ''}\n`);
  trainer.dispose();
}

// In shares, and large enough for Winograd's filtering.
const lqSize = 48;
const picture = new Float32Array(2 * lqSize ** 2 * 3).fill(0.5);
const inShares = new Trainer(
  runConfig.parse({
    network: { type: 'ffanet', options: { blocks: 1 } },
    data: { train: { target: '-' } },
    mcir: { negatives: [{}] },
  }),
  { shares: 2 },
);
inShares.train({ lq: picture, gt: picture, count: 2, lqSize, gtSize: lqSize, names: [] });
process.stdout.write(`ffanet: ${inShares.engineNote ?? ''}\n`);
