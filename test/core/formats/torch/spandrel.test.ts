import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { createModel } from '../../../../src/core/networks/index.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/core/formats/safetensors.ts';
import { writeTorchFile } from '../../../../src/core/formats/torch/writeTorch.ts';

/** A Python with PyTorch and spandrel, which finds the authors' class by itself; see torchRoundTrip.test.ts. */
const python = process.env['MCIR_TEST_PYTHON'] ?? 'python3';
const hasSpandrel = spawnSync(python, ['-c', 'import spandrel, safetensors']).status === 0;

const script = `
import sys, torch, spandrel
from safetensors.torch import load_file, save_file
model = spandrel.ModelLoader().load_from_file(sys.argv[1]).model.eval()
with torch.no_grad():
    save_file({'y': model(load_file(sys.argv[2])['x']).contiguous()}, sys.argv[3])`;

describe.skipIf(!hasSpandrel)("the authors' classes (needs a Python with spandrel, see MCIR_TEST_PYTHON)", () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-spandrel-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each<[string, object]>([
    [
      'swinir',
      { embed_dim: 24, depths: [2, 2], num_heads: [2, 2], window_size: 8, upscale: 2, upsampler: 'pixelshuffledirect' },
    ],
    ['nafnet', { width: 16, middle_blk_num: 1, enc_blk_nums: [1, 1], dec_blk_nums: [1, 1] }],
    [
      'swinir',
      {
        img_size: 16,
        embed_dim: 24,
        depths: [2],
        num_heads: [2],
        window_size: 8,
        upscale: 3,
        upsampler: 'pixelshuffle',
        resi_connection: '3conv',
      },
    ],
    [
      'swinir',
      {
        img_size: 16,
        embed_dim: 24,
        depths: [2],
        num_heads: [2],
        window_size: 8,
        upscale: 4,
        upsampler: 'nearest+conv',
      },
    ],
    ['swinir', { img_size: 16, embed_dim: 24, depths: [2], num_heads: [2], window_size: 8, upscale: 1 }],
    ['rrdbnet', { num_block: 2, scale: 4 }],
    ['rrdbnet', { num_block: 2, scale: 2 }],
    ['rrdbnet', { num_block: 2, scale: 1, names: 'esrgan-old', unshuffle: 4 }],
    ['rrdbnet', { num_block: 2, scale: 2, names: 'esrgan-old', plus: true }],
    ['srvgg', { num_feat: 16, num_conv: 2, upscale: 4 }],
  ])('load a %s of ours, %j, and give the same picture to 1e-4', (network, options) => {
    openEngine();
    const model = createModel(network, options);
    model.parameters.initialise(7);
    const x = tf.randomUniform<tf.Rank.R4>([1, 32, 48, 3], 0, 1, 'float32', 11);
    const ours = tf.tidy(() => tf.transpose(model.forward(x), [0, 3, 1, 2]));
    const planes = tf.transpose(x, [0, 3, 1, 2]);
    const [file, input, output] = ['model.pth', 'x.safetensors', 'y.safetensors'].map((name) =>
      join(folder, `${network}-${name}`),
    ) as [string, string, string];
    writeFileSync(file, writeTorchFile(model.parameters.toWeights()));
    writeFileSync(
      input,
      writeSafetensors(new Map([['x', { dtype: 'float32', shape: planes.shape, data: planes.dataSync<'float32'>() }]])),
    );
    const { status, stderr } = spawnSync(python, ['-c', script, file, input, output], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const theirs = readSafetensors(readFileSync(output)).weights.get('y');
    expect(theirs?.shape).toEqual(ours.shape);
    const data = ours.dataSync<'float32'>();
    const difference = (theirs?.data as Float32Array).reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (data[i] ?? Infinity))),
      0,
    );
    expect(difference).toBeLessThan(1e-4);
  });
});
