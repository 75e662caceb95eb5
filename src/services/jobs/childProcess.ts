import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { getPriority, constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  type AnswerOf,
  type CallsOf,
  type ChildContract,
  type EventOf,
  fromChild,
  type NoticeOf,
  type QuestionOf,
  type ToChild,
} from '../../shared/childMessages.ts';
import { AppError } from '../../shared/errors.ts';
import { watchMemory } from './processMemory.ts';

/**
 * The only place where this program starts its own child processes (src/workers). A child answers the questions of its
 * contract. When it ends for any reason, every open question is rejected.
 */

/** The priority of a child from its start. `idle` is for work that nobody waits for. */
export type ChildPriority = 'normal' | 'idle';

export interface ChildOptions {
  /** Added to the environment that the child inherits: the settings of the engine (services/app/settings.ts). */
  readonly env?: Readonly<Record<string, string>>;
  readonly priority?: ChildPriority;
  /** A file for the output of the child; by default the output is discarded. */
  readonly log?: string;
  /** The child is ended if it uses more memory than this. Checked a few times a second; not on Windows. */
  readonly memoryBytes?: number;
  /** Makes the error for questions that are still open when the child ends. Default: {@link childDied}. */
  readonly explain?: (end: ChildEnd) => AppError;
}

export interface AskOptions<Event> {
  /**
   * Gets the events of the child while it works on this question. If it throws, the question is rejected with that
   * error.
   */
  readonly onEvent?: (event: Event) => void;
  /** Ends the child. The question is rejected with the signal's reason if that is an AppError, else with `cancelled`. */
  readonly signal?: AbortSignal;
  /** The child is ended if the answer takes longer than this. */
  readonly timeMs?: number;
  /** The child is ended if no answer and no event of any question arrives for this long. */
  readonly silenceMs?: number;
}

/** How a child ended. */
export interface ChildEnd {
  /**
   * `itself`: it exited, crashed or was killed by something else; `asked`: {@link Child.end}; `time`, `memory`: it
   * exceeded a limit; `nonsense`: it sent a message that its contract does not allow; `start`: it could not be started.
   */
  readonly cause: 'itself' | 'asked' | 'time' | 'memory' | 'nonsense' | 'start';
  readonly code: number | null;
  readonly signal: string | null;
}

interface Waiting {
  readonly call: string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onEvent: ((event: never) => void) | undefined;
}

/** A running child process. {@link startChild} starts one. */
export class Child<Contract extends ChildContract = ChildContract> {
  /** Resolves when the process is gone and all its messages have been handled. Never rejects. */
  readonly ended: Promise<ChildEnd>;
  readonly #contract: Contract;
  readonly #explain: (end: ChildEnd) => AppError;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #silence = new Set<NodeJS.Timeout>();
  #count = 0;
  #end: ChildEnd | undefined;
  /** Why this program ended it. */
  #cause: ChildEnd['cause'] | undefined;

