import { AppError } from '../../shared/errors.ts';
import { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { type ChildEnd, type ChildOptions, howChildEnded } from '../jobs/childProcess.ts';

const TIMEOUT_MS = 300_000;

/** Options of a child process that opens a model: its time is limited, and its end blamed on the file. */
export const modelChild = (home: Home): ChildOptions & { timeMs: number } => ({
  ...new ChildSettings(home).options,
  timeMs: TIMEOUT_MS,
  explain: died,
});

const died = (end: ChildEnd): AppError =>
  new AppError('worker-died', `${howChildEnded(end)} Check the model file, or try again with more memory free.`, {
    details: { ...end },
  });
