import { z } from 'zod';
import { appCalls } from './contract/app.ts';
import { datasetCalls } from './contract/datasets.ts';
import { modelCalls, pack } from './contract/models.ts';
import { batch, batchFile, restoreCalls } from './contract/restoring.ts';
import { trainingCalls } from './contract/training.ts';
import { runSummary, trainProgress } from './runs.ts';

/** Every call between a face and the services, once: both transports validate with it and the client is typed from it. */
export const calls = { ...appCalls, ...restoreCalls, ...modelCalls, ...trainingCalls, ...datasetCalls };

/** Every event the services tell a face. */
export const events = {
  /** A run changed its state, or has a new validation. */
  run: runSummary,
  progress: z.object({ run: z.string(), progress: trainProgress }),
  batch,
  /** A picture of a batch has come to its end. */
  batchFile: z.object({ batch: z.string(), file: batchFile }),
  /** How much of a picture is done, from 0 to 1. */
  batchProgress: z.object({ batch: z.string(), number: z.int(), share: z.number() }),
  /** How much of the preview of a picture is done, from 0 to 1, and seconds left once there is a pace. */
  previewProgress: z.object({ picture: z.string(), share: z.number(), secondsLeft: z.number().optional() }),
  /** A pack is being fetched, or no longer. */
  pack,
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

/** What answers the calls: input as validated, output as the contract says. */
export type Handlers = { [Name in CallName]: (input: z.output<Calls[Name]['input']>) => Promise<CallOutput<Name>> };

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}
