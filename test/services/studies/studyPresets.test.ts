import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { randomStream } from '../../../src/core/random.ts';
import { Trainer } from '../../../src/core/training/trainer.ts';
import { armConfigs, readStudyFile } from '../../../src/services/studies/studyFile.ts';
import { readStudyPresets } from '../../../src/services/studies/studyPresets.ts';
import { type RunConfig, runConfig } from '../../../src/shared/runConfig.ts';
import { tinyNetworks } from '../../tinyNetworks.ts';

const folder = fileURLToPath(new URL('../../../resources/studies/', import.meta.url));
const files = readdirSync(folder);
const armsOf = (file: string): { name: string; config: RunConfig }[] => armConfigs(readStudyFile(join(folder, file)));

beforeAll(() => void openEngine());

it.each(files)('the example %s is a study whose arms all differ', (name) => {
  const arms = armsOf(name);
  const different = new Set(arms.map(({ config }) => JSON.stringify(config)));
  // Two arms of equal settings may differ in the time that they get.
  expect(different.size).toBeGreaterThanOrEqual(arms.length - 1);
  expect(arms.every(({ config }) => config.data.train.target.endsWith(join('datasets', 'clean')))).toBe(true);
});

it('there is a preset for each question of the paper, and for the controls', () => {
  expect(readStudyPresets().map(({ id }) => id)).toEqual([
    'contrastive',
    'controls',
    'decay',
    'does-mcir-help',
    'features',
    'interval',
    'negatives',
    'number',
    'start',
    'weight',
  ]);
});

it('the controls change nothing but the negative term', () => {
  const arms = armsOf('controls.yml');
  const rest = arms.map(({ config }) => JSON.stringify({ ...config, mcir: undefined, loss: undefined }));
  expect(new Set(rest).size).toBe(1);
  expect(arms.map(({ name, config }) => [name, config.mcir?.direction, config.mcir?.source])).toEqual([
    ['L1', undefined, undefined],
    ['MCIR', 'away', 'history'],
    ['sign flipped', 'towards', 'history'],
    ['random direction', 'random', 'history'],
    ['frozen copy', 'away', 'history'],
    ['input as negative', 'away', 'input'],
    ['positive term alone', undefined, undefined],
  ]);
});

/** The loss terms of the second of two steps with a tiny network, and the weights after it. */
function twoSteps({ mcir, loss, features }: RunConfig): { losses: Record<string, number>; weights: string } {
  const [size, count] = [16, 2];
  const trainer = new Trainer(
    runConfig.parse({
      network: { type: 'nafnet', options: tinyNetworks['nafnet'] },
      data: { train: { target: '-' }, batch: count },
      steps: 2,
      compile: false,
      // The random direction has the length of the negative term's gradient, whose weight is held by measurement.
      ...{ mcir, loss, features: { ...features, layers: { relu1_2: 1 }, standIn: true } },
    }),
  );
  const random = randomStream('two steps');
  const noise = (): Float32Array => Float32Array.from({ length: count * size ** 2 * 3 }, () => random.uniform());
  const batches = [0, 1].map(() => ({ lq: noise(), gt: noise(), count, lqSize: size, gtSize: size, names: [] }));
  const [, second] = batches.map((batch) => trainer.train(batch));
  const weights = [...trainer.snapshot().tensors].map(([, { data }]) => Array.from(data as Float32Array).join()).join();
  trainer.dispose();
  return { losses: second?.losses ?? {}, weights };
}

/** What decides which code a training runs; weights and intervals do not. */
const kindOf = ({ mcir, loss, features }: RunConfig): string =>
  JSON.stringify([
    mcir && [mcir.rule, mcir.negatives.length > 1, mcir.direction, mcir.source, typeof mcir.weight],
    loss,
    features.network,
  ]);

it('every kind of arm in the presets trains with the terms that it names, and each control in its own way', () => {
  const controls = armsOf('controls.yml');
  const known = new Set(controls.map(({ config }) => kindOf(config)));
  const others = new Map(
    files
      .flatMap((file) => armsOf(file))
      .filter(({ config }) => !known.has(kindOf(config)))
      .map((arm) => [kindOf(arm.config), arm]),
  );
  const results = [...controls, ...others.values()].map(({ name, config }) => {
    const { losses, weights } = twoSteps(config);
    expect(Object.values(losses).every(Number.isFinite), name).toBe(true);
    expect('l_neg' in losses, name).toBe(config.mcir !== undefined);
    expect('l_pos' in losses, name).toBe(config.loss.positive !== undefined);
    expect('l_contrastive' in losses, name).toBe(config.loss.contrastive !== undefined);
    return weights;
  });
  expect(new Set(results.slice(0, controls.length)).size).toBe(controls.length);
}, 300_000);
