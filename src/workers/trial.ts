import { describeDevice, readEngine } from '../core/engine/device.ts';
import type { BatchLoader } from '../core/data/loader.ts';
import { psnr, ssim } from '../core/metrics/index.ts';
import type { Trainer } from '../core/training/trainer.ts';
import { sizesRecur } from '../core/training/validation.ts';
import type { RunConfig } from '../shared/runConfig.ts';
import { secondsOf, type Trial, trialContract, validationsOf } from '../shared/trials.ts';
import { serveChild } from './serveChild.ts';
import { explainMemory, openEngineLike, openLoader, openTrainer } from './openTraining.ts';

/** Number of steps measured after the first: fewer if they take longer than this time, but at least one. */
const most = { steps: 6, ms: 15_000 };

/** The child process that estimates a training: it runs a few real steps, measures them, and discards the result. */
serveChild(trialContract, { measure: ({ home, config }) => measure(home, config) });

async function measure(home: string, config: RunConfig): Promise<Trial> {
  const loader = await openLoader(config);
  let trainer: Trainer | undefined;
  try {
    const { threads, shares } = openEngineLike(config);
    ({ trainer } = await openTrainer(home, config, shares));
    const validationMs = await timeValidation(config, loader, trainer);
    const firstStepMs = await timeStep(loader, trainer);
    const times: number[] = [];
    const end = performance.now() + most.ms;
    while (times.length < most.steps && (times.length === 0 || performance.now() < end))
      times.push(await timeStep(loader, trainer));
    const stepMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? firstStepMs;
    return {
      stepMs,
      firstStepMs,
      measured: times.length,
      validationMs,
      validations: validationsOf(config),
      totalSeconds: secondsOf({ firstStepMs, stepMs, validationMs }, config),
      memory: process.resourceUsage().maxRSS * 1024,
      device: describeDevice(readEngine().device),
      threads,
      engine: trainer.engineNote ?? '',
      features: trainer.featuresNote,
      parameters: trainer.model.parameters.count,
      counts: loader.counts,
    };
  } catch (error) {
    return explainMemory(error, config);
  } finally {
    await loader.close();
    trainer?.dispose();
  }
}

async function timeStep(loader: BatchLoader, trainer: Trainer): Promise<number> {
  const started = performance.now();
  trainer.train(await loader.next(trainer.step));
  return performance.now() - started;
}

/**
 * Time for all validation pictures, extrapolated from the second pass of the first picture; the first pass compiles
 * what later ones reuse.
 */
async function timeValidation({ metrics }: RunConfig, loader: BatchLoader, trainer: Trainer): Promise<number> {
  const compiled = await sizesRecur(loader);
  for await (const { lq, gt } of loader.validation()) {
    const count = loader.counts.validation;
    const together = Array.from({ length: compiled ? Math.min(trainer.shares, count) : 1 }, () => lq);
    trainer.infer(together, compiled);
    const started = performance.now();
    const [restored = lq] = trainer.infer(together, compiled);
    const measuring = performance.now();
    psnr(restored, gt, metrics);
    ssim(restored, gt, metrics);
    return (measuring - started) * Math.ceil(count / together.length) + (performance.now() - measuring) * count;
  }
  return 0;
}
