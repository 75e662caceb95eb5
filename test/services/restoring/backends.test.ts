import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RestoreWorker } from '../../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings, type RestoreModel } from '../../../src/shared/batches.ts';
import type { RestoredFile } from '../../../src/shared/restoreMessages.ts';
import { childProcesses, temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';
import { swiftShader } from '../../swiftShader.ts';

/** Pictures through the real processes on the backends that a machine without a GPU has. */

const folder = temporaryFolder();
const picture = join(folder, 'picture.png');
const SIDE = 48;
let model: RestoreModel;
let worker: RestoreWorker | undefined;
let count = 0;

beforeAll(async () => {
  await sharp({
    create: {
      width: SIDE * 2,
      height: SIDE,
      channels: 3,
      background: '#875',
      noise: { type: 'gaussian', mean: 128, sigma: 30 },
    },
  }).toFile(picture);
  const path = seededModel(folder, 'nafnet');
  const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
  const options = { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] };
  model = { title: 'nafnet', network: 'nafnet', options, file: { path, hash } };
});

afterEach(async () => {
  await worker?.end();
  worker = undefined;
});

const open = (env: Record<string, string>): RestoreWorker => {
  worker = new RestoreWorker([model], { env: { CUDA_VISIBLE_DEVICES: '-1', ...env } });
  return worker;
};

async function restore(restoring: RestoreWorker, tile = SIDE): Promise<RestoredFile & { pixels: Buffer }> {
  const id = ++count;
  const target = join(folder, `result-${id}.part`);
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const restored = await restoring.restore(
    {
      id,
      source: picture,
      target,
      folder: scratch,
      effect: effect.parse({ tile }),
      caution: 1,
      export: exportSettings.parse({ format: 'png' }),
    },
    () => undefined,
  );
  return { ...restored, pixels: await sharp(target).raw().toBuffer() };
}

/** The largest difference of two pictures, in steps of 8 bits. */
const apart = (a: Buffer, b: Buffer): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);

let expected: Buffer;

describe('a picture', () => {
  it('is restored without TensorFlow, by ONNX Runtime, to the same picture', async () => {
    const ours = await restore(open({ MCIR_DEVICE: 'tensorflow' }));
    expect(ours.backends).toEqual(['tensorflow']);
    expected = ours.pixels;
    await worker?.end();
    const theirs = await restore(open({ MCIR_TENSORFLOW: 'off', MCIR_DEVICE: 'auto' }));
    expect(theirs.backends).toEqual(['onnx:cpu']);
    expect(theirs.warnings).toEqual([]);
    expect(apart(theirs.pixels, expected)).toBeLessThanOrEqual(1);
  });

  it('is restored by the processor where the GPU that was asked for is not there, and says so, the next time at once', async () => {
    const findings = join(folder, 'absent');
    const env = { MCIR_DEVICE: 'webgpu', MCIR_FINDINGS: findings, VK_ICD_FILENAMES: '/none', VK_DRIVER_FILES: '/none' };
    const sentence = 'GPU (WebGPU) is not available on this computer. The processor restored this picture.';
    const first = await restore(open(env));
    expect(apart(first.pixels, expected)).toBe(0);
    expect(first.warnings.at(-1)).toMatch(/^GPU \(WebGPU\) (is not available|stopped working)/);
    const known = readdirSync(findings).map((name) => JSON.parse(readFileSync(join(findings, name), 'utf8')) as object);
    expect(known).toContainEqual(expect.objectContaining({ backend: 'onnx:webgpu', distrust: 'absent' }));
    await worker?.end();
    const second = await restore(open(env));
    expect(second.warnings).toEqual([sentence]);
    expect(tilesProcess()).toBeUndefined();
  });
});

/** The process that computes tiles for the worker. */
const tilesProcess = (): number | undefined =>
  childProcesses(worker?.pid).find(({ command }) => command.includes('workers/tiles.ts'))?.pid;

const vulkan = swiftShader();

describe.skipIf(vulkan === undefined)('WebGPU (SwiftShader)', () => {
  it('gives the same picture; when its process is killed, another goes on, and the next picture too', async () => {
    const env = { ...vulkan, MCIR_DEVICE: 'webgpu', MCIR_FINDINGS: join(folder, 'findings') };
    const restoring = open(env);
    const first = await restore(restoring);
    expect([first.backends, first.warnings]).toEqual([['onnx:webgpu'], []]);
    expect(apart(first.pixels, expected)).toBeLessThanOrEqual(1);
    const pid = tilesProcess();
    expect(pid).toBeDefined();
    process.kill(pid ?? 0, 'SIGKILL');
    const second = await restore(restoring);
    expect(second.warnings).toEqual(['GPU (WebGPU) stopped working for a moment. It was started again.']);
    expect(apart(second.pixels, expected)).toBeLessThanOrEqual(1);
    expect(tilesProcess()).not.toBe(pid);
  });
});
