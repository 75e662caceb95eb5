import { z } from 'zod';

/** What a face sends and what it gets back. Both transports check both with these schemas. */
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
 * A name for a file or folder that the host gave out. Faces never send paths: an id that the host did not give out
 * opens nothing.
 */
export const handle = z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'not an id');

/** A file or folder as shown to people; `path` is for reading only. */
export const place = z.object({
  id: handle,
  name: z.string(),
  path: z.string(),
  kind: z.enum(['folder', 'file']),
  bytes: z.number().optional(),
});
export type Place = z.output<typeof place>;

/** Identifier of a run, a batch or a model in the database or the models folder. */
export const recordId = z.string().min(1).max(200);
