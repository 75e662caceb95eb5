import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Logger, pino } from 'pino';
import { z } from 'zod';
import { isFreeOrOrdinary, readSmallFile } from '../../core/files/ordinaryFile.ts';
import type { Home } from './home.ts';
import { programVersion } from './version.ts';

export type Log = Logger;

/** The program's log, with one JSON object per line. The previous log is kept beside it. */
export const logFile = (home: Home): string => join(home.logs, 'studio.log');
export const olderLogFile = (home: Home): string => join(home.logs, 'studio.older.log');

const MOST_BYTES = 1024 * 1024;

/**
 * Opens the log for appending. A large log is first renamed to the previous one, so that both together stay small.
 * Every line is written immediately, because the last lines before a crash matter most.
 *
 * The log never throws. While the disk is full, up to a megabyte of lines is kept in memory and written later. If the
 * file cannot be opened, nothing is written.
 */
export function openLog(home: Home): Log {
  return pino(
    { base: { pid: process.pid, version: programVersion }, timestamp: pino.stdTimeFunctions.isoTime },
    openDestination(logFile(home), olderLogFile(home)),
  );
}

function openDestination(file: string, older: string): DestinationStream {
  if (!isFreeOrOrdinary(file)) return { write: () => undefined };
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MOST_BYTES) renameSync(file, older);
  } catch {
    // It keeps growing until it can be renamed.
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

/** The last lines of the log in readable form; other programs' lines are shown unchanged. */
export function lastLines(home: Home, count: number): string[] {
  let text: string;
  try {
    text = readSmallFile(logFile(home), 100 * MOST_BYTES);
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

/** Names of pino's levels. */
function levelName(level: number): string {
  if (level >= 50) return 'error';
  return level >= 40 ? 'warning' : 'info';
}
