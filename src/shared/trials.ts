import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { runConfig } from './runConfig.ts';

/** What a trial of a training measures: a few real steps of its configuration, on its own pictures. */

/** What the child process of a trial is asked. */
export const trialStart = z.object({ home: z.string(), config: runConfig });

export const trial = z.object({
  /** Milliseconds of a step: the median of those measured, how many, and the first, which compiles the step, by itself. */
  stepMs: z.number(),
  measured: z.int().positive(),
  firstStepMs: z.number(),
  /** Milliseconds of one validation of all its pictures, from one of them; how many validations the run makes. */
  validationMs: z.number(),
  validations: z.int().positive(),
  /** See {@link secondsOf}. */
  totalSeconds: z.number(),
  /** The most memory that the process has held so far, in bytes; on a GPU without the GPU's own. */
  memory: z.number(),
  /** What it ran on, in words. */
  device: z.string(),
  threads: z.int().positive(),
  /** Whether steps run compiled, and why not. */
  engine: z.string(),
  features: z.string(),
  parameters: z.int(),
  /** Pictures to train on, and to measure on. */
  counts: z.object({ train: z.int(), validation: z.int() }),
});
export type Trial = z.infer<typeof trial>;

export const trialContract = childContract('trial', { measure: childCall(trialStart, trial) });

/** Validations of a run: before the first step, at each interval, and after the last. */
export const validationsOf = ({ steps, validateEvery }: { steps: number; validateEvery: number }): number =>
  1 + Math.ceil(steps / validateEvery);

/** Seconds that a run takes at the pace of a trial. Checkpoints, a second each at most, are left out. */
export function secondsOf(
  { firstStepMs, stepMs, validationMs }: Pick<Trial, 'firstStepMs' | 'stepMs' | 'validationMs'>,
  run: { steps: number; validateEvery: number },
): number {
  return (firstStepMs + (run.steps - 1) * stepMs + validationsOf(run) * validationMs) / 1000;
}
