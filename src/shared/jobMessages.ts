import { z } from 'zod';
import { wireError } from './jobs.ts';
import { runConfig } from './runConfig.ts';
import { metricLine, runFacts, trainProgress } from './runs.ts';

/**
 * Messages between the program that owns a job and the child process that does the work. Both sides validate what they
 * receive.
 */

/** To the child process. `start` is sent once, as the first message; its payload depends on the kind of job. */
export const hostMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), payload: z.unknown() }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('stop') }),
]);
export type HostMessage = z.infer<typeof hostMessage>;

/** How a job ended without an error, and the reason if there is more to say. */
export const outcome = z.object({ state: z.enum(['finished', 'stopped']), reason: z.string().optional() });
export type Outcome = z.infer<typeof outcome>;

/**
 * From the child process. The payload of `event` depends on the kind of job; the other messages are the same for all
 * kinds.
 */
export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('paused') }),
  z.object({ type: z.literal('resumed') }),
  z.object({ type: z.literal('event'), event: z.unknown() }),
  z.object({ type: z.literal('done'), outcome }),
  z.object({ type: z.literal('failed'), error: wireError }),
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

/** Payload of `start` for a training. */
export const trainStart = z.object({
  run: z.string(),
  /** The run's folder, and the program's data folder with features and models. */
  folder: z.string(),
  home: z.string(),
  config: runConfig,
  /** Facts recorded at the first start; missing then. */
  facts: runFacts.optional(),
});
export type TrainStart = z.infer<typeof trainStart>;

export const trainEvent = z.discriminatedUnion('type', [
  /** Sent before the first step: the step from which the run continues. Later metrics are void. */
  z.object({ type: z.literal('ready'), step: z.int(), facts: runFacts }),
  z.object({ type: z.literal('metrics'), line: metricLine, progress: trainProgress }),
  /** A line for people that is also written to the run's log. */
  z.object({ type: z.literal('log'), text: z.string() }),
]);
export type TrainEvent = z.infer<typeof trainEvent>;

/** Whose features LPIPS compares. */
export const lpipsNetwork = z.enum(['alex', 'vgg']);
export type LpipsNetwork = z.infer<typeof lpipsNetwork>;

/** Payload of `start` for an evaluation. */
export const evaluateStart = z.object({
  home: z.string(),
  model: z.string(),
  input: z.string(),
  target: z.string(),
  cropBorder: z.int().min(0),
  yChannel: z.boolean(),
  /** The networks whose LPIPS is measured as well. */
  lpips: z.array(lpipsNetwork).exactOptional(),
  threads: z.int().positive().optional(),
});
export type EvaluateStart = z.infer<typeof evaluateStart>;

/** One picture's result; null stands for the infinite PSNR of equal pictures. */
export const evaluatedPicture = z.object({
  name: z.string(),
  psnr: z.number().nullable(),
  ssim: z.number(),
  /** LPIPS by network, where it was asked for; smaller is better. */
  lpips: z.partialRecord(lpipsNetwork, z.number()).exactOptional(),
});
export type EvaluatedPicture = z.infer<typeof evaluatedPicture>;

export const evaluateEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('model'),
    title: z.string(),
    network: z.string(),
    hash: z.string(),
    pictures: z.int(),
    unmatched: z.array(z.string()),
  }),
  z.object({ type: z.literal('picture'), picture: evaluatedPicture }),
  /** A pair that cannot be read or compared; the others are still measured. */
  z.object({ type: z.literal('failed'), name: z.string(), reason: z.string() }),
]);
export type EvaluateEvent = z.infer<typeof evaluateEvent>;
