import { readFileSync } from 'node:fs';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import type { RunFolder } from '../../core/training/runFolder.ts';
import { jobState, stateChange, wireError } from '../../shared/jobs.ts';
import { runFacts } from '../../shared/runs.ts';

/** run.json: what the history knows of a run beside its configuration and metrics, so that both can be lost but one. */
export const runRecord = z.object({
  id: z.string(),
  name: z.string(),
  state: jobState,
  created: z.number(),
  changed: z.number(),
  error: wireError.exactOptional(),
  host: z.string().exactOptional(),
  worker: z.string().exactOptional(),
  facts: runFacts.exactOptional(),
  note: z.string(),
  tags: z.array(z.string()),
  states: z.array(stateChange),
});
export type RunRecord = z.infer<typeof runRecord>;

/** Writes run.json anew, whole or not at all. */
export function writeRunRecord(folder: RunFolder, record: RunRecord): void {
  writeFileAtomic(folder.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** Undefined for a folder that holds no readable record. */
export function readRunRecord(folder: RunFolder): RunRecord | undefined {
  try {
    return runRecord.safeParse(JSON.parse(readFileSync(folder.record, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
