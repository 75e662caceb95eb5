import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { neededFeatureWeights, type VggNetwork } from '../../../src/core/losses/vgg.ts';
import type { Weights } from '../../../src/core/formats/weights.ts';
import { writeTorchFile } from '../../../src/core/formats/torch/writeTorch.ts';
import { importFeatures, listFeatures, loadFeatures } from '../../../src/services/models/features.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';

let home: Home;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-features-'));
  home = openHome(join(folder, 'home'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const widths = {
  vgg16: [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512],
  vgg19: [64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512],
};

/** A file as torchvision names and shapes it, with its classifier cut down. */
function vgg(network: VggNetwork): Weights {
  const names = neededFeatureWeights(network, [network === 'vgg16' ? 'relu5_3' : 'relu5_4']);
  const weights: Weights = new Map();
  names.forEach((name, i) => {
    const at = Math.floor(i / 2);
    const out = widths[network][at] ?? 0;
    const shape = name.endsWith('.weight') ? [out, at === 0 ? 3 : (widths[network][at - 1] ?? 0), 3, 3] : [out];
    weights.set(name, { dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i) });
  });
  return weights.set('classifier.0.bias', { dtype: 'float32', shape: [1], data: Float32Array.of(1) });
}

describe('importFeatures', () => {
  it.each(['vgg16', 'vgg19'] as const)(
    'keeps the convolutions of %s and says where they came from',
    async (network) => {
      const file = join(folder, 'weights.pth');
      const weights = vgg(network);
      writeFileSync(file, writeTorchFile(weights));
      expect(loadFeatures(network, home)).toBeUndefined();
      const imported = await importFeatures(file, home);
      expect(imported.network).toBe(network);
      expect(imported.source).toMatch(/^weights\.pth, SHA-256 [0-9a-f]{64}$/);
      const loaded = loadFeatures(network, home);
      expect(loaded?.source).toBe(imported.source);
      weights.delete('classifier.0.bias');
      expect([...(loaded?.weights ?? [])]).toEqual([...weights]);
      expect(listFeatures(home)).toEqual([imported]);
    },
  );

  it('refuses anything else with a sentence', async () => {
    const file = join(folder, 'other.pth');
    const weights = vgg('vgg16');
    weights.delete('features.28.bias');
    writeFileSync(file, writeTorchFile(weights));
    await expect(importFeatures(file, home)).rejects.toThrow(/does not hold torchvision's VGG16 or VGG19/);
    expect(loadFeatures('vgg16', home)).toBeUndefined();
  });
});
