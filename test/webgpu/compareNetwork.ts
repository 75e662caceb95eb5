import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createModel } from '../../src/core/networks/index.ts';
import { randomStream } from '../../src/core/random.ts';
import type { Weights } from '../../src/core/formats/weights.ts';
import { encodeModelFile } from '../../src/services/models/modelFiles.ts';
import type { TileProcess } from '../../src/services/restoring/tileProcess.ts';
import type { RestoreModel } from '../../src/shared/batches.ts';
import { noise } from '../core/inference/backends/stubs.ts';

/** A small network with seeded weights, as a file. */
function writeModel(folder: string, network: string, given: Record<string, unknown>): RestoreModel {
  const { parameters, options } = createModel(network, given);
  const weights: Weights = new Map(
    parameters.all.map(({ name, shape, init }) => [
      name,
      { dtype: 'float32', shape: [...shape], data: init(shape, randomStream(3, name)) },
    ]),
  );
  for (const [name, make] of parameters.buffers) weights.set(name, make());
  const path = join(folder, `${network}.safetensors`);
  writeFileSync(path, encodeModelFile({ title: network, network, options, weights }));
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { title: network, network, options, file: { path, hash } };
}

/** The largest difference between a tile of two devices. */
export async function differenceOf(
  devices: readonly [TileProcess, TileProcess],
  folder: string,
  network: string,
  options: Record<string, unknown>,
  side: number,
): Promise<number> {
  const model = writeModel(folder, network, options);
  const [a, b] = (await Promise.all(
    devices.map(async (device) => (await (await device.open(model)).run(noise(side))).data),
  )) as [Float32Array, Float32Array];
  if (a.length !== b.length || a.every((value) => value === a[0])) throw new Error('There is no picture to compare.');
  return a.reduce((most, value, i) => {
    const difference = Math.abs(value - (b[i] as number));
    return Number.isFinite(difference) ? Math.max(most, difference) : Infinity;
  }, 0);
}
