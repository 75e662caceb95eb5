import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import type { RunFolder } from '../../core/training/runFolder.ts';
import { stateChange, wireError, writtenJobState } from '../../shared/jobs.ts';
import { runFacts } from '../../shared/runs.ts';

const programRecord = z.object({ id: z.string(), machine: z.string(), host: z.string(), process: z.string() });

/**
 * run.json: everything about a run that is in neither its configuration nor its metrics. File and database can be
 * rebuilt from each other.
 */
export const runRecord = z.object({
  id: z.string(),
  name: z.string(),
  state: writtenJobState,
  created: z.number(),
  changed: z.number(),
  error: wireError.exactOptional(),
  /** The program that owns it while it is active. Programs before version 0.2 wrote `host` as `pid@start`. */
  owner: programRecord.exactOptional(),
  host: z.string().exactOptional(),
  worker: z.string().exactOptional(),
  facts: runFacts.exactOptional(),
  note: z.string(),
  tags: z.array(z.string()),
  states: z.array(stateChange.extend({ state: writtenJobState })),
});
export type RunRecord = z.infer<typeof runRecord>;

/** Writes run.json completely or not at all. */
export function writeRunRecord(folder: RunFolder, record: RunRecord): void {
  writeFileAtomic(folder.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Undefined if the folder has no readable record. */
export function readRunRecord(folder: RunFolder): RunRecord | undefined {
  try {
    return runRecord.safeParse(JSON.parse(readSmallFile(folder.record))).data;
  } catch {
    return undefined;
  }
}
