import { AppError } from '../../shared/errors.ts';
import type { AnswerOf, EventOf, QuestionOf } from '../../shared/childMessages.ts';
import type { JobContract, Outcome } from '../../shared/jobMessages.ts';
import { type ChildEnd, type ChildOptions, startChild } from './childProcess.ts';
import type { JobWork } from './runningJob.ts';

/**
 * Does the work of a job in a child process: passes on requests to it, and its reports.
 * @throws AppError the child's own, or `worker-died`
 */
export async function workInChild<Contract extends JobContract>(
  contract: Contract,
  question: QuestionOf<Contract, 'work'>,
  work: JobWork,
  options: ChildOptions = {},
): Promise<Outcome> {
  const child = startChild<JobContract>(contract, { explain: died, ...options });
  // Stored before the child does anything, so that another program can end it if this one is gone.
  work.workedBy(child.pid);
  work.onPause((paused) => child.tell(paused ? 'pause' : 'resume'));
  let hasBegun = false;
  work.signal.addEventListener('abort', () => {
    child.tell('cancel');
    // Before its first report, a child only loads what it needs. That takes seconds in which it hears nothing, and there is
    // nothing to save yet.
    if (!hasBegun) void child.end();
  });
  try {
    const answer: AnswerOf<JobContract, 'work'> = await child.ask('work', question, {
      signal: work.killed,
      onEvent: (event: EventOf<JobContract, 'work'>) => {
        hasBegun = true;
        if (event.type === 'progress') work.tell(event.progress);
        else work.entered(event.type === 'paused' ? 'paused' : 'running');
      },
    });
    return answer;
  } finally {
    // Its end is reported only when the process is gone, so that nobody resumes a job that is still running.
    await child.end();
  }
}

function died(end: ChildEnd): AppError {
  if (end.cause === 'asked') return new AppError('cancelled', 'Cancelled.');
  const how = end.signal ? `by ${end.signal}` : `with code ${end.code ?? 'unknown'}`;
  const hint =
    end.signal === 'SIGKILL'
      ? ', which often means that memory ran out: lower the batch size or the patch size, then resume'
      : '; its log says more, and it can be resumed';
  return new AppError('worker-died', `The process that did the job ended unexpectedly (${how})${hint}.`, {
    details: { ...end },
  });
}
