/**
 * Measures the share of training time spent on measuring the negatives: steps with and without a measurement are timed
 * in turn, and the difference is divided by `mcir.measureEvery`.
 * node scripts/studies/diagnosticsCost.ts [rounds]
 * Uses the network, patches and copies of the preset for small dehazing, and the available feature networks.
 */
import { fileURLToPath } from 'node:url';
import { openEngine } from '../../src/core/engine/open.ts';
import { randomStream } from '../../src/core/random.ts';
import { sharesFor } from '../../src/core/training/shares.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import { openHome } from '../../src/services/app/home.ts';
import { loadFeatures } from '../../src/services/models/features.ts';
import { readConfigFile } from '../../src/services/training/configFile.ts';
import { mcirConfig } from '../../src/shared/runConfig.ts';
import { median } from '../bench/median.ts';

const rounds = Number(process.argv[2] ?? 10);
const preset = fileURLToPath(new URL('../../resources/presets/ffanet-dehazing-small.yml', import.meta.url));
const config = readConfigFile(preset);
const threads = 2;
const shares = sharesFor(config, threads);
openEngine({ threads, sideBySide: shares > 1 });
const given = loadFeatures('vgg16', openHome());
const trainerWith = (measureEvery: number): Trainer =>
  new Trainer(
    { ...config, mcir: { ...mcirConfig.parse(config.mcir ?? {}), measureEvery } },
    { shares, features: given ? [given] : [] },
  );
const { patch: size, batch: count } = config.data;
const random = randomStream('cost');
const noise = (): Float32Array => Float32Array.from({ length: count * size ** 2 * 3 }, () => random.uniform());
const batch = { lq: noise(), gt: noise(), count, lqSize: size, gtSize: size, names: [] };
const time = (trainer: Trainer): number => {
  const began = performance.now();
  trainer.train(batch);
  return performance.now() - began;
};
// Both measure in the first step, which also compiles.
const [always, never] = [trainerWith(1), trainerWith(1_000_000)];
for (const trainer of [always, never]) for (let i = 0; i < 2; i++) time(trainer);
const times = Array.from({ length: rounds }, () => ({ with: time(always), without: time(never) }));
const step = median(times.map(({ without }) => without));
const cost = median(times.map((one) => one.with - one.without));
const every = mcirConfig.parse({}).measureEvery;
process.stdout.write(
  `A step takes ${step.toFixed(0)} ms, a measurement ${cost.toFixed(0)} ms: with one in ${every} steps ${((100 * cost) / every / step).toFixed(2)} % of the time.\n`,
);
