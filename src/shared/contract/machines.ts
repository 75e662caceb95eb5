import { z } from 'zod';
import { machine } from '../machines.ts';
import { call, handle, nothing, recordId } from './common.ts';

/** The workers of the queue that does a batch or a study. */
const workers = z.object({
  /** Whether other machines do it. */
  elsewhere: z.boolean(),
  /** Workers with a task of it come first. Tasks of other batches and studies are included, without their ids. */
  machines: z.array(machine.extend({ tasks: z.array(machine.shape.tasks.element.extend({ own: z.boolean() })) })),
  /** The reason why nothing is known at the moment. */
  trouble: z.string().optional(),
});
export type Workers = z.output<typeof workers>;

/** A file or folder as it was chosen; it need not be there any more. */
const chosen = z.object({ id: handle, path: z.string() });

/** The other machines, as the settings show them. */
const setUp = z.object({
  url: z.string(),
  user: z.string().optional(),
  passwordFile: chosen.optional(),
  ca: chosen.optional(),
  roots: z.array(z.object({ name: z.string(), folder: chosen })),
});
export type MachinesSetUp = z.output<typeof setUp>;

export const machineCalls = {
  /** The other machines that the window gives work to; null if there are none. */
  'machines.setUp': call(nothing, setUp.nullable()),
  /** Connects to the queue, and remembers it if that works. */
  'machines.change': call(
    z.strictObject({
      url: z.string().max(2000),
      user: z.string().max(200).optional(),
      /** The file that holds the password. */
      passwordFile: handle.optional(),
      /** The authority that signed the certificate of Redis (PEM). */
      ca: handle.optional(),
      /** Folders that all machines share, under names that are the same on each of them. */
      roots: z.array(z.strictObject({ name: z.string().max(100), folder: handle })).max(50),
    }),
    nothing,
  ),
  'machines.forget': call(nothing, nothing),
  /** The workers of the queue in the settings. Asked again every few seconds by whoever shows them. */
  'machines.all': call(nothing, workers),
  /** Which machine does which part of a batch. The window asks again every few seconds. */
  'machines.ofBatch': call(z.strictObject({ batch: recordId }), workers),
  'machines.ofStudy': call(z.strictObject({ study: recordId }), workers),
};
