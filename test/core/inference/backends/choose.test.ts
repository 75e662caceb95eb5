import { describe, expect, it } from 'vitest';
import { chooseBackend, type ChooseOptions } from '../../../../src/core/inference/backends/choose.ts';
import { disagreement } from '../../../../src/core/inference/backends/trust.ts';
import type { FloatPicture } from '../../../../src/core/pictures/picture.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { backendOf, type Counted, counted, half, memory, noise, slowly } from './stubs.ts';

const GPU = 'onnx:webgpu';
const tile = noise(128);
const small = noise(64);

/** A processor, a GPU, and what is said. */
function setUp(gpu: Counted, { wanted = true, processor = counted(), verdicts = memory() } = {}) {
  const said: string[] = [];
  const backend = backendOf(GPU, gpu);
  const options: ChooseOptions = {
    reference: { id: 'tensorflow', restorer: processor },
    others: [backend],
    ...(wanted && { wanted: GPU }),
    verdicts,
    tell: (sentence) => said.push(sentence),
  };
  return {
    restorer: chooseBackend(options),
    again: () => chooseBackend(options),
    said,
    processor,
    gpu,
    backend,
    verdicts,
  };
}

describe('trust', () => {
  it('is checked once for each tile size, and remembered', async () => {
    const { restorer, again, said, processor, gpu, verdicts } = setUp(counted());
    expect((await restorer.run(small)).data).toEqual(half(small).data);
    expect([processor.runs, gpu.runs]).toEqual([1, 1]);
    await restorer.run(small);
    expect([processor.runs, gpu.runs]).toEqual([1, 2]);
    await restorer.run(noise(64, 32));
    expect([processor.runs, gpu.runs]).toEqual([2, 3]);
    await again().run(small);
    expect([processor.runs, gpu.runs]).toEqual([2, 4]);
    expect(verdicts.kept.map(({ width, height, distrust }) => [width, height, distrust])).toEqual([
      [64, 64, undefined],
      [64, 32, undefined],
    ]);
    expect(said).toEqual([]);
  });

  const shifted = ({ data, ...rest }: FloatPicture): FloatPicture => ({
    ...rest,
    data: data.map((_, i) => (data[Math.max(0, i - 3)] as number) / 2),
  });
  it.each<[string, (given: FloatPicture) => FloatPicture, string]>([
    ['black pictures', (given) => ({ ...given, data: new Float32Array(given.data.length) }), 'black'],
    ['what is no number', (given) => ({ ...given, data: given.data.map(() => Number.NaN) }), 'not-a-number'],
    ['pictures moved by a pixel', shifted, 'different'],
  ])('is refused permanently to a backend that gives %s', async (_, lie, distrust) => {
    const { restorer, again, said, gpu, verdicts } = setUp(counted(lie));
    for (const restoring of [restorer, restorer, again()])
      expect((await restoring.run(small)).data).toEqual(half(small).data);
    expect(gpu.runs).toBe(1);
    expect(verdicts.find(GPU, small)?.distrust).toBe(distrust);
    expect(new Set(said)).toEqual(
      new Set(['GPU (WebGPU) gave a wrong picture with this model. The processor restored this picture.']),
    );
  });

  it('is lost after a NaN, even if earlier pictures were correct', async () => {
    let broken = false;
    const gpu = counted((given) => (broken ? { ...given, data: given.data.map(() => Number.NaN) } : half(given)));
    const { restorer, verdicts } = setUp(gpu);
    await restorer.run(small);
    broken = true;
    expect((await restorer.run(small)).data).toEqual(half(small).data);
    expect(verdicts.find(GPU, small)?.distrust).toBe('not-a-number');
    await restorer.run(small);
    expect(gpu.runs).toBe(2);
  });
});

