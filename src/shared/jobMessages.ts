import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { lpipsNetwork, lpipsValues } from './lpipsNetworks.ts';
import { runConfig } from './runConfig.ts';
import { metricLine, runFacts, trainProgress } from './runs.ts';

/** Messages between a program and the child processes that train and evaluate. */

/** How a job ended that did not fail, with the reason if there is one. */
export const outcome = z.object({ state: z.enum(['finished', 'cancelled']), reason: z.string().optional() });
export type Outcome = z.infer<typeof outcome>;

/** Messages that a job's child process may get at any time. `cancel`: save and end. */
const jobNotice = z.enum(['pause', 'resume', 'cancel']);

/** The contract of a child process that does a job: one question, whose answer is how the job ended. */
export const jobContract = <Question extends z.ZodType, Progress extends z.ZodType>(
  worker: string,
  question: Question,
  progress: Progress,
) =>
  childContract(
    worker,
    {
      work: childCall(
        question,
        outcome,
        z.discriminatedUnion('type', [
          z.object({ type: z.literal('paused') }),
          z.object({ type: z.literal('resumed') }),
          z.object({ type: z.literal('progress'), progress }),
        ]),
      ),
    },
    jobNotice,
  );
export type JobContract = ReturnType<typeof jobContract>;

/** The question to the child process of a training. */
export const trainStart = z.object({
  run: z.string(),
  /** The run's folder, and the program's data folder with features and models. */
  folder: z.string(),
  home: z.string(),
  config: runConfig,
  /** Facts recorded at the first start; undefined at that start. */
  facts: runFacts.optional(),
});
export type TrainStart = z.infer<typeof trainStart>;

export const trainEvent = z.discriminatedUnion('type', [
  /** Sent before the first step: the step from which the run continues. Later metrics are void. */
  z.object({ type: z.literal('ready'), step: z.int(), facts: runFacts }),
  z.object({ type: z.literal('metrics'), line: metricLine, progress: trainProgress }),
  /** The training waits for its disk, with the reason; without a reason, it has resumed. */
  z.object({ type: z.literal('waits'), reason: z.string().exactOptional() }),
  /** A line for the user, which is also written to the run's log. */
  z.object({ type: z.literal('log'), text: z.string() }),
]);
export type TrainEvent = z.infer<typeof trainEvent>;

export const trainContract = jobContract('train', trainStart, trainEvent);

/** The question to the child process of an evaluation. */
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

/** One picture's result; null means the infinite PSNR of equal pictures. */
export const evaluatedPicture = z.object({
  name: z.string(),
  psnr: z.number().nullable(),
  ssim: z.number(),
  /** LPIPS by network, if requested; smaller is better. */
  lpips: lpipsValues.exactOptional(),
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
  /** Something differs from what was requested; a sentence for the user. */
  z.object({ type: z.literal('note'), sentence: z.string() }),
  /** A pair that cannot be read or compared; the others are still measured. */
  z.object({ type: z.literal('failed'), name: z.string(), reason: z.string() }),
]);
export type EvaluateEvent = z.infer<typeof evaluateEvent>;

export const evaluateContract = childContract('evaluate', {
  evaluate: childCall(evaluateStart, z.object({}), evaluateEvent),
});
