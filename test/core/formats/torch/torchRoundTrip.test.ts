import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWeightsFile } from '../../../../src/core/formats/readWeights.ts';
import type { Weights } from '../../../../src/core/formats/weights.ts';
import { writeTorchFile } from '../../../../src/core/formats/torch/writeTorch.ts';

/** A Python with PyTorch; set MCIR_TEST_PYTHON to name one that is not the system's. */
const python = process.env['MCIR_TEST_PYTHON'] ?? 'python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;

function run(script: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ['-c', script, ...args], { encoding: 'utf8' });
  expect(stderr.replace(/.*Warning.*\n?/g, '').includes('Error') ? stderr : '').toBe('');
  expect(status).toBe(0);
  return stdout;
}

describe.skipIf(!hasTorch)('PyTorch itself (needs a Python with torch, see MCIR_TEST_PYTHON)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-torch-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loads what we write with weights_only, as a mapped file too, the same values', () => {
    const weights: Weights = new Map([
      [
        'conv.weight',
        { dtype: 'float32', shape: [2, 3, 1, 2], data: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)) },
      ],
      ['index', { dtype: 'int64', shape: [2], data: BigInt64Array.of(-5n, 2n ** 40n) }],
      ['mask', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
      ['größe', { dtype: 'float32', shape: [], data: Float32Array.of(0.1) }],
    ]);
    const file = join(folder, 'ours.pth');
    writeFileSync(file, writeTorchFile(weights));
    const script = `
import torch, sys, json
for mmap in (False, True):
    d = torch.load(sys.argv[1], weights_only=True, mmap=mmap)
    assert list(d) == ['params', 'params_ema'] and type(d['params']).__name__ == 'OrderedDict'
    assert all(torch.equal(d['params'][k], d['params_ema'][k]) for k in d['params'])
print(json.dumps({k: [str(v.dtype), list(v.shape), v.double().flatten().tolist()] for k, v in d['params'].items()}))`;
    const read = JSON.parse(run(script, file)) as Record<string, [string, number[], number[]]>;
    expect(Object.keys(read)).toEqual([...weights.keys()]);
    for (const [name, { dtype, shape, data }] of weights)
      expect(read[name]).toEqual([`torch.${dtype}`, shape, [...data].map(Number)]);
  });

  it.each(['True', 'False'])(
    'writes what we read: views, types, parameters, wrappers (zip format: %s)',
    async (zip) => {
      const file = join(folder, `theirs-${zip}.pth`);
      const script = `
import torch, sys, collections, json
torch.manual_seed(1)
base = torch.randn(4, 5)
sd = collections.OrderedDict()
for name, t in dict(whole=base, turned=base.t(), part=base[1:3, ::2], flipped=base.permute(1, 0).contiguous(), expanded=base[:1].expand(3, 5),
    half=base.half(), brain=base.bfloat16(), double=base.double(), long=torch.arange(3), int=torch.arange(3).int(), short=torch.arange(3).short(),
    char=torch.arange(-1, 2).char(), byte=torch.arange(3).byte(), flag=torch.tensor([True, False]), scalar=torch.tensor(2.5), channels=torch.randn(1, 3, 2, 2).to(memory_format=torch.channels_last)).items():
    sd['module.' + name] = t
sd['module.parameter'] = torch.nn.Parameter(base[0])
torch.save({'epoch': 3, 'dtype': torch.float32, 'size': base.shape, 'state_dict': sd, 'optimizer': {'state': {0: {'exp_avg': base}}, 'param_groups': [{'betas': (0.9, 0.99), 'lr': 1e-4}]}}, sys.argv[1], _use_new_zipfile_serialization=${zip})
print(json.dumps({k[7:]: [list(v.shape), v.float().flatten().tolist()] for k, v in sd.items()}))`;
      const expected = JSON.parse(run(script, file)) as Record<string, [number[], number[]]>;
      const { weights } = await readWeightsFile(file);
      expect([...weights.keys()]).toEqual(Object.keys(expected));
      for (const [name, [shape, values]] of Object.entries(expected)) {
        expect(weights.get(name)?.shape).toEqual(shape);
        expect([...(weights.get(name)?.data ?? [])].map(Number)).toEqual(values);
      }
    },
  );

  it.each(['torch.float8_e4m3fn', 'torch.float8_e5m2', 'torch.uint16'])('says what is wrong with %s', async (type) => {
    const file = join(folder, 'new.pth');
    run(`import torch, sys; torch.save({'a.weight': torch.zeros(3).to(${type})}, sys.argv[1])`, file);
    await expect(readWeightsFile(file)).rejects.toThrow(
      'This PyTorch file stores numbers in a new type, such as float8, which is not supported. Convert its weights to float32 first.',
    );
  });

  it('reads a network of which DataParallel stands around a part', async () => {
    const file = join(folder, 'part.pth');
    run(
      'import torch, sys; n = torch.nn; torch.save(n.Sequential(n.Conv2d(3, 3, 1), n.DataParallel(n.Sequential(n.Conv2d(3, 3, 1)))).state_dict(), sys.argv[1])',
      file,
    );
    expect([...(await readWeightsFile(file)).weights.keys()]).toEqual(['0.weight', '0.bias', '1.0.weight', '1.0.bias']);
  });

  it('reads a module that was saved whole as what it is: code', async () => {
    const file = join(folder, 'module.pth');
    run('import torch, sys; torch.save(torch.nn.Conv2d(1, 1, 1), sys.argv[1])', file);
    await expect(readWeightsFile(file)).rejects.toThrow(/torch\.nn\.modules\.conv\.Conv2d/);
  });
});
