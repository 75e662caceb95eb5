import { z } from 'zod';
import { appCalls } from './contract/app.ts';
import { datasetCalls } from './contract/datasets.ts';
import { modelCalls, pack } from './contract/models.ts';
import { batch, batchFile, restoreCalls } from './contract/restoring.ts';
import { machineCalls } from './contract/machines.ts';
import { studyCalls } from './contract/studies.ts';
import { trainingCalls } from './contract/training.ts';
import { runSummary, trainProgress } from './runs.ts';

/**
 * All calls between a client (window or command line) and the services. Both transports validate with it, and the
 * window's client gets its types from it.
 */
export const calls = {
  ...appCalls,
  ...restoreCalls,
  ...modelCalls,
  ...trainingCalls,
  ...datasetCalls,
  ...studyCalls,
  ...machineCalls,
};

/** All events from the services. */
export const events = {
  /** A run has a new state or a new validation. */
  run: runSummary,
  progress: z.object({ run: z.string(), progress: trainProgress }),
  batch,
  /** A picture of a batch is finished, failed or skipped. */
  batchFile: z.object({ batch: z.string(), file: batchFile }),
  /** Share of a picture that is done, from 0 to 1, and seconds left for the whole batch once there is a pace. */
  batchProgress: z.object({
    batch: z.string(),
    number: z.int(),
    share: z.number(),
    secondsLeft: z.number().optional(),
  }),
  /** Share of the preview of a picture that is done, from 0 to 1, and seconds left once there is a pace. */
  previewProgress: z.object({ picture: z.string(), share: z.number(), secondsLeft: z.number().optional() }),
  /** The download state of a pack has changed. */
  pack,
  /** A study has a new state, or its next training has begun. */
  study: z.object({ study: z.string() }),
  /** A model or a data set was added or removed. */
  changed: z.enum(['models', 'datasets']),
};

export type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallInput<Name extends CallName> = z.input<Calls[Name]['input']>;
export type CallOutput<Name extends CallName> = z.output<Calls[Name]['output']>;

export type EventName = keyof typeof events;
export type EventData<Name extends EventName> = z.output<(typeof events)[Name]>;
export type StudioEvent = { [Name in EventName]: { name: Name; data: EventData<Name> } }[EventName];

/** The implementation of the calls: gets validated input and returns output as the contract says. */
export type Handlers = { [Name in CallName]: (input: z.output<Calls[Name]['input']>) => Promise<CallOutput<Name>> };

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}
