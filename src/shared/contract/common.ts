import { z } from 'zod';

/** Schemas of a call's input and output. Both transports validate both. */
export interface Call<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  input: Input;
  output: Output;
}

export function call<Input extends z.ZodType, Output extends z.ZodType>(
  input: Input,
  output: Output,
): Call<Input, Output> {
  return { input, output };
}

export const nothing = z.strictObject({});

/**
 * An id for a file or folder, issued by the host. Clients never send paths; an id that the host did not issue opens
 * nothing.
 */
export const handle = z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'not an id');

/** A file or folder as shown to the user; `path` is for display only. */
export const place = z.object({
  id: handle,
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'file']),
  bytes: z.number().optional(),
});
export type Place = z.output<typeof place>;

/** Id of a run, batch or model in the database or the models folder. */
export const recordId = z.string().min(1).max(200);
