import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, messageOf } from '../../shared/errors.ts';

/**
 * On Linux a file name can be any bytes, and cameras and old archives write names that are not UTF-8. Inside the
 * program a path is text. Bytes that are not UTF-8 are written as `\xE9`, which people can read and type and every
 * store accepts. `bytesOf` turns such a path back into the bytes of the system. If a name really contains `\xE9`, its
 * backslash is escaped (`\x5CxE9`), so that each name has exactly one text.
 */

const isKnown = process.platform === 'linux';
const ESCAPE = /\\x([0-9A-F]{2})/g;
const BACKSLASH = 0x5c;

const escaped = (byte: number): string => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** A name as text. */
export function textOf(name: Buffer): string {
  const text = name.toString();
  if (!isKnown || (isUtf8(name) && text.search(ESCAPE) < 0)) return text;
  let result = '';
  for (let at = 0; at < name.length;) {
    const character = characterAt(name, at);
    const isEscape = name[at] === BACKSLASH && /^\\x[0-9A-F]{2}/.test(name.toString('latin1', at, at + 4));
    result += character === undefined || isEscape ? escaped(name[at] as number) : character;
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return result;
}

/** The UTF-8 character at a position; undefined if there is none. */
function characterAt(bytes: Buffer, at: number): string | undefined {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const part = bytes.subarray(at, at + length);
    if (isUtf8(part)) return part.toString();
  }
  return undefined;
}

/** Whether a path contains escaped bytes, so that the system cannot use it as it is. */
export const holdsBytes = (path: string): boolean => isKnown && path.search(ESCAPE) >= 0;

/** The real path of what a path leads to. @throws the system's error */
export const realPathOf = async (path: string): Promise<string> =>
  textOf(await realpath(bytesOf(path), { encoding: 'buffer' }));

/** A path as the functions of `node:fs` take it. */
export function bytesOf(path: string): string | Buffer {
  if (!holdsBytes(path)) return path;
  const parts: Buffer[] = [];
  let end = 0;
  for (const { index, 0: found, 1: digits = '' } of path.matchAll(ESCAPE)) {
    parts.push(Buffer.from(path.slice(end, index)), Buffer.from(digits, 'hex'));
    end = index + found.length;
  }
  return Buffer.concat([...parts, Buffer.from(path.slice(end))]);
}

/**
 * Finds the file that a user named, if the name came through something that only handles text (a command line, a folder
 * watcher) and each byte that is not UTF-8 became U+FFFD. Returns the one file in the folder that matches; if none or
 * several match, returns the path unchanged.
 */
export function pathMeant(path: string): string {
  if (!isKnown || !path.includes('\ufffd') || statSync(path, { throwIfNoEntry: false })) return path;
  const folder = pathMeant(dirname(path));
  try {
    const [first, ...more] = readdirSync(bytesOf(folder), { encoding: 'buffer' }).filter(
      (name) => name.toString() === basename(path),
    );
    return first && more.length === 0 ? join(folder, textOf(first)) : path;
  } catch {
    return path;
  }
}

/**
 * Runs work that takes its path as text only (libvips, ExifTool). A file whose name is not UTF-8 is available under a
 * temporary name meanwhile. Error messages contain the real name.
 */
export async function withTextPath<Value>(path: string, work: (path: string) => Promise<Value>): Promise<Value> {
  if (!holdsBytes(path)) return work(path);
  const file = openSync(bytesOf(path), 'r');
  const alias = `/proc/${process.pid}/fd/${file}`;
  try {
    return await work(alias);
  } catch (error) {
    if (!messageOf(error).includes(alias)) throw error;
    const { code, details } = error instanceof AppError ? error : { code: 'io' as const, details: undefined };
    throw new AppError(code, messageOf(error).replaceAll(alias, path), { cause: error, ...(details && { details }) });
  } finally {
    closeSync(file);
  }
}
