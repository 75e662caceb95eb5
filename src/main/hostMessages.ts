import type { StudioEvent } from '../shared/contract.ts';
import type { WireError } from '../shared/errors.ts';

/** Messages from the window to the process that runs the services. */
export type Question =
  | { type: 'call'; name: string; input: unknown }
  /** Answered through the pipe for pictures; only an error is sent as a message. */
  | { type: 'picture'; picture: string; size?: number }
  /** Registers a path that the system gave to Electron, and returns its place. */
  | { type: 'place'; path: string }
  /** The paths of the files with these ids, to be dragged out of the window. */
  | { type: 'paths'; ids: string[] }
  /** The active jobs; answered with a list of {@link ActiveJob}. */
  | { type: 'active' }
  /** After `unopened`: opens this folder and uses it from now on. */
  | { type: 'reopen'; folder: string }
  /** Saves, closes and ends. */
  | { type: 'close' };

/** A job that would be interrupted if the program ended, with the progress of a training. */
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
  /** Open this folder in the file manager, or the folder of this file; the services have found that it exists. */
  | { type: 'reveal'; path: string; isFolder: boolean };
