import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { createModel } from '../src/core/networks/index.ts';
import { randomStream } from '../src/core/random.ts';
import type { Weights } from '../src/core/formats/weights.ts';
import { encodeModelFile } from '../src/services/models/modelFiles.ts';

/** Networks that have learnt nothing, as files: small, quick, and the same each time. */
const networks = {
  nafnet: { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] },
  edsr: { num_feat: 8, num_block: 2, upscale: 2 },
} as const;

/** Writes such a file, without the engine, which belongs in processes of its own. */
export function seededModel(folder: string, network: keyof typeof networks): string {
  const options = networks[network];
  const { parameters } = createModel(network, options);
  const weights: Weights = new Map(
    parameters.all.map(({ name, shape, init }) => [
      name,
      { dtype: 'float32', shape: [...shape], data: init(shape, randomStream(3, name)) },
    ]),
  );
  const file = join(folder, `${network}.safetensors`);
  writeFileSync(file, encodeModelFile({ title: network, network, options, weights }));
  return file;
}
