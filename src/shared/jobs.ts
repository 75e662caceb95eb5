import { z } from 'zod';
import type { WireError } from './errors.ts';

/**
 * The life of a job (a training, a batch of photographs), the same for every kind. docs/jobs.md shows the table below.
 *
 *     queued → running ⇄ paused → finished | failed | cancelled | interrupted
 *
 * `cancelled` was asked for; `failed` has an error; `interrupted` means that the program ended while the job was active. From
 * each of the three the job can be queued again, and goes on where it last saved.
 */
export const jobState = z.enum(['queued', 'running', 'paused', 'finished', 'failed', 'cancelled', 'interrupted']);
export type JobState = z.infer<typeof jobState>;

/** A state as older programs may have written it: they called `cancelled` `stopped`. */
export const writtenJobState = z.preprocess((state) => (state === 'stopped' ? 'cancelled' : state), jobState);

/** States in which one program owns the job. */
export const activeStates = ['queued', 'running', 'paused'] as const satisfies readonly JobState[];

export const isActive = (state: JobState): boolean => (activeStates as readonly JobState[]).includes(state);

/** Requests that users can make. `close`: save, so that the job can be resumed, as when the program closes. */
export const jobVerb = z.enum(['pause', 'resume', 'cancel', 'close']);
export type JobVerb = z.infer<typeof jobVerb>;

interface Transition {
  readonly from: readonly JobState[];
  readonly to: JobState;
  /**
   * Which program may make the transition. `owner`: the one that owns the job. `taker`: any program; it then owns the
   * job. `finder`: any program that finds the owner gone. `anyone`: any program; the job has no owner.
   */
  readonly by: 'owner' | 'taker' | 'finder' | 'anyone';
  /** When it happens, for the table in docs/jobs.md. */
  readonly when: string;
}

/** Every change of a job's state. There are no others: the database refuses them (database/jobRepository.ts). */
export const transitions = {
  start: { from: ['queued'], to: 'running', by: 'owner', when: 'its turn comes' },
  pause: { from: ['running'], to: 'paused', by: 'owner', when: 'a pause was asked for, or a disk is missing or full' },
  resume: { from: ['paused'], to: 'running', by: 'owner', when: 'resume was asked for, or the disk is there again' },
  finish: { from: ['running', 'paused'], to: 'finished', by: 'owner', when: 'everything is done' },
  fail: { from: activeStates, to: 'failed', by: 'owner', when: 'it cannot go on; the error says why' },
  cancel: { from: activeStates, to: 'cancelled', by: 'owner', when: 'cancel was asked for, and its work has ended' },
  close: { from: activeStates, to: 'interrupted', by: 'owner', when: 'the program closes, and its work has ended' },
  recover: { from: activeStates, to: 'interrupted', by: 'finder', when: 'its owner is gone' },
  abandon: { from: ['failed', 'interrupted'], to: 'cancelled', by: 'anyone', when: 'cancel was asked for' },
  requeue: {
    from: ['failed', 'cancelled', 'interrupted'],
    to: 'queued',
    by: 'taker',
    when: 'resume was asked for',
  },
  extend: {
    from: ['finished', 'failed', 'cancelled', 'interrupted'],
    to: 'queued',
    by: 'taker',
    when: 'there is more to do: more steps, or failed pictures to try again',
  },
} as const satisfies Readonly<Record<string, Transition>>;
export type TransitionName = keyof typeof transitions;

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
