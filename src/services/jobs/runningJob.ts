import { AppError, messageOf } from '../../shared/errors.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import type { TransitionName } from '../../shared/jobs.ts';
import { StoredInOrder } from '../../shared/storageTrouble.ts';
import { processIdentity } from './processes.ts';

/** Why the work of a job has to end. `kill`: immediately, without saving. `lost`: another program owns the job now. */
export type Ending = 'cancel' | 'close' | 'kill' | 'lost';

/** What the code that does a job gets. */
export interface JobWork {
  /** Aborted when the work has to end; it may save first. The reason is an {@link Ending}. */
  readonly signal: AbortSignal;
  /** Aborted when the work has to end immediately, without saving. {@link signal} is aborted too. */
  readonly killed: AbortSignal;
  /**
   * The listener is called when a pause is requested and when it is over. The work reports with {@link entered} when it
   * has paused or resumed.
   */
  onPause(listener: (paused: boolean) => void): void;
  readonly pauseAsked: boolean;
  /** Reports that the work has paused (with the reason, if it was not asked to) or resumed. */
  entered(state: 'paused' | 'running', reason?: string): void;
  /** Reports progress to subscribers. */
  tell(event: unknown): void;
  /** Stores the child process that works, so that another program can end it if this one is gone. */
  workedBy(pid: number): void;
}

/**
 * Stores what the work reports. Each function may throw, and may be called later than the report: see {@link
 * RunningJob}.
 */
export interface JobRecords {
  entered(state: 'paused' | 'running', reason: string | undefined): void;
  told(event: unknown): void;
  /** @param worker the process, as processes.ts identifies it */
  workedBy(worker: string): void;
}

/**
 * A job whose work runs in this program. Its reports are stored in order; while the disk is full, they wait. If storing
 * them fails for another reason, the job ends, not the program.
 */
export class RunningJob implements JobWork {
  readonly kind: string;
  /** Resolved when no part of the work is running and its last state is written. */
  readonly over = Promise.withResolvers<void>();
  /** It was asked to resume while it was ending. */
  again = false;
  readonly #records: JobRecords;
  readonly #end = new AbortController();
  readonly #kill = new AbortController();
  readonly #pauseListeners: ((paused: boolean) => void)[] = [];
  readonly #stored: StoredInOrder;
  #pauseAsked = false;
  #ending: Ending | undefined;
  #fault: unknown;

  /** @param onTrouble called when the disk is full */
  constructor(kind: string, records: JobRecords, onTrouble: (error: AppError) => void) {
    this.kind = kind;
    this.#records = records;
    this.#stored = new StoredInOrder({
      onTrouble: (sentence) => {
        if (sentence !== undefined) onTrouble(new AppError('io', sentence));
      },
    });
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get killed(): AbortSignal {
    return this.#kill.signal;
  }

  get pauseAsked(): boolean {
    return this.#pauseAsked;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** An error while storing reports of the work; it has ended the work. */
  get fault(): unknown {
    return this.#fault;
  }

  onPause(listener: (paused: boolean) => void): void {
    this.#pauseListeners.push(listener);
  }

  entered(state: 'paused' | 'running', reason?: string): void {
    if (this.#ending !== 'lost') this.record(() => this.#records.entered(state, reason));
  }

  tell(event: unknown): void {
    if (this.#ending !== 'lost') this.record(() => this.#records.told(event));
  }

  workedBy(pid: number): void {
    this.#guard(() => {
      const worker = processIdentity(pid);
      this.#stored.add(() => this.#records.workedBy(worker));
    });
  }

  /** Stores something about the job, after everything that is already waiting for the disk. */
  record(write: () => void): void {
    this.#guard(() => this.#stored.add(write));
  }

  /** Asks the work to pause or to resume. */
  askPause(paused: boolean): void {
    this.#pauseAsked = paused;
    for (const listener of this.#pauseListeners) listener(paused);
  }

  /** Asks the work to end. A later call only has an effect if it asks for an immediate end. */
  abort(ending: Ending): void {
    const atOnce = ending === 'kill' || ending === 'lost';
    if (this.#ending === 'lost' || (this.#ending !== undefined && !atOnce)) return;
    this.#ending = ending;
    if (atOnce) this.#kill.abort(ending);
    this.#end.abort(ending);
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fault ??= error;
      this.abort('kill');
    }
  }
}

/**
 * The transition into the last state of a job whose work has ended.
 * @param outcome what the work returned, or `error` what it threw
 * @param closed whether the program is closing
 */
export function lastTransition(
  { ending, fault }: RunningJob,
  outcome: Outcome | undefined,
  error: unknown,
  closed: boolean,
): { name: TransitionName; reason?: string | undefined; error?: unknown } {
  if (outcome?.state === 'finished' && !error) return { name: 'finish', reason: outcome.reason };
  if (ending === 'cancel' && isCancelled(outcome, error)) return { name: 'cancel', reason: outcome?.reason };
  if (ending === 'close' && isCancelled(outcome, error))
    return { name: 'close', reason: outcome?.reason ?? 'The program was closed. The work was saved first.' };
  if (ending === 'kill' && !fault)
    return closed
      ? { name: 'close', reason: 'The program was closed before the work could be saved.' }
      : { name: 'cancel', reason: 'Ended immediately, without saving.' };
  if (outcome?.state === 'cancelled' && !error) return { name: 'cancel', reason: outcome.reason };
  return { name: 'fail', reason: messageOf(error), error };
}

const isCancelled = (outcome: Outcome | undefined, error: unknown): boolean =>
  error === undefined ? outcome?.state === 'cancelled' : error instanceof AppError && error.code === 'cancelled';
