import * as tf from '@tensorflow/tfjs-core';
import { BatchLoader } from '../../src/core/data/loader.ts';
import { compileForward } from '../../src/core/engine/compile.ts';
import { openEngine } from '../../src/core/engine/open.ts';
import { createModel } from '../../src/core/networks/index.ts';
import { randomStream } from '../../src/core/random.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import { runConfig, type RunConfig } from '../../src/shared/runConfig.ts';
import { readOptions } from './options.ts';

/**
 * One process of the bench: median milliseconds of a plain step, an MCIR step and one inference, as one JSON object. With
 * `--data FOLDER` instead: MCIR steps on real pictures with haze made on the way, and the share of the time that they
 * waited for data.
 */
const values = readOptions({ only: { type: 'string' } });
const number = (name: 'blocks' | 'scale' | 'batch' | 'patch' | 'negatives' | 'steps' | 'infer'): number => Number(values[name]);

/** The networks of the peer, with its settings. */
const networks: Record<string, { type: string; options: Record<string, unknown>; scale: number }> = {
  ffanet: { type: 'ffanet', options: { blocks: number('blocks') }, scale: 1 },
  edsr: { type: 'edsr', options: { num_block: number('blocks'), upscale: number('scale') }, scale: number('scale') },
  swinir: {
    type: 'swinir',
    options: { upscale: number('scale'), img_size: 64, window_size: 8, img_range: 1, depths: [6, 6, 6, 6], embed_dim: 60, num_heads: [6, 6, 6, 6], mlp_ratio: 2, upsampler: 'pixelshuffledirect' },
    scale: number('scale'),
  },
  nafnet: { type: 'nafnet', options: { width: 32, middle_blk_num: 1, enc_blk_nums: [1, 1, 1, 2], dec_blk_nums: [1, 1, 1, 1] }, scale: 1 },
};
const network = networks[values.arch];
if (!network) throw new Error(`--arch is one of ${Object.keys(networks).join(', ')}`);
openEngine();

function config(mcir: boolean): RunConfig {
  return runConfig.parse({
    network: { type: network?.type, options: network?.options },
    data: { train: { target: '-' } },
    precision: values.precision,
    compile: values.compile,
    ...(mcir ? { mcir: { negatives: Array.from({ length: number('negatives') }, (_, i) => ({ every: 1000 * (i + 1) })) } } : {}),
  });
}

/** Median time of a call, after two that are not counted: the first of them compiles. */
function timed(call: () => void): number {
  call();
  call();
  const times = Array.from({ length: number('steps') }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  return Number(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]?.toFixed(2));
}

function step(mcir: boolean): { ms: number; engine: string | undefined } {
  const trainer = new Trainer(config(mcir));
  const random = randomStream('bench');
  const noise = (size: number): Float32Array => Float32Array.from({ length: number('batch') * size * size * 3 }, () => random.uniform());
  const lqSize = number('patch');
  const gtSize = lqSize * (network?.scale ?? 1);
  const batch = { lq: noise(lqSize), gt: noise(gtSize), count: number('batch'), lqSize, gtSize, names: [] };
  const ms = timed(() => trainer.train(batch));
  const engine = trainer.engineNote;
  trainer.dispose();
  return { ms, engine };
}

async function realData(folder: string): Promise<object> {
  const settings = config(true);
  const loader = await BatchLoader.open({
    data: { ...settings.data, batch: number('batch'), patch: number('patch'), train: { target: folder, degradations: network?.scale === 1 ? [{ type: 'haze' }] : [{ type: 'bicubic', scale: network?.scale }] } },
    seed: 0,
    scale: network?.scale ?? 1,
  });
  const trainer = new Trainer(settings);
  const warmUp = 3;
  let start = 0;
  let waitedBefore = 0;
  for (let k = 1; k <= warmUp + number('steps'); k++) {
    if (k === warmUp + 1) [start, waitedBefore] = [performance.now(), loader.waitedMs];
    trainer.train(await loader.next(k));
  }
  const total = performance.now() - start;
  const waited = loader.waitedMs - waitedBefore;
  await loader.close();
  trainer.dispose();
  return { program: 'mcir-studio', arch: values.arch, steps: number('steps'), step_ms: Number((total / number('steps')).toFixed(2)), waiting_share: Number((waited / total).toFixed(4)) };
}

function inference(): number {
  const model = createModel(network?.type ?? '', network?.options);
  model.parameters.initialise(0);
  const forward = values.compile ? compileForward(model.forward, values.precision as RunConfig['precision']) : (x: tf.Tensor4D) => tf.tidy(() => model.forward(x));
  const picture = tf.randomUniform<tf.Rank.R4>([1, number('infer'), number('infer'), 3]);
  return timed(() => tf.tidy(() => void forward(picture).mean().dataSync()));
}

function figures(): object {
  const wanted = (name: string): boolean => values.only === undefined || values.only === name;
  const l1 = wanted('l1') ? step(false) : undefined;
  const mcir = wanted('mcir') ? step(true) : undefined;
  return {
    program: 'mcir-studio',
    arch: values.arch,
    precision: values.precision,
    engine: mcir?.engine ?? l1?.engine,
    l1_step_ms: l1?.ms,
    mcir_step_ms: mcir?.ms,
    infer_ms: wanted('infer') ? inference() : undefined,
  };
}

process.stdout.write(`${JSON.stringify(values.data === undefined ? figures() : await realData(values.data))}\n`);
