import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BatchRepository } from '../../../src/database/batchRepository.ts';
import { openHistory } from '../../../src/database/history.ts';
import { JobManager } from '../../../src/services/jobs/JobManager.ts';
import { isRunning, processIdentity } from '../../../src/services/jobs/processes.ts';
import { AppError } from '../../../src/shared/errors.ts';

/**
 * A program for the test of random programs: `node ledgerProgram.ts FOLDER`. It does batches as the real service does, over
 * the same ledger, but a picture takes it some milliseconds. On stdin it takes lines of `NUMBER VERB JOB`, and answers
 * `NUMBER ok` or `NUMBER SENTENCE`. It says `fault …` where two programs work on one batch.
 */
const folder = process.argv[2] ?? '';
const history = openHistory({ database: join(folder, 'mcir.sqlite') });
const jobs = new JobManager(history.jobs);
const ledger = new BatchRepository(history.db, jobs.owner);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A file that only one program can make: whoever finds it there looks whether its maker lives. */
function takePlace(id: string): () => void {
  const place = join(folder, `${id}.at-work`);
  for (;;) {
    try {
      const file = openSync(place, 'wx');
      writeSync(file, processIdentity());
      closeSync(file);
      return () => rmSync(place, { force: true });
    } catch {
      const holder = readHolder(place);
      if (holder !== '' && isRunning(holder)) {
        say(`fault ${id}: ${processIdentity()} beside ${holder}`);
        return () => undefined;
      }
      rmSync(place, { force: true });
    }
  }
}

function readHolder(place: string): string {
  try {
    return readFileSync(place, 'utf8');
  } catch {
    return '';
  }
}

jobs.register('batch', {
  oneIn: 'home',
  run: async ({ id }, work) => {
    const leave = takePlace(id);
    try {
      for (const { number, state } of ledger.files(id)) if (state === 'running') ledger.set(id, number, 'waiting');
      let paused = false;
      for (;;) {
        if (work.signal.aborted) return { state: 'cancelled' };
        if (work.pauseAsked !== paused) {
          paused = work.pauseAsked;
          work.entered(paused ? 'paused' : 'running');
        }
        if (paused) {
          await sleep(10);
          continue;
        }
        const file = ledger.take(id, false);
        if (!file) return { state: 'finished' };
        await sleep(10);
        ledger.set(id, file.number, 'done');
      }
    } finally {
      leave();
    }
  },
});

createInterface({ input: process.stdin }).on('line', (line) => {
  const [number = '', verb = '', id = ''] = line.split(' ');
  act(verb, id).then(
    () => say(`${number} ok`),
    (error: unknown) => say(`${number} ${error instanceof AppError ? error.message : `fault ${String(error)}`}`),
  );
});

async function act(verb: string, id: string): Promise<unknown> {
  switch (verb) {
    case 'submit':
      return jobs.submit({ id, kind: 'batch', title: id }, () => {
        history.db.prepare('INSERT INTO batches (id, settings) VALUES (?, ?)').run(id, '{}');
        for (let number = 1; number <= 12; number++)
          history.db
            .prepare('INSERT INTO batch_files (batch, number, source, folder, identity) VALUES (?, ?, ?, ?, ?)')
            .run(id, number, `${number}`, '', `${number}`);
      });
    case 'pause':
      return jobs.pause(id);
    case 'resume':
      return jobs.resume(id);
    case 'cancel':
      return jobs.cancel(id);
    case 'close':
      return jobs.closeJob(id);
    default:
      await jobs.close();
      history.db.close();
      setTimeout(() => process.exit(0), 20);
  }
  return undefined;
}
say('ready ok');