  constructor(contract: Contract, options: ChildOptions) {
    this.#contract = contract;
    this.#explain = options.explain ?? childDied;
    this.#child = forkWorker(contract.worker, options);
    const { pid } = this.#child;
    const unwatch =
      options.memoryBytes === undefined || pid === undefined
        ? () => undefined
        : watchMemory(pid, options.memoryBytes, () => this.#kill('memory'));
    this.ended = new Promise((resolve) => {
      const settle = (cause: ChildEnd['cause'], code: number | null, signal: string | null): void => {
        if (this.#end) return;
        unwatch();
        this.#end = { cause: this.#cause ?? cause, code, signal };
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject } of waiting) reject(this.#explain(this.#end));
        resolve(this.#end);
      };
      // `close` follows the last message. A process that could not be started never emits it. After other errors (a
      // message could not be sent to a process that is just ending) it still follows.
      this.#child.on('close', (code, signal) => settle('itself', code, signal));
      this.#child.on('error', () => pid === undefined && settle('start', null, null));
    });
    this.#child.on('message', (data) => this.#hear(data));
  }

  /** -1 if it could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Asks a question. A child may be asked several at once.
   * @throws AppError the child's own error, `worker-died` (or the error from `explain`), or `cancelled`
   */
  async ask<Call extends CallsOf<Contract>>(
    call: Call,
    question: QuestionOf<Contract, Call>,
    { onEvent, signal, timeMs, silenceMs }: AskOptions<EventOf<Contract, Call>> = {},
  ): Promise<AnswerOf<Contract, Call>> {
    if (signal?.aborted) throw cancelledBy(signal);
    if (this.#end) throw this.#explain(this.#end);
    const id = ++this.#count;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { call, resolve, reject, onEvent: onEvent });
    const abort = (): void => {
      this.#waiting.delete(id);
      reject(cancelledBy(signal as AbortSignal));
      this.#kill('asked');
    };
    signal?.addEventListener('abort', abort);
    const limit = timeMs === undefined ? undefined : setTimeout(() => this.#kill('time'), timeMs);
    const silence = silenceMs === undefined ? undefined : setTimeout(() => this.#kill('time'), silenceMs);
    if (silence) this.#silence.add(silence);
    try {
      this.#send({ type: 'ask', id, call, question });
      return (await promise) as AnswerOf<Contract, Call>;
    } finally {
      signal?.removeEventListener('abort', abort);
      clearTimeout(limit);
      clearTimeout(silence);
      if (silence) this.#silence.delete(silence);
    }
  }

  /** Sends the child a message without an answer. A child that has just ended does not get it. */
  tell(notice: NoticeOf<Contract>): void {
    this.#send({ type: 'tell', notice });
  }

  /**
   * Ends the process and waits until it is gone.
   * @param graceMs how long it may take to end after SIGTERM before SIGKILL; 0 kills at once
   */
  async end(graceMs = 0): Promise<ChildEnd> {
    if (graceMs > 0 && !this.#end) {
      this.#cause ??= 'asked';
      this.#child.kill('SIGTERM');
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, graceMs);
      await Promise.race([this.ended, over]);
      clearTimeout(timer);
    }
    this.#kill('asked');
    return this.ended;
  }

  #kill(cause: ChildEnd['cause']): void {
    if (this.#end) return;
    this.#cause ??= cause;
    this.#child.kill('SIGKILL');
  }

  #send(message: ToChild): void {
    // If the process is just ending, its end is reported elsewhere, so this error is ignored.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #hear(data: unknown): void {
    for (const timer of this.#silence) timer.refresh();
    const message = fromChild.safeParse(data).data;
    if (!message) return this.#kill('nonsense');
    const waiting = this.#waiting.get(message.id);
    // The answer is no longer needed.
    if (!waiting) return;
    const call = this.#contract.calls[waiting.call];
    if (message.type === 'event') {
      const event = call?.event.safeParse(message.event);
      if (!event?.success) return this.#kill('nonsense');
      try {
        waiting.onEvent?.(event.data as never);
      } catch (error) {
        this.#waiting.delete(message.id);
        waiting.reject(error);
      }
      return;
    }
    if (message.type === 'refusal') {
      this.#waiting.delete(message.id);
      return waiting.reject(AppError.fromWire(message.error));
    }
    const answer = call?.answer.safeParse(message.answer);
    if (!answer?.success) return this.#kill('nonsense');
    this.#waiting.delete(message.id);
    waiting.resolve(answer.data);
  }
}

/** Starts src/workers/<contract.worker>.ts. */
export function startChild<Contract extends ChildContract>(
  contract: Contract,
  options: ChildOptions = {},
): Child<Contract> {
  return new Child(contract, options);
}

/**
 * Starts a child for one question, and ends it when that is answered.
 * @throws AppError as {@link Child.ask}
 */
export async function askChild<Contract extends ChildContract, Call extends CallsOf<Contract>>(
  contract: Contract,
  call: Call,
  question: QuestionOf<Contract, Call>,
  options: ChildOptions & AskOptions<EventOf<Contract, Call>> = {},
): Promise<AnswerOf<Contract, Call>> {
  const child = startChild(contract, options);
  try {
    return await child.ask(call, question, options);
  } finally {
    await child.end();
  }
}

/** The default error for questions that are still open when the child ends. */
export function childDied(end: ChildEnd): AppError {
  const details = { ...end };
  if (end.cause === 'asked') return new AppError('cancelled', 'Cancelled.', { details });
  return new AppError('worker-died', `${howChildEnded(end)} Try again. If it happens again, free some memory first.`, {
    details,
  });
}

/** A sentence for users about an unexpected end. */
export function howChildEnded({ cause, code, signal }: ChildEnd): string {
  if (cause === 'time') return 'The work took too long and was stopped.';
  if (cause === 'memory') return 'The work needed too much memory and was stopped.';
  if (cause === 'start') return 'The process that does the work could not be started.';
  return `The process that did the work ended unexpectedly (${signal ?? `exit code ${code ?? 'unknown'}`}).`;
}

const priorities = {
  normal: undefined,
  idle: constants.priority.PRIORITY_LOW,
} as const;

function forkWorker(worker: string, { env, log, priority = 'normal' }: ChildOptions): ChildProcess {
  const file = fileURLToPath(new URL(`../../workers/${worker}.ts`, import.meta.url));
  const output = log === undefined ? 'ignore' : openLog(log);
  const child = fork(file, [], {
    serialization: 'advanced',
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...process.env, ...env },
    // This program's own flags (a debugger's port, say) are not the child's.
    execArgv: [],
  });
  if (typeof output === 'number') closeSync(output);
  lower(child.pid, priorities[priority]);
  return child;
}

/** If the log cannot be written, the child runs without one. */
function openLog(file: string): number | 'ignore' {
  try {
    return openSync(file, 'a');
  } catch {
    return 'ignore';
  }
}

/**
 * Sets the priority of a process, unless it is already that low: only an administrator can raise it again. This is done
 * before the process has threads, because on Linux each thread inherits the priority of the thread that starts it.
 */
function lower(pid: number | undefined, priority: number | undefined): void {
  if (pid === undefined || priority === undefined) return;
  try {
    if (getPriority(pid) < priority) setPriority(pid, priority);
  } catch {
    // It may be forbidden, or the process may be gone. Nothing else depends on it.
  }
}

function cancelledBy(signal: AbortSignal): AppError {
  const reason: unknown = signal.reason;
  return reason instanceof AppError ? reason : new AppError('cancelled', 'Cancelled.');
}
