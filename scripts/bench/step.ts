import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { BatchLoader } from '../../src/core/data/loader.ts';
import { compileForward } from '../../src/core/engine/forward.ts';
import { openEngine } from '../../src/core/engine/open.ts';
import { JobControl } from '../../src/core/jobControl.ts';
import { createModel } from '../../src/core/networks/index.ts';
import { randomStream } from '../../src/core/random.ts';
import { RunFolder } from '../../src/core/training/runFolder.ts';
import { TrainingSession } from '../../src/core/training/trainingSession.ts';
import { Trainer } from '../../src/core/training/trainer.ts';
import { openEngineLike } from '../../src/workers/openTraining.ts';
import { runConfig, type RunConfig } from '../../src/shared/runConfig.ts';
import { readOptions, swinirLight } from './options.ts';

/**
 * One process of the benchmark: median milliseconds of a plain step and an MCIR step, or with `--only infer` of one
 * inference, as one JSON object. Inference has its own process, because trainings configure the engine differently.
 * With `--data FOLDER`: an MCIR training on real pictures with haze made during training, and the shares of time that
 * steps waited for data and that validation and checkpoints took.
 */
const values = readOptions({ only: { type: 'string' } });
const number = (name: 'blocks' | 'scale' | 'batch' | 'patch' | 'negatives' | 'steps' | 'infer'): number =>
  Number(values[name]);

/** The networks of the peer program, with its settings. */
const networks: Record<string, { type: string; options: Record<string, unknown>; scale: number }> = {
  ffanet: { type: 'ffanet', options: { blocks: number('blocks') }, scale: 1 },
  edsr: { type: 'edsr', options: { num_block: number('blocks'), upscale: number('scale') }, scale: number('scale') },
  swinir: {
    type: 'swinir',
    options: { ...swinirLight, upscale: number('scale') },
    scale: number('scale'),
  },
  nafnet: {
    type: 'nafnet',
    options: { width: 32, middle_blk_num: 1, enc_blk_nums: [1, 1, 1, 2], dec_blk_nums: [1, 1, 1, 1] },
    scale: 1,
  },
};
const network = networks[values.arch];
if (!network) throw new Error(`--arch is one of ${Object.keys(networks).join(', ')}`);
if (values.only !== undefined && values.only !== 'infer') throw new Error('--only is infer');
const shares = values.only === 'infer' ? 1 : openEngineLike(config(true)).shares;
openEngine();

function config(mcir: boolean): RunConfig {
  return runConfig.parse({
    network: { type: network?.type, options: network?.options },
    data: { train: { target: '-' }, batch: number('batch') },
    precision: values.precision,
    compile: values.compile,
    ...(mcir
      ? { mcir: { negatives: Array.from({ length: number('negatives') }, (_, i) => ({ every: 1000 * (i + 1) })) } }
      : {}),
  });
}

/** Median time of a call. Two calls before are not counted, because the first one compiles. */
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
  const trainer = new Trainer(config(mcir), { shares });
  const random = randomStream('bench');
  const noise = (size: number): Float32Array =>
    Float32Array.from({ length: number('batch') * size * size * 3 }, () => random.uniform());
  const lqSize = number('patch');
  const gtSize = lqSize * (network?.scale ?? 1);
  const batch = { lq: noise(lqSize), gt: noise(gtSize), count: number('batch'), lqSize, gtSize, names: [] };
  const ms = timed(() => trainer.train(batch));
  const engine = trainer.engineNote;
  trainer.dispose();
  return { ms, engine };
}

/**
 * A training as users run it: validation at the start, then every `validateEvery` steps with a checkpoint, and at the
 * end. The start and the steps before `warmUp` are not counted, because the first ones compile. The share of validation
 * and checkpoint is for the usual interval, however few steps are timed here.
 */
async function realData(folder: string): Promise<object> {
  const warmUp = 3;
  const parsed = config(true);
  const degradations = network?.scale === 1 ? [{ type: 'haze' }] : [{ type: 'bicubic', scale: network?.scale }];
  const settings = runConfig.parse({
    ...parsed,
    steps: number('steps') + warmUp,
    data: { ...parsed.data, batch: number('batch'), patch: number('patch'), train: { target: folder, degradations } },
  });
  const loader = await BatchLoader.open({ data: settings.data, seed: 0, scale: network?.scale ?? 1 });
  const trainer = new Trainer(settings, { shares });
  const train = trainer.train.bind(trainer);
  let [start, inSteps, waitedBefore] = [0, 0, 0];
  trainer.train = (batch) => {
    const begun = performance.now();
    if (trainer.step === warmUp) [start, waitedBefore] = [begun, loader.waitedMs];
    const result = train(batch);
    if (start > 0) inSteps += performance.now() - begun;
    return result;
  };
  const place = mkdtempSync(join(tmpdir(), 'mcir-bench-'));
  const session = {
    run: 'bench',
    config: settings,
    folder: new RunFolder(place).create(),
    trainer,
    loader,
    control: new JobControl(),
    onMetrics: () => undefined,
    onPause: () => undefined,
  };
  await new TrainingSession(session).run();
  const total = performance.now() - start;
  const waited = loader.waitedMs - waitedBefore;
  await loader.close();
  trainer.dispose();
  rmSync(place, { recursive: true });
  const stepMs = inSteps / number('steps');
  const interruptionMs = (total - inSteps - waited) / Math.ceil(settings.steps / settings.validateEvery);
  return {
    program: 'mcir-studio',
    arch: values.arch,
    steps: number('steps'),
    step_ms: Number(stepMs.toFixed(2)),
    waiting_share: Number((waited / total).toFixed(4)),
    validation_pictures: loader.counts.validation,
    validation_and_checkpoint_ms: Number(interruptionMs.toFixed(0)),
    validate_every: settings.validateEvery,
    validation_and_checkpoint_share: Number(
      (interruptionMs / (interruptionMs + settings.validateEvery * stepMs)).toFixed(4),
    ),
  };
}

function inference(): number {
  const model = createModel(network?.type ?? '', network?.options);
  model.parameters.initialise(0);
  const forward = values.compile
    ? compileForward(model.forward, { precision: values.precision as RunConfig['precision'] })
    : (x: tf.Tensor4D) => tf.tidy(() => model.forward(x));
  const picture = tf.randomUniform<tf.Rank.R4>([1, number('infer'), number('infer'), 3]);
  return timed(() => tf.tidy(() => void forward(picture).mean().dataSync()));
}

function figures(): object {
  if (values.only === 'infer') return { infer_ms: inference() };
  const l1 = step(false);
  const mcir = step(true);
  return {
    program: 'mcir-studio',
    arch: values.arch,
    precision: values.precision,
    engine: mcir.engine,
    shares,
    l1_step_ms: l1.ms,
    mcir_step_ms: mcir.ms,
  };
}

process.stdout.write(`${JSON.stringify(values.data === undefined ? figures() : await realData(values.data))}\n`);
