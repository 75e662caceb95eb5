import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig, readConfigFile, writeConfig } from '../../../src/services/training/configFile.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const minimal = 'network: { type: ffanet }\ndata: { train: { target: clear } }\nmcir: {}\n';

function file(text: string): string {
  const path = join(folder, 'run.yml');
  writeFileSync(path, text);
  return path;
}

describe('readConfigFile', () => {
  it('fills in defaults and takes paths relative to the file', () => {
    const config = readConfigFile(file(minimal));
    expect(config).toMatchObject({
      steps: 1000,
      mcir: { negatives: [{ every: 1000 }, { every: 500 }, { every: 200 }, { every: 100 }] },
    });
    expect(config.data.train.target).toBe(join(folder, 'clear'));
  });

  it('applies settings: numbers, lists, new sections, fields left out, and paths as typed', () => {
    const config = readConfigFile(file(minimal), [
      'steps=7',
      'mcir.negatives=[{every: 3}, {every: 2}]',
      'mcir.negatives.1.every=9',
      'loss.pixel.type=mse',
      'data.validation.target=here',
      'mcir.adaptive=null',
    ]);
    expect(config.steps).toBe(7);
    expect(config.mcir?.negatives.map(({ every }) => every)).toEqual([3, 9]);
    expect(config.loss.pixel).toEqual({ type: 'mse', weight: 1 });
    expect(config.data.validation.target).toBe(resolve('here'));
    expect(readConfigFile(file(minimal), ['mcir=null']).mcir).toBeUndefined();
  });

  it('leaves out what is null in the file, as in a setting', () => {
    for (const nothing of ['null', '~', ''])
      expect(readConfigFile(file(minimal.replace('mcir: {}', `mcir: ${nothing}`))).mcir).toBeUndefined();
    expect(readConfigFile(file(`${minimal}steps: null\noptimiser: { lr: null, eps: 1.0e-6 }\n`))).toMatchObject({
      steps: 1000,
      optimiser: { lr: 2e-4, eps: 1e-6 },
      mcir: {},
    });
    expect(() => readConfigFile(file('network: { type: ffanet }\ndata: { train: { target: null } }\n'))).toThrow(
      'data.train.target is missing.',
    );
  });

  it('takes network.weights for a path only where there is such a file', () => {
    expect(readConfigFile(file(minimal), ['network.weights=my run']).network.weights).toBe('my run');
    expect(
      readConfigFile(file('network: { type: ffanet, weights: run.yml }\ndata: { train: { target: clear } }')).network
        .weights,
    ).toBe(join(folder, 'run.yml'));
  });

  it('comes back equal from what is written to a run folder', () => {
    const config = readConfigFile(file(minimal), [
      'clipNorm=1',
      'network.inputNorm={mean: [0.64, 0.6, 0.58], std: [0.14, 0.15, 0.152]}',
    ]);
    expect(parseConfig(parse(writeConfig(config)), 'again')).toEqual(config);
  });

  it.each([
    ['an unknown field', ['optimizer.lr=1'], 'there is no field optimizer; did you mean "optimiser"?'],
    [
      'an unknown field inside',
      ['mcir.negatives=[{evry: 3}]'],
      'there is no field mcir.negatives.0.evry; did you mean "every"?',
    ],
    [
      'an unknown option of the network',
      ['network.options.block=3'],
      'there is no field network.options.block; did you mean "blocks"?',
    ],
    ['an unknown network', ['network.type=ffnet'], 'network.type "ffnet" is not known; did you mean "ffanet"?'],
    [
      'an unknown degradation',
      ['data.train.degradations=[{type: hase}]'],
      'data.train.degradations.0.type "hase" is not known; did you mean "haze"?',
    ],
    [
      'an unknown setting of a degradation',
      ['data.validation.degradations=[{type: haze, betta: 1}]'],
      'there is no field data.validation.degradations.0.betta; did you mean "beta"?',
    ],
    [
      'a layer that the feature network lacks',
      ['features.layers={relu9_9: 1}'],
      'features.layers is invalid: vgg16 has no layer "relu9_9". Choose from relu1_1',
    ],
    ['features without a layer', ['features.layers={}'], 'features.layers is invalid: No layer of vgg16 is chosen'],
    ['a value of another kind', ['steps=many'], 'steps is invalid: invalid input: expected number, received string.'],
    ['a value out of range', ['data.batch=0'], 'data.batch is invalid: too small: expected number to be >=1.'],
    ['a missing field', ['data.train.target=null'], 'data.train.target is missing.'],
    ['a setting without a value', ['steps'], '"steps" is not a setting. Write --set path=value'],
  ])('refuses %s in one sentence', (_, settings, sentence) => {
    expect(() => readConfigFile(file(minimal), settings)).toThrow(sentence);
  });

  it('says where YAML is not valid, and that a file is not there', () => {
    expect(() => readConfigFile(file('a: [1, 2\nb: }'))).toThrow(/not valid YAML.*line/);
    expect(() => readConfigFile(join(folder, 'none.yml'))).toThrow(/cannot be read/);
  });
});

describe('a hostile configuration is refused in a sentence, soon', () => {
  const aliases = (): string => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join()}]`);
    return lines.join('\n');
  };
  const long = 'k'.repeat(90_000);
  it.each<[string, () => string, RegExp]>([
    ['aliases that multiply', aliases, /is not valid YAML: .*alias/i],
    [
      'many keys',
      () => minimal + Array.from({ length: 200_000 }, (_, i) => `k${i}: 1`).join('\n'),
      /larger than 100 kB/,
    ],
    [
      'keys up to the limit',
      () => minimal + Array.from({ length: 9000 }, (_, i) => `k${i}: 1`).join('\n'),
      /there is no field k0/,
    ],
    ['a field twice', () => `${minimal}seed: 1\nseed: 2\n`, /the field seed is there twice/],
    ['deep nesting', () => `a: ${'['.repeat(90_000)}`, /is not valid YAML: it is nested too deeply/],
    ['deep lists on one line', () => `a:\n  ${'- '.repeat(40_000)}1`, /is not valid YAML: it is nested too deeply/],
    [
      'deep nesting that is closed',
      () => `a: ${'['.repeat(2000)}${']'.repeat(2000)}`,
      /is not valid YAML: it is nested too deeply/,
    ],
    ['a long key', () => `${minimal}${long.slice(0, 1000)}: 1\n`, /there is no field k{77}\.\.\./],
    [
      'a long name of a network',
      () => `network: { type: ${long} }\ndata: { train: { target: clear } }\n`,
      /network\.type "k{77}\.\.\." is not known/,
    ],
  ])('%s', (_, make, reason) => {
    const began = performance.now();
    let message = '';
    try {
      readConfigFile(file(make()));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(reason);
    expect(message.length).toBeLessThan(1000);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('a device without end', () => {
    expect(() => readConfigFile('/dev/zero')).toThrow(/larger than 100 kB/);
  });
});
