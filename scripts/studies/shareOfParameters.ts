/**
 * Measures the share of the negative term over a network's parameters (`neg_share`) at a weight of 0.001, in the published
 * VGG16 and in the stand-in, by the first steps of a configuration.
 *
 *   node scripts/studies/shareOfParameters.ts CONFIG.yml [batches] [--set path=value …]
 */
import { openEngine } from '../../src/core/engine/open.ts';
import { loadWeights } from '../../src/core/formats/loadWeights.ts';
import type { VggOptions } from '../../src/core/losses/vgg.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import { openHome } from '../../src/services/app/home.ts';
import { loadFeatures } from '../../src/services/models/features.ts';
import { resolveModel } from '../../src/services/models/models.ts';
import { readConfigFile } from '../../src/services/training/configFile.ts';
import { openLoader } from '../../src/workers/openTraining.ts';

const [file = '', batches = '6', ...rest] = process.argv.slice(2);
const home = openHome();
const settings = ['mcir={"measureEvery":1,"negatives":[{"every":10}]}', ...rest.filter((one) => one !== '--set')];
const config = readConfigFile(file, settings);
const published = loadFeatures('vgg16', home);
if (!published) throw new Error('Fetch the published features first: mcir features fetch');
const loader = await openLoader(config);
openEngine({ threads: 2 });
const { weights } = config.network;
const start = weights === undefined ? undefined : await resolveModel(weights, home);
const initial = start && (await loadWeights({ path: start.file, hash: start.hash }));
const variants: Record<string, { features: (typeof published)[]; gains?: VggOptions['gains'] }> = {
  'published VGG16': { features: [published] },
  'stand-in': { features: [] },
  'stand-in without gains': { features: [], gains: 'none' },
};
for (const [name, options] of Object.entries(variants)) {
  const trainer = new Trainer(config, { ...options, ...(initial && { initial }) });
  const shares: number[] = [];
  for (let step = 0; step < Number(batches); step++)
    shares.push(trainer.train(await loader.next(step)).measures['neg_share'] ?? Number.NaN);
  trainer.dispose();
  const sorted = shares.toSorted((a, b) => a - b);
  process.stdout.write(
    `${name}: median ${(100 * (sorted[sorted.length >> 1] ?? 0)).toFixed(2)} %, ${(100 * (sorted[0] ?? 0)).toFixed(2)} to ${(100 * (sorted.at(-1) ?? 0)).toFixed(2)} %\n`,
  );
}
await loader.close();
