import { Worker } from 'node:worker_threads';
import {
  type AnswerOf,
  type CallsOf,
  type ChildContract,
  type EventOf,
  type FromChild,
  toChild,
} from '../shared/childMessages.ts';
import type { z } from 'zod';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { tellParent } from '../services/app/tellParent.ts';
import { AppError, toWire } from '../shared/errors.ts';
import { explainDisk } from '../shared/storageTrouble.ts';

/** Answers one kind of question. `emit` sends events to the process that asked. */
type Answerer<Contract extends ChildContract, Call extends CallsOf<Contract>> = (
  question: z.output<Contract['calls'][Call]['question']>,
  emit: (event: EventOf<Contract, Call>) => void,
) => AnswerOf<Contract, Call> | Promise<AnswerOf<Contract, Call>>;

export interface ServeOptions<Contract extends ChildContract> {
  /** Receives messages from the parent that are not questions. */
  readonly onNotice?: (notice: z.output<Contract['notice']>) => void;
  /**
   * Called at SIGTERM, which asks this process to save and end; if missing, it ends immediately. SIGINT and SIGHUP are
   * always left to the program: Ctrl-C reaches every process of a terminal, and the program decides what it means.
   */
  readonly onTerminate?: () => void;
}

/**
 * Makes this process a child that answers the questions of its contract, until its parent is gone or ends it. Several
 * questions may be answered at once. An error that an answerer throws is sent to the process that asked.
 */
export function serveChild<Contract extends ChildContract>(
  contract: Contract,
  answers: { readonly [Call in CallsOf<Contract>]: Answerer<Contract, Call> },
  { onNotice, onTerminate }: ServeOptions<Contract> = {},
): void {
  if (!process.send) throw new Error('This file is started by the program, not by hand.');
  const send = (message: FromChild): void => tellParent(message);
  /** Open questions. */
  const open = new Set<number>();
  const answer = async (id: number, call: string, question: unknown): Promise<void> => {
    open.add(id);
    try {
      const found = contract.calls[call];
      if (!found || !Object.hasOwn(contract.calls, call))
        throw new AppError('internal', `MCIR Studio has no call "${call}". Reload the page.`);
      const act = answers[call as CallsOf<Contract>];
      const emit = (event: unknown): void => send({ type: 'event', id, event });
      send({ type: 'answer', id, answer: await act(found.question.parse(question) as never, emit) });
    } catch (error) {
      send({ type: 'refusal', id, error: toWire(explainDisk(error)) });
    }
    open.delete(id);
  };
  // An uncaught error may belong to any open question.
  let failure: unknown;
  installLastResort({
    note: (error) => {
      failure ??= error;
      noteOnStderr(error);
    },
    save: () => {
      for (const id of open) send({ type: 'refusal', id, error: toWire(failure) });
      return new Promise((resolve) => setTimeout(resolve, 200));
    },
    endOnStorage: true,
  });
  process.on('message', (data) => {
    const message = toChild.parse(data);
    if (message.type === 'ask') void answer(message.id, message.call, message.question);
    else onNotice?.(contract.notice.parse(message.notice) as never);
  });
  process.on('disconnect', () => process.exit(1));
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  if (onTerminate) process.on('SIGTERM', onTerminate);
  endWithParent();
}

/**
 * Ends this process when its parent is gone, even while its main thread is busy in native code. The process that
 * resumes the work must not find this one still running.
 */
function endWithParent(): void {
  new Worker(new URL('./parentWatch.ts', import.meta.url), { workerData: process.ppid })
    .on('error', () => undefined)
    .unref();
}
