import { z } from 'zod';

/**
 * Paths with the same meaning on several machines, and how those machines are reached. The work itself is in
 * shared/machines.ts.
 */

export const rootName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,30}$/, 'The name of a root has small letters, digits, - and _, and begins with a letter');

/** A path inside a root: parts separated by `/`, without `.` and `..`. Empty for the root itself. */
export const relativePath = z
  .string()
  .max(4000)
  .refine(
    (path) => path === '' || path.split('/').every(isPlainPart),
    'The path leads out of its root, or is not plain',
  );

function isPlainPart(part: string): boolean {
  // A backslash separates folders on Windows, and a colon names a drive or a stream there.
  return part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part) && !/^[a-zA-Z]:/.test(part);
}

/** A file or folder inside a named root. */
export const travelPath = z.strictObject({ root: rootName, path: relativePath });
export type TravelPath = z.infer<typeof travelPath>;

/** Most pictures in a chunk. */
export const MOST_IN_CHUNK = 500;

/** How a queue is reached. Secrets are not in it: they come from the environment or a file. */
export const queueAddress = z.strictObject({
  /** redis://HOST:PORT or rediss://HOST:PORT (TLS), without a password. */
  url: z.string(),
  user: z.string().optional(),
  passwordFile: z.string().optional(),
  /** Files in PEM format: the authority that has signed the server's certificate, and a certificate of this client. */
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
});
export type QueueAddress = z.infer<typeof queueAddress>;

/** The other machines that the window gives work to: their queue, and the folders that all of them share. */
export const otherMachines = z.strictObject({ queue: queueAddress, roots: z.record(rootName, z.string()) });
export type OtherMachines = z.infer<typeof otherMachines>;

/** How a batch or training reaches other machines. */
export const travel = z.strictObject({
  /** Undefined for a cluster with its own scheduler (Slurm). */
  queue: queueAddress.optional(),
  /** Folders of this machine, by root name. */
  roots: z.record(rootName, z.string()),
  /** The shared folder of the batch or run. */
  place: travelPath,
  /** Pictures in a chunk of a batch. */
  chunk: z.int().min(1).max(MOST_IN_CHUNK).optional(),
  /** Every picture of the batch is in the ledger. */
  listed: z.boolean().optional(),
});
export type Travel = z.infer<typeof travel>;
