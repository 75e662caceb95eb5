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
  /** Titles of the jobs that are active. */
  | { type: 'active' }
  /** Saves, closes and ends. */
  | { type: 'close' };

export type Asked = Question & { id: number };
export type Told =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'refusal'; id: number; error: WireError }
  | { type: 'event'; event: StudioEvent }
  /** Show this file or folder, which the services have found to exist, in the file manager. */
  | { type: 'reveal'; path: string };
