import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseChain } from '../src/core/degradations/chain.ts';
import { createModel } from '../src/core/networks/index.ts';
import { dueNegatives } from '../src/core/negatives/schedule.ts';
import { runConfig } from '../src/shared/runConfig.ts';

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

describe('the published FFA-Net', () => {
  it('has the published size, and renews the copies at the steps at which the authors\' code does', () => {
    const config = read('ffanet-dehazing-published.yml');
    expect(createModel(config.network.type, config.network.options).parameters.count).toBe(4_455_913);
    if (!config.mcir) throw new Error('The preset trains without MCIR.');
    // enumerate([100, 200, 500, 1000][::-1]) in image_restoration_ffanet_neg_model.py
    const authors = (step: number): number[] => [100, 200, 500, 1000].reverse().flatMap((every, i) => (step % every === 0 ? [i] : []));
    for (const step of [1, 100, 200, 500, 1000]) expect(dueNegatives(config.mcir, step), `step ${step}`).toEqual(authors(step));
  });
});
