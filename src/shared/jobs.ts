import { z } from 'zod';
import type { WireError } from './errors.ts';

/**
 * The life of a job (a training, a batch of photographs), the same for every kind:
 *
 *     queued → running ⇄ paused → finished | failed | stopped
 *
 * `stopped` was asked for, `failed` has an error, `interrupted` is what a job is found to be whose program went away.
 * From each of the three the job can be queued again and goes on where it last saved.
 */
export const jobState = z.enum(['queued', 'running', 'paused', 'finished', 'failed', 'stopped', 'interrupted']);
export type JobState = z.infer<typeof jobState>;

/** States in which a program owns the job. */
export const activeStates: readonly JobState[] = ['queued', 'running', 'paused'];

export const isActive = (state: JobState): boolean => activeStates.includes(state);

export const wireError = z.object({
  code: z.enum([
    'bad-input',
    'not-found',
    'conflict',
    'unsupported',
    'io',
    'out-of-memory',
    'engine',
    'non-finite',
    'worker-died',
    'cancelled',
    'internal',
  ]),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).exactOptional(),
}) satisfies z.ZodType<WireError, unknown>;

/** One change of state, as the history stores it. */
export const stateChange = z.object({
  /** Milliseconds since 1970. */
  at: z.number(),
  state: jobState,
  /** The reason, if there is more to say than the state itself. */
  reason: z.string().exactOptional(),
});
export type StateChange = z.infer<typeof stateChange>;

export const job = z.object({
  id: z.string(),
  /** The kind of job: `train` or another one that a service registers. */
  kind: z.string(),
  title: z.string(),
  state: jobState,
  created: z.number(),
  /** Time of the last change of state. */
  changed: z.number(),
  error: wireError.exactOptional(),
});
export type Job = z.infer<typeof job>;
