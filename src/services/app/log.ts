import { readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Logger, pino } from 'pino';
import { z } from 'zod';
import type { Home } from './home.ts';
import { programVersion } from './version.ts';

export type Log = Logger;

/** The program's log: a JSON object on each line. The one before it is kept beside it. */
export const logFile = (home: Home): string => join(home.logs, 'studio.log');
export const olderLogFile = (home: Home): string => join(home.logs, 'studio.older.log');

const MOST_BYTES = 1024 * 1024;

/**
 * Opens the log for appending; a large one becomes the older one first, so that both together stay small. Every line is
 * on disk before the program goes on: the last ones before a crash are those that matter.
 *
 * The log never throws. Lines that the disk does not take are kept, up to a megabyte of them, and written with a later
 * one; where the file cannot be opened at all, nothing is written.
 */
export function openLog(home: Home): Log {
  return pino(
    { base: { pid: process.pid, version: programVersion }, timestamp: pino.stdTimeFunctions.isoTime },
    openDestination(logFile(home), olderLogFile(home)),
  );
}

function openDestination(file: string, older: string): DestinationStream {
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MOST_BYTES) renameSync(file, older);
  } catch {
    // It goes on growing until it can be renamed.
  }
  try {
    const options = { dest: file, sync: true, mkdir: true, mode: 0o600, maxLength: MOST_BYTES };
    return pino.destination(options).on('error', () => undefined);
  } catch {
    return { write: () => undefined };
  }
}

const line = z.looseObject({
  time: z.string(),
  level: z.number(),
  msg: z.string().default(''),
  err: z.looseObject({ message: z.string() }).optional(),
});

/** The last lines of the log as people read them; lines that are none of ours are shown as they are. */
export function lastLines(home: Home, count: number): string[] {
  let text: string;
  try {
    text = readFileSync(logFile(home), 'utf8');
  } catch {
    return [];
  }
  return text.trimEnd().split('\n').slice(-count).map(readable);
}

function readable(text: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return text;
  }
  const { success, data } = line.safeParse(json);
  if (!success) return text;
  return `${data.time.replace('T', ' ').slice(0, 19)}  ${levelName(data.level)}  ${data.msg}${data.err ? `: ${data.err.message}` : ''}`;
}

/** pino's levels as people call them. */
function levelName(level: number): string {
  if (level >= 50) return 'error';
  return level >= 40 ? 'warning' : 'info';
}
