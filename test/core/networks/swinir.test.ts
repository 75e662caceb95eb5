import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, findNetwork } from '../../../src/core/networks/index.ts';
import { shiftMask, shiftRegions, storedShiftMask } from '../../../src/core/networks/windows.ts';
import { readSafetensors } from '../../../src/core/formats/safetensors.ts';
import { describeWithShared, shared } from '../../shared.ts';
import { detected, noise, shapesOf, testPublished, worstDifference } from './helpers.ts';

const small = { img_size: 16, embed_dim: 8, depths: [2], num_heads: [2], mlp_ratio: 2, window_size: 8 };

describeWithShared('published SwinIR', 'parity/swinir', () => {
  testPublished('swinir', {
    'swinir-light-x2': 'SwinIR light x2',
    'swinir-light-x3': 'SwinIR light x3',
    'swinir-light-x4': 'SwinIR light x4',
    'swinir-m-x4': 'SwinIR classical x4, DIV2K',
    'swinir-denoise': 'SwinIR denoising',
    'swinir-jpeg': 'SwinIR JPEG',
    'swinir-real-x4': 'SwinIR real-world x4',
  });
});

describe('SwinIR', () => {
  it.each(Object.entries(findNetwork('swinir').published))(
    'finds the options of %s from names and shapes',
    (_, options) => {
      expect(detected(shapesOf(createModel('swinir', options).parameters))).toEqual([{ id: 'swinir', options }]);
    },
  );

  it.each([
    { img_size: [16, 24], ape: true, upsampler: 'pixelshuffle', upscale: 3 },
    { img_size: 8, patch_norm: false, qkv_bias: false, upsampler: 'nearest+conv' },
    { depths: [1, 3], num_heads: [4, 2], mlp_ratio: 1.5, resi_connection: '3conv', upsampler: 'pixelshuffledirect' },
  ])('finds its options from names and shapes: %j', (variant) => {
    const found = detected(shapesOf(createModel('swinir', { ...small, ...variant }).parameters));
    expect(found).toEqual([
      { id: 'swinir', options: expect.objectContaining({ ...variant, embed_dim: 8, window_size: 8 }) as unknown },
    ]);
  });

  it('does not take for its own a file whose table fits no window', () => {
    const shapes = new Map(shapesOf(createModel('swinir', small).parameters));
    shapes.set('layers.0.residual_group.blocks.0.attn.relative_position_bias_table', [200, 2]);
    expect(detected(shapes)).toEqual([]);
  });

  it('does not shift windows as large as the training patch, as the authors', () => {
    const masks = (img_size: number) =>
      [...shapesOf(createModel('swinir', { ...small, img_size }).parameters).keys()].filter((name) =>
        name.endsWith('attn_mask'),
      );
    expect(masks(8)).toEqual([]);
    expect(masks(16)).toEqual(['layers.0.residual_group.blocks.1.attn_mask']);
  });

  it.each([
    [{ depths: [2, 2], num_heads: [2] }, /one number of heads for each group/],
    [{ num_heads: [3] }, /multiple of every number of heads/],
    [{ img_size: 20 }, /multiple of window_size/],
    [{ upsampler: 'nearest+conv', upscale: 3 }, /by 2 or by 4/],
  ])('refuses %j', (wrong, message) => {
    expect(() => createModel('swinir', { ...small, ...wrong })).toThrow(message);
  });
});

describe('SwinIR on pictures', () => {
  beforeAll(() => void openEngine());

  const restore = (options: object, x: tf.Tensor4D): tf.Tensor4D => {
    const model = createModel('swinir', { ...small, ...options });
    model.parameters.initialise(1);
    return model.forward(x);
  };

  it.each([
    [1, 1, { upsampler: 'pixelshuffle', upscale: 8 }, 8],
    [5, 19, { upsampler: 'nearest+conv', upscale: 4 }, 4],
    [17, 8, { upsampler: 'pixelshuffledirect', upscale: 3 }, 3],
    [9, 23, { window_size: 7, img_size: 21, img_range: 255 }, 1],
    [13, 20, { ape: true }, 1],
  ])('takes %d by %d pixels with %j', (height, width, options, scale) => {
    const y = restore(options, noise(2, height, width));
    expect(y.shape).toEqual([2, height * scale, width * scale, 3]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('keeps opposite sides apart in shifted windows', () => {
    const x = noise(1, 16, 40);
    const darkened = tf.concat([tf.slice(x, [0, 0, 0, 0], [-1, -1, 38, -1]), tf.zeros<tf.Rank.R4>([1, 16, 2, 3])], 2);
    const left = (picture: tf.Tensor4D) => tf.slice(restore({}, picture), [0, 0, 0, 0], [-1, -1, 8, -1]);
    expect(worstDifference(left(x), left(darkened))).toBe(0);
  });

  it('restores colour with a grey model plane by plane', () => {
    const x = noise(2, 9, 12);
    const blue = (colour: tf.Tensor4D) => tf.slice(colour, [0, 0, 0, 2], [-1, -1, -1, 1]);
    const grey = { in_chans: 1 };
    expect(worstDifference(blue(restore(grey, x)), restore(grey, blue(x)))).toBeLessThan(1e-5);
  });

  it('computes the mask that PyTorch stores', () => {
    const regions = shiftRegions(16, 24, 8, 4);
    const stored = tf.tensor(storedShiftMask(regions, 8), [6, 1, 64, 64]);
    expect(worstDifference(shiftMask(regions, 8, 1), stored)).toBe(0);
  });
});

describeWithShared('SwinIR and a file of the authors’ class', 'parity/swinir', () => {
  beforeAll(() => void openEngine());

  it('writes what it read, masks and position indices included', () => {
    const { config } = JSON.parse(readFileSync(shared('parity/swinir/meta.json'), 'utf8')) as { config: object };
    const { weights } = readSafetensors(readFileSync(shared('parity/swinir/weights.safetensors')));
    const model = createModel('swinir', config);
    const written = model.parameters.load(weights).toWeights();
    expect(new Set(written.keys())).toEqual(new Set(weights.keys()));
    for (const [name, tensor] of weights) expect(written.get(name), name).toEqual(tensor);
  });
});
