import { createHash } from 'node:crypto';
import { openEngine } from '../../../src/core/engine/open.ts';
import { randomStream } from '../../../src/core/random.ts';
import { Trainer } from '../../../src/core/training/trainer.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

/** A program of its own: trains a network for three steps, in two shares on two threads, and prints how it ran and a hash of its whole state. */
openEngine({ threads: 2, sideBySide: true });
const network = { type: 'edsr', options: { num_block: 3, upscale: 1 } };
const trainer = new Trainer(
  runConfig.parse({ network, data: { train: { target: '-' }, batch: 2 }, mcir: { negatives: [{}] } }),
  { shares: 2 },
);
const random = randomStream('steps');
const size = 64;
const noise = (): Float32Array => Float32Array.from({ length: 2 * size ** 2 * 3 }, () => random.uniform());
for (let step = 0; step < 3; step++)
  trainer.train({ lq: noise(), gt: noise(), count: 2, lqSize: size, gtSize: size, names: [] });
const hash = createHash('sha256');
for (const { data } of trainer.snapshot().tensors.values()) hash.update(data);
process.stdout.write(`${trainer.engineNote ?? ''}: ${hash.digest('hex')}`);
