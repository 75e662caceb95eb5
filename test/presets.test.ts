import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseChain } from '../src/core/degradations/chain.ts';
import { openEngine } from '../src/core/engine/open.ts';
import { createModel, networks } from '../src/core/networks/index.ts';
import { dueNegatives } from '../src/core/negatives/schedule.ts';
import { randomStream } from '../src/core/random.ts';
import { Trainer } from '../src/core/training/trainer.ts';
import { parseConfig } from '../src/services/training/configFile.ts';
import { runConfig } from '../src/shared/runConfig.ts';
import { tinyNetworks } from './tinyNetworks.ts';

const folder = fileURLToPath(new URL('../resources/presets/', import.meta.url));
const read = (name: string) => runConfig.parse(parse(readFileSync(`${folder}${name}`, 'utf8')));

describe.each(readdirSync(folder))('preset %s', (name) => {
  it('is a run that this program can start', () => {
    const config = read(name);
    const { network, options } = createModel(config.network.type, config.network.options);
    const { shrink } = parseChain(config.data.train.degradations);
    if (config.data.train.input === undefined) expect(shrink).toBe(network.scale(options));
    expect(config.steps).toBeGreaterThanOrEqual(config.validateEvery);
    // Every older copy is renewed several times within the run.
    for (const { every } of config.mcir?.negatives ?? []) expect(config.steps / every).toBeGreaterThanOrEqual(5);
  });
});

describe('presets', () => {
  beforeAll(() => void openEngine());

  it('there is one for every network', () => {
    expect(new Set(readdirSync(folder).map((name) => read(name).network.type))).toEqual(
      new Set(networks.map(({ id }) => id)),
    );
  });

  it.each(
    readdirSync(folder).flatMap(
      (name) =>
        [
          [name, true],
          [name, false],
        ] as [string, boolean][],
    ),
  )('%s takes a step, with MCIR: %s', (name, withMcir) => {
    const preset = read(name);
    const { type, options } = preset.network;
    const config = parseConfig(
      {
        ...preset,
        network: { ...preset.network, options: { ...options, ...tinyNetworks[type] } },
        mcir: withMcir ? { ...preset.mcir, negatives: [{}] } : undefined,
        features: { layers: { relu1_2: 1 } },
        compile: false,
      },
      name,
    );
    const { network, options: all } = createModel(type, config.network.options);
    const [lqSize, gtSize] = [14, 14 * network.scale(all)];
    const random = randomStream(name);
    const picture = (size: number) => Float32Array.from({ length: size * size * 3 }, () => random.uniform());
    const trainer = new Trainer(config);
    const { losses } = trainer.train({ lq: picture(lqSize), gt: picture(gtSize), count: 1, lqSize, gtSize, names: [] });
    expect(Object.keys(losses)).toEqual(withMcir ? ['l_pix', 'l_neg'] : ['l_pix']);
    trainer.dispose();
  });
});

describe('the published FFA-Net', () => {
  it("has the published size, and renews the copies at the steps at which the authors' code does", () => {
    const config = read('ffanet-dehazing-published.yml');
    expect(createModel(config.network.type, config.network.options).parameters.count).toBe(4_455_913);
    if (!config.mcir) throw new Error('The preset trains without MCIR.');
    // enumerate([100, 200, 500, 1000][::-1]) in image_restoration_ffanet_neg_model.py
    const authors = (step: number): number[] =>
      [100, 200, 500, 1000].reverse().flatMap((every, i) => (step % every === 0 ? [i] : []));
    for (const step of [1, 100, 200, 500, 1000])
      expect(dueNegatives(config.mcir, step), `step ${step}`).toEqual(authors(step));
  });
});
