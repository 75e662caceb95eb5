import { z } from 'zod';
import { jobContract } from '../../../src/shared/jobMessages.ts';

/** What a test has its worker do. */
export const script = z.object({
  /** Steps of some milliseconds; left out, it goes on until it is cancelled. */
  steps: z.int().optional(),
  /** Hears nothing for a minute before it reports, as a worker that loads TensorFlow on a busy machine. */
  deaf: z.boolean().optional(),
  /** Ends its own process so. */
  die: z.string().optional(),
  /** Throws this. */
  fail: z.string().optional(),
});
export type Script = z.infer<typeof script>;

export const scriptedContract = jobContract(
  '../../test/services/jobs/scriptedWorker',
  script,
  z.object({ pid: z.int().optional(), step: z.int().optional() }),
);
