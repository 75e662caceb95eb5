import { availableParallelism } from 'node:os';
import type { AnswerOf, CallsOf, QuestionOf } from '../../shared/childMessages.ts';
import { AppError } from '../../shared/errors.ts';
import { pictureReader } from '../../shared/pictureMessages.ts';
import { type Child, type ChildEnd, type ChildPriority, howChildEnded, startChild } from '../jobs/childProcess.ts';

type Contract = typeof pictureReader;

export interface PictureReaderOptions {
  /** Number of pictures decoded at once; by default the number of cores, at most 3. */
  most?: number;
  priority?: ChildPriority;
  /** A child is ended if it uses more memory than this. */
  memoryBytes?: number;
  /** A child is ended if a picture takes longer than this. */
  timeMs?: number;
}

/** A child ends when it was idle for this long. */
const IDLE_MS = 20_000;
/** Decoding the largest supported pictures takes a gigabyte. */
const MEMORY_BYTES = 1.5 * 2 ** 30;
const TIME_MS = 150_000;

/**
 * Decodes pictures in child processes, which are started when needed and end when idle. Each works on one picture at a
 * time, so a picture that takes too much memory or time, or crashes the process, does not affect others.
 */
export class PictureReaders {
  readonly #most: number;
  readonly #options: { memoryBytes: number; priority: ChildPriority };
  readonly #timeMs: number;
  readonly #idle: { child: Child<Contract>; timer: NodeJS.Timeout }[] = [];
  readonly #busy = new Set<Child<Contract>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #ended = false;

  constructor(options: PictureReaderOptions = {}) {
    const { most = Math.min(3, availableParallelism()), priority = 'normal' } = options;
    this.#most = most;
    this.#options = { memoryBytes: options.memoryBytes ?? MEMORY_BYTES, priority };
    this.#timeMs = options.timeMs ?? TIME_MS;
  }

  /**
   * Asks for one picture; it waits for its turn.
   * @throws AppError the reader's own, `unsupported` if decoding took too much memory or time or crashed the process,
   * `cancelled`
   */
  async ask<Call extends CallsOf<Contract>>(
    call: Call,
    question: QuestionOf<Contract, Call>,
  ): Promise<AnswerOf<Contract, Call>> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      if (this.#ended) throw new AppError('cancelled', 'Cancelled.');
      return await this.#askOne(call, question);
    } finally {
      // Passes the turn on to the next request, or gives it back.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Ends all children. Requests in progress are cancelled. */
  async end(): Promise<void> {
    this.#ended = true;
    const children = [...this.#busy, ...this.#idle.map(({ child }) => child)];
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer);
    await Promise.all(children.map((child) => child.end()));
  }

  async #askOne<Call extends CallsOf<Contract>>(
    call: Call,
    question: QuestionOf<Contract, Call>,
  ): Promise<AnswerOf<Contract, Call>> {
    const child = this.#take();
    this.#busy.add(child);
    try {
      return await child.ask(call, question, { timeMs: this.#timeMs });
    } finally {
      this.#busy.delete(child);
      this.#putBack(child);
    }
  }

  #take(): Child<Contract> {
    for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      if (!kept.child.hasEnded) return kept.child;
    }
    return startChild(pictureReader, { ...this.#options, explain: refused });
  }

  #putBack(child: Child<Contract>): void {
    if (child.hasEnded || this.#ended) return;
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex((kept) => kept.child === child),
        1,
      );
      void child.end();
    }, IDLE_MS).unref();
    this.#idle.push({ child, timer });
  }
}

/** Calls `use` with the given readers, or with temporary ones. */
export async function withReaders<T>(
  given: PictureReaders | undefined,
  use: (readers: PictureReaders) => Promise<T>,
): Promise<T> {
  if (given) return use(given);
  const own = new PictureReaders();
  try {
    return await use(own);
  } finally {
    await own.end();
  }
}

function refused(end: ChildEnd): AppError {
  const details = { ...end };
  if (end.cause === 'asked') return new AppError('cancelled', 'Cancelled.', { details });
  if (end.cause === 'memory')
    return new AppError('unsupported', 'Decoding this picture takes too much memory.', { details });
  if (end.cause === 'time') return new AppError('unsupported', 'Decoding this picture takes too long.', { details });
  return new AppError('unsupported', `This picture cannot be decoded. ${howChildEnded(end)} It may be damaged.`, {
    details,
  });
}
