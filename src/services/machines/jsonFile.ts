import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { linkOnce } from '../../core/files/finalName.ts';
import { nameBeside, openNew, writeWhole } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

/**
 * Small JSON files in folders that several machines share. They are validated, because anybody could have written them.
 */

/** Limit; orders and records are far smaller. */
const MOST_BYTES = 8 * 2 ** 20;

export const hashText = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Writes a file completely or not at all, and replaces an existing one. */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeWhole(path, `${JSON.stringify(value)}\n`);

/**
 * Writes a file that nobody has written yet. Of several machines that do it at once exactly one succeeds.
 * @returns whether it was this one
 * @throws the system's error; ENOENT where the folder is gone
 */
export async function writeJsonOnce(path: string, value: unknown): Promise<boolean> {
  const beside = nameBeside(path);
  const file = await openNew(beside);
  try {
    try {
      await file.writeFile(`${JSON.stringify(value)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return await linkOnce(beside, path);
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}

/**
 * Reads and validates a JSON file.
 * @param hash SHA-256 that the file must have
 * @returns undefined if it does not exist
 * @throws AppError `bad-input` if the content is not valid
 */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  hash?: string,
): Promise<z.output<Schema> | undefined> {
  let text: string;
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new AppError('bad-input', `${path} is too large. It was not read.`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (hash !== undefined && hashText(text) !== hash)
    throw new AppError('bad-input', `${path} has changed since the work was submitted. Submit the work again.`);
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('bad-input', `${path} does not hold what it should: ${messageOf(cause).slice(0, 300)}`, {
      cause,
    });
  }
}
