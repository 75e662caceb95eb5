import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import type { RunFolder } from '../../core/training/runFolder.ts';
import { stateChange, wireError, writtenJobState } from '../../shared/jobs.ts';
import { runFacts } from '../../shared/runs.ts';

const programRecord = z.object({ id: z.string(), machine: z.string(), host: z.string(), process: z.string() });

/** run.json: what the history knows of a run besides its configuration and metrics. Either of the two can be made again from the other. */
export const runRecord = z.object({
  id: z.string(),
  name: z.string(),
  state: writtenJobState,
  created: z.number(),
  changed: z.number(),
  error: wireError.exactOptional(),
  /** The program that owns it while it is active; `host` is how programs before version 0.2 wrote that, `pid@start`. */
  owner: programRecord.exactOptional(),
  host: z.string().exactOptional(),
  worker: z.string().exactOptional(),
  facts: runFacts.exactOptional(),
  note: z.string(),
  tags: z.array(z.string()),
  states: z.array(stateChange.extend({ state: writtenJobState })),
});
export type RunRecord = z.infer<typeof runRecord>;

/** Writes run.json anew, whole or not at all. */
export function writeRunRecord(folder: RunFolder, record: RunRecord): void {
  writeFileAtomic(folder.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Undefined for a folder that holds no readable record. */
export function readRunRecord(folder: RunFolder): RunRecord | undefined {
  try {
    return runRecord.safeParse(JSON.parse(readSmallFile(folder.record))).data;
  } catch {
    return undefined;
  }
}
