import type { z } from 'zod';
import { JobControl } from '../core/jobControl.ts';
import type { JobContract, Outcome } from '../shared/jobMessages.ts';
import { serveChild } from './serveChild.ts';

/** What a job gets: its control, and functions to report progress. */
export interface WorkerJob<Progress> {
  readonly control: JobControl;
  /** Reports progress in the form of this kind of job. */
  emit(progress: Progress): void;
  /** Reports that the job has paused or resumed. */
  paused(paused: boolean): void;
}

type Work<Contract extends JobContract> = Contract['calls']['work'];
type ProgressOf<Contract extends JobContract> = Extract<
  z.output<Work<Contract>['event']>,
  { type: 'progress' }
>['progress'];

/**
 * Makes this process the worker of one job: it receives the work, does it, and answers how it ended. SIGTERM lets it
 * save and end, like a cancel. If the program that owns the job is gone, it ends at once; everything it has saved is
 * complete.
 */
export function serveJob<Contract extends JobContract>(
  contract: Contract,
  work: (question: z.output<Work<Contract>['question']>, job: WorkerJob<ProgressOf<Contract>>) => Promise<Outcome>,
): void {
  const control = new JobControl();
  serveChild<JobContract>(
    contract,
    {
      work: (question, emit) =>
        work(question as z.output<Work<Contract>['question']>, {
          control,
          emit: (progress) => emit({ type: 'progress', progress }),
          paused: (paused) => emit({ type: paused ? 'paused' : 'resumed' }),
        }),
    },
    { onNotice: (notice) => control[notice](), onTerminate: () => control.cancel() },
  );
}
