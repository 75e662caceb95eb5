import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { chooseTile, openRestorer } from '../../../src/core/inference/restorer.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { randomStream } from '../../../src/core/random.ts';
import { writeSafetensors } from '../../../src/core/formats/safetensors.ts';
import { mcir } from '../../cli/program.ts';
import { temporaryFolder } from '../../photographs.ts';
import { writeHalvingGraph } from '../engine/passes/fuse/halvingGraph.ts';

const folder = temporaryFolder();
const random = randomStream(1, 'graphs');
const noise = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.uniform());

describe('a TensorFlow.js graph', () => {
  beforeAll(() => void openEngine());

  it('restores tiles of any size, which are best a multiple of what it likes', async () => {
    const file = writeHalvingGraph(join(folder, 'half'));
    const restorer = await openRestorer({
      title: 'half',
      network: 'graph',
      options: {},
      weights: new Map(),
      graph: { file, range: 255, multipleOf: 64 },
    });
    const tile = { width: 50, height: 70, channels: 3 as const, data: noise(50 * 70 * 3) };
    const restored = await restorer.run(tile);
    restorer.dispose();
    expect(restored).toMatchObject({ width: 50, height: 70 });
    expect(Math.max(...restored.data.map((value, i) => Math.abs(value - (tile.data[i] ?? NaN) / 2)))).toBeLessThan(
      1e-6,
    );
    const budget = 200 ** 2 * restorer.bytesPerPixel;
    expect(chooseTile(restorer, { width: 900, height: 700 }, budget)).toBe(192);
    expect(chooseTile(restorer, { width: 250, height: 128 }, budget), 'whole where it fits').toBe(250);
  });
});

describe('a network exported to ONNX', () => {
  it('restores a photograph as the network itself does', async () => {
    const options = { num_feat: 4, num_block: 1, upscale: 2 };
    const weights = join(folder, 'edsr.safetensors');
    writeFileSync(
      weights,
      writeSafetensors(createModel('edsr', options).parameters.initialise(1).toWeights(), {
        mcir: JSON.stringify({ network: 'edsr', options }),
      }),
    );
    const onnx = join(folder, 'edsr.onnx');
    const photograph = join(folder, 'photograph.png');
    await sharp(
      Uint8Array.from(noise(75 * 61 * 3), (value) => value * 255),
      { raw: { width: 75, height: 61, channels: 3 } },
    )
      .png()
      .toFile(photograph);
    expect(await mcir(folder, 'models', 'convert', weights, onnx)).toMatchObject({ code: 0 });
    const results: Buffer[] = [];
    for (const model of [weights, onnx]) {
      const out = join(folder, `restored-${results.length}`);
      expect(await mcir(folder, 'restore', photograph, '--model', model, '--out', out)).toMatchObject({ code: 0 });
      results.push(await sharp(join(out, 'photograph.png')).raw().toBuffer());
    }
    const [expected, restored] = results as [Buffer, Buffer];
    expect(restored.length).toBe(150 * 122 * 3);
    // Rounding to 8 bits may fall the other way.
    expect(Math.max(...restored.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))).toBeLessThanOrEqual(1);
  });
});