describe('a device that fails', () => {
  it('falls back to smaller tiles at once and permanently when memory runs out', async () => {
    const gpu = counted((given) => {
      if (given.width > 64) throw new AppError('out-of-memory', 'no memory');
      return half(given);
    });
    const { restorer, said, processor } = setUp(gpu);
    // Blending tiles rounds.
    expect(disagreement(half(tile), await restorer.run(tile))).toBeUndefined();
    expect(said).toEqual(['GPU (WebGPU) ran out of memory. Smaller tiles were used.']);
    const [first, ...rest] = gpu.sizes;
    expect([first, new Set(rest)]).toEqual(['128x128', new Set(['64x64'])]);
    gpu.sizes = [];
    processor.runs = 0;
    await restorer.run(tile);
    expect([new Set(gpu.sizes), processor.runs]).toEqual([new Set(['64x64']), 0]);
  });

  it('falls back to the processor, tile by tile and permanently, if smaller tiles do not help', async () => {
    let lost = false;
    const gpu = counted((given) => {
      if (lost) throw new AppError('worker-died', 'the device was removed');
      return half(given);
    });
    const { restorer, said, processor } = setUp(gpu);
    await restorer.run(tile);
    lost = true;
    expect((await restorer.run(tile)).data).toEqual(half(tile).data);
    expect(said).toEqual(['GPU (WebGPU) stopped working. The processor restored the rest of this picture.']);
    const before = [gpu.runs, processor.runs];
    expect((await restorer.run(tile)).data).toEqual(half(tile).data);
    expect([gpu.runs, processor.runs]).toEqual([before[0], (before[1] ?? 0) + 1]);
    expect(said.at(-1)).toBe('The processor restored this picture, because this had stopped working: GPU (WebGPU).');
  });

  it('is requested only once if there is none, and not at all the next time', async () => {
    const gpu = counted(() => {
      throw new AppError('engine', 'Failed to get a WebGPU adapter: No supported adapters');
    });
    const { restorer, again, said, verdicts } = setUp(gpu);
    expect((await restorer.run(small)).data).toEqual(half(small).data);
    expect(verdicts.find(GPU, small)?.distrust).toBe('absent');
    const { runs } = gpu;
    await again().run(small);
    expect(gpu.runs).toBe(runs);
    expect(said.at(-1)).toBe('GPU (WebGPU) is not available on this computer. The processor restored this picture.');
  });

  it('affects only the picture that was cancelled', async () => {
    const gpu = counted(() => {
      throw new AppError('cancelled', 'Cancelled.');
    });
    const { restorer, verdicts } = setUp(gpu);
    await expect(restorer.run(small)).rejects.toThrow('Cancelled.');
    expect(verdicts.kept).toEqual([]);
  });
});

describe('the fastest', () => {
  const auto = { wanted: false };

  it('is not searched for with a tile that takes less time than a comparison', async () => {
    const { restorer, gpu, processor } = setUp(counted(), auto);
    await restorer.run(small);
    expect([gpu.runs, processor.runs, restorer.backend]).toEqual([0, 1, 'tensorflow']);
  });

  it('restores the picture that it was found with, and later ones without another comparison', async () => {
    const { restorer, again, processor, gpu } = setUp(counted(slowly(5)), { ...auto, processor: counted(slowly(40)) });
    await restorer.run(tile);
    expect(restorer.backend).toBe(GPU);
    const before = processor.runs;
    await restorer.run(tile);
    const next = again();
    await next.run(tile);
    expect([next.backend, processor.runs]).toEqual([GPU, before]);
    expect(gpu.runs).toBe(4);
  });

  it('is the processor if the GPU is slower or hardly faster, and the GPU is then closed', async () => {
    for (const ms of [80, 40]) {
      const { restorer, again, backend, gpu } = setUp(counted(slowly(ms)), { ...auto, processor: counted(slowly(40)) });
      await restorer.run(tile);
      expect([restorer.backend, again().backend, backend.closed]).toEqual(['tensorflow', 'tensorflow', 1]);
      const { runs } = gpu;
      await restorer.run(tile);
      expect(gpu.runs).toBe(runs);
    }
  });

  it('is never one that gives a different picture, however fast it is', async () => {
    const { restorer, said } = setUp(
      counted((given) => given),
      { ...auto, processor: counted(slowly(20)) },
    );
    expect((await restorer.run(tile)).data).toEqual(half(tile).data);
    expect(restorer.backend).toBe('tensorflow');
    expect(said).toEqual(['GPU (WebGPU) gave a wrong picture with this model. The processor restored this picture.']);
  });

  it('is found without a warning if there is no GPU', async () => {
    const gpu = counted(() => {
      throw new AppError('engine', '[webgpu] backend not found');
    });
    const { restorer, again, said } = setUp(gpu, auto);
    await restorer.run(tile);
    await again().run(tile);
    expect([restorer.backend, gpu.runs, said]).toEqual(['tensorflow', 1, []]);
  });
});
