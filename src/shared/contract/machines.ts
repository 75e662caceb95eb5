import { z } from 'zod';
import { machine } from '../machines.ts';
import { call, recordId } from './common.ts';

/** The workers of the queue that does a batch or a study. */
const workers = z.object({
  /** Whether other machines do it. */
  elsewhere: z.boolean(),
  /** Those with a task of it first. Tasks of other batches and studies are among them, without their ids. */
  machines: z.array(machine.extend({ tasks: z.array(machine.shape.tasks.element.extend({ own: z.boolean() })) })),
  /** Why nothing can be said at the moment. */
  trouble: z.string().optional(),
});
export type Workers = z.output<typeof workers>;

export const machineCalls = {
  /** Which machine does what of a batch. Asked again every few seconds by whoever shows it. */
  'machines.ofBatch': call(z.strictObject({ batch: recordId }), workers),
  'machines.ofStudy': call(z.strictObject({ study: recordId }), workers),
};
