import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { runConfig } from './runConfig.ts';

/** Result of a trial: a few real steps of a training's configuration, on its own pictures. */

/** The question to the child process of a trial. */
export const trialStart = z.object({ home: z.string(), config: runConfig });

export const trial = z.object({
  /** Milliseconds per step: the median, how many steps were measured, and separately the first step, which compiles. */
  stepMs: z.number(),
  measured: z.int().positive(),
  firstStepMs: z.number(),
  /**
   * Milliseconds for one validation of all its pictures, extrapolated from one of them; and the number of validations
   * in the run.
   */
  validationMs: z.number(),
  validations: z.int().positive(),
  /** See {@link secondsOf}. */
  totalSeconds: z.number(),
  /** Peak memory of the process in bytes; on a GPU without the GPU's own memory. */
  memory: z.number(),
  /** Name of the device. */
  device: z.string(),
  threads: z.int().positive(),
  /** Whether steps run compiled; if not, why. */
  engine: z.string(),
  features: z.string(),
  parameters: z.int(),
  /** Number of training pictures and of validation pictures. */
  counts: z.object({ train: z.int(), validation: z.int() }),
});
export type Trial = z.infer<typeof trial>;

export const trialContract = childContract('trial', { measure: childCall(trialStart, trial) });

/** Number of validations in a run: before the first step, at each interval, and after the last. */
export const validationsOf = ({ steps, validateEvery }: { steps: number; validateEvery: number }): number =>
  1 + Math.ceil(steps / validateEvery);

/** Estimated seconds of a run at the speed of a trial. Checkpoints are not counted; each takes a second at most. */
export function secondsOf(
  { firstStepMs, stepMs, validationMs }: Pick<Trial, 'firstStepMs' | 'stepMs' | 'validationMs'>,
  run: { steps: number; validateEvery: number },
): number {
  return (firstStepMs + (run.steps - 1) * stepMs + validationsOf(run) * validationMs) / 1000;
}
