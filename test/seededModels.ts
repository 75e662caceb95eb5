import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { openEngine } from '../src/core/engine/open.ts';
import { createModel } from '../src/core/networks/index.ts';
import { encodeModelFile } from '../src/services/modelFiles.ts';

/** Networks that have learnt nothing, as files: small, quick, and the same each time. */
const networks = {
  nafnet: { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] },
  edsr: { num_feat: 8, num_block: 2, upscale: 2 },
} as const;

/** Writes such a file. */
export function seededModel(folder: string, network: keyof typeof networks): string {
  openEngine();
  const options = networks[network];
  const { parameters } = createModel(network, options);
  const weights = parameters.initialise(3).toWeights();
  const file = join(folder, `${network}.safetensors`);
  writeFileSync(file, encodeModelFile({ title: network, network, options, weights }));
  return file;
}
