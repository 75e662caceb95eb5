import type { StudioEvent } from '../shared/contract.ts';
import type { WireError } from '../shared/errors.ts';

/** What the window asks of the process that runs the services. */
export type Question =
  | { type: 'call'; name: string; input: unknown }
  /** Answered through the pipe of pictures; only a refusal is a message. */
  | { type: 'picture'; picture: string; size?: number }
  /** Makes a place of a path that the system gave to Electron. */
  | { type: 'place'; path: string }
  /** The paths of files that were given out by these ids, to be dragged out of the window. */
  | { type: 'paths'; ids: string[] }
  /** The jobs that are active, answered by a list of {@link ActiveJob}. */
  | { type: 'active' }
  /** After `unopened`: keeps everything in this folder from now on, and opens it. */
  | { type: 'reopen'; folder: string }
  /** Saves, closes and ends. */
  | { type: 'close' };

/** A job that would be interrupted by an end of the program; of a training, how far it is. */
export interface ActiveJob {
  title: string;
  step?: number;
  steps?: number;
}

export type Asked = Question & { id: number };
export type Told =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'refusal'; id: number; error: WireError }
  | { type: 'event'; event: StudioEvent }
  /** The services could not be opened, for this reason; nothing is answered before `reopen` succeeds. */
  | { type: 'unopened'; error: WireError }
  /** Show this file or folder, which the services have found to exist, in the file manager. */
  | { type: 'reveal'; path: string };
