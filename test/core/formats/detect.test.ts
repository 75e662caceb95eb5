import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createModel, networks } from '../../../src/core/networks/index.ts';
import type { Shapes } from '../../../src/core/networks/network.ts';
import { assertFits, detectNetwork } from '../../../src/core/formats/detect.ts';
import { readWeightsFile } from '../../../src/core/formats/readWeights.ts';
import { describeWithShared, shared } from '../../shared.ts';

const shapesOf = (network: string, options: unknown): Map<string, readonly number[]> =>
  new Map(createModel(network, options).parameters.all.map(({ name, shape }) => [name, shape]));

describe('detectNetwork', () => {
  it.each(networks.flatMap(({ id, published }) => Object.keys(published).map((name) => [id, name] as const)))(
    'finds %s as %s from names and shapes',
    (id, name) => {
      const options = networks.find((network) => network.id === id)?.published[name];
      const shapes = shapesOf(id, options);
      const found = detectNetwork(shapes);
      expect(found.network).toBe(id);
      expect(shapesOf(id, found.options)).toEqual(shapes);
    },
  );

  it('names the differences if a file is nearly a network', () => {
    const shapes = shapesOf('edsr', {});
    shapes.delete('conv_last.bias');
    shapes.set('extra.weight', [1]);
    expect(() => detectNetwork(shapes)).toThrow(
      /looks most like EDSR.*conv_last\.bias is missing; extra\.weight is not part of it/,
    );
  });

  it('names the network whose names are used if its shapes do not fit', () => {
    const other = shapesOf('swinir', {}).set('conv_first.weight', [96, 4, 3, 3]);
    expect(() => detectNetwork(other)).toThrow(
      /(\d+) of its \1 tensors have names of SwinIR, but some tensors are missing or have the wrong shape/,
    );
  });

  it('says what was expected and what was found if a file fits no network', () => {
    const shapes: Shapes = new Map([['encoder.weight', [768, 768]]]);
    expect(() => detectNetwork(shapes)).toThrow(
      /Supported networks: FFA-Net, EDSR.*The file contains 1 tensor encoder\.weight \[768,768\]/,
    );
    expect(() => detectNetwork(new Map())).toThrow(/do not fit any supported network/);
  });

  it('refuses options that no network would have', () => {
    const shapes = shapesOf('edsr', { num_block: 1 });
    for (const name of ['body.100000.conv1.weight', 'body.100000.conv1.bias']) shapes.set(name, [64, 64, 3, 3]);
    expect(() => detectNetwork(shapes)).toThrow(/do not fit any supported network/);
  });
});

describe('assertFits', () => {
  it('refuses unknown options and other shapes', () => {
    expect(() => assertFits(new Map(), 'edsr', { blocks: 1 })).toThrow(/options/);
    expect(() => assertFits(new Map(), 'edsr', {})).toThrow(/is missing/);
    expect(() => assertFits(new Map(), 'nothing', {})).toThrow(/no network called/);
  });
});

describeWithShared('detectNetwork', 'parity', () => {
  it.each([
    'dehazeformer',
    'edsr',
    'ffanet',
    'idt',
    'imdn',
    'nafnet',
    'swinir',
    'swinir_classical',
    'swinir_denoise',
    'swinir_real',
  ])('finds the network of %s', async (folder) => {
    const { weights } = await readWeightsFile(shared(`parity/${folder}/weights.safetensors`));
    expect(detectNetwork(weights).network).toBe(folder.replace(/_.*/, ''));
  });

  it('finds every published model by the names and shapes in the parity material', () => {
    for (const folder of ['dehazeformer', 'edsr', 'ffanet', 'idt', 'imdn', 'nafnet', 'swinir']) {
      const { published } = JSON.parse(readFileSync(shared(`parity/${folder}/meta.json`), 'utf8')) as {
        published: Record<string, { keys: Record<string, number[]> }>;
      };
      for (const { keys } of Object.values(published))
        expect(detectNetwork(new Map(Object.entries(keys))).network).toBe(folder);
    }
  });
});
