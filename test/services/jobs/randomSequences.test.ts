import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgramRecord } from '../../../src/database/jobRepository.ts';
import { type History, openHistory } from '../../../src/database/history.ts';
import { JobManager } from '../../../src/services/jobs/JobManager.ts';
import { OwnerWatch } from '../../../src/services/jobs/owners.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { isActive, type JobState, jobVerb, type TransitionName, transitions } from '../../../src/shared/jobs.ts';

/** `MCIR_ROUNDS=500 vitest run test/services/jobs/randomSequences.test.ts` is the long form. */
const rounds = Number(process.env['MCIR_ROUNDS'] ?? 15);
const LOOK_MS = 4;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Steps of work that a job takes, each of a few milliseconds. What is done stays done. */
const STEPS = 6;

/** What all programs see of the work itself. */
class Workshop {
  readonly done = new Map<string, number>();
  readonly #atWork = new Map<string, string>();
  readonly faults: string[] = [];

  enter(job: string, program: string): void {
    const other = this.#atWork.get(job);
    if (other !== undefined) this.faults.push(`${program} works on ${job} beside ${other}`);
    this.#atWork.set(job, program);
  }

  leave(job: string): void {
    this.#atWork.delete(job);
  }
}

/** A program of its own in all but its process: own connection to the database, own manager. */
function openProgram(file: string, name: string, workshop: Workshop, dead: ReadonlySet<string>) {
  const history: History = openHistory({ database: file });
  class Watch extends OwnerWatch {
    override isGone({ id }: ProgramRecord): boolean {
      return dead.has(id);
    }
  }
  const jobs = new JobManager(history.jobs, { watch: new Watch(), lookMs: LOOK_MS, beatMs: 3 * LOOK_MS });
  jobs.register('count', {
    oneIn: 'home',
    run: async ({ id }, work) => {
      workshop.enter(id, name);
      try {
        let paused = false;
        for (;;) {
          if (work.signal.aborted) return { state: 'cancelled' };
          if (work.pauseAsked !== paused) {
            paused = work.pauseAsked;
            work.entered(paused ? 'paused' : 'running');
          }
          const done = workshop.done.get(id) ?? 0;
          if (!paused && done >= STEPS) return { state: 'finished' };
          if (!paused) workshop.done.set(id, done + 1);
          await sleep(3);
        }
      } finally {
        workshop.leave(id);
      }
    },
  });
  return { history, jobs };
}

const command = fc.record({
  program: fc.nat(2),
  job: fc.nat(2),
  what: fc.oneof(fc.constantFrom(...jobVerb.options), fc.constantFrom('submit' as const, 'close program' as const)),
  wait: fc.nat(12),
});

describe('random sequences of several programs on one history', () => {
  it(
    `leave every job with at most one owner at a time, and lose none (${rounds} rounds)`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 3 }),
          fc.array(command, { minLength: 4, maxLength: 25 }),
          async (count, commands) => {
            const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
            const workshop = new Workshop();
            const dead = new Set<string>();
            const file = join(folder, 'mcir.sqlite');
            const programs = Array.from({ length: count }, (_, i) => openProgram(file, `program ${i}`, workshop, dead));
            const submitted = new Set<string>();
            const asked: Promise<unknown>[] = [];
            try {
              for (const { program, job, what, wait } of commands) {
                const index = program % count;
                const { jobs } = programs[index] as (typeof programs)[number];
                const id = `job ${job}`;
                const act = async (): Promise<unknown> => {
                  if (what === 'submit') {
                    if (submitted.has(id)) return;
                    submitted.add(id);
                    return jobs.submit({ id, kind: 'count', title: id });
                  }
                  if (what === 'close program') {
                    await jobs.close();
                    dead.add(jobs.owner);
                    programs[index] = openProgram(file, `program ${index} again`, workshop, dead);
                    return;
                  }
                  return what === 'close' ? jobs.closeJob(id) : jobs[what](id);
                };
                // What cannot be done is refused with a sentence; anything else is a fault.
                const running = act().catch((error: unknown) => {
                  if (!(error instanceof AppError)) throw error;
                });
                if (what === 'close program') await running;
                asked.push(running);
                await sleep(wait);
              }
              await Promise.all(asked);
              // None is lost: whatever state it is in, it can be brought to its end.
              const [{ jobs, history } = programs[0] as never] = programs;
              const unfinished = (): string[] => [...submitted].filter((id) => jobs.find(id).state !== 'finished');
              while (unfinished().length > 0) {
                for (const id of unfinished())
                  await jobs.resume(id).catch((error: unknown) => {
                    if (!(error instanceof AppError)) throw error;
                  });
                await sleep(20);
              }
              for (const id of submitted) {
                expect(workshop.done.get(id)).toBe(STEPS);
                checkHistory(history.jobs.states(id).map(({ state }) => state));
                expect(history.jobs.find(id)?.owner).toBeUndefined();
              }
              expect(workshop.faults).toEqual([]);
            } finally {
              await Promise.allSettled(asked);
              for (const { jobs } of programs) await jobs.close();
              for (const { history } of programs) history.db.close();
              rmSync(folder, { recursive: true, force: true });
            }
          },
        ),
        { numRuns: rounds, endOnFailure: true },
      );
    },
    rounds * 30_000,
  );

  it('a program that another wrongly took for gone ends its work and writes nothing more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
    const file = join(folder, 'mcir.sqlite');
    const workshop = new Workshop();
    const dead = new Set<string>();
    const [first, second] = ['first', 'second'].map((name) => openProgram(file, name, workshop, dead)) as [
      ReturnType<typeof openProgram>,
      ReturnType<typeof openProgram>,
    ];
    first.jobs.submit({ id: 'a', kind: 'count', title: 'a' });
    await first.jobs.pause('a');
    dead.add(first.jobs.owner);
    expect(await second.jobs.recover()).toMatchObject([{ id: 'a', state: 'interrupted' }]);
    // Before it has noticed, the database refuses it.
    for (const name of Object.keys(transitions) as TransitionName[])
      if (transitions[name].by === 'owner')
        expect(first.history.jobs.enter('a', name, first.jobs.owner, { at: 1 }), name).toBe(false);
    await sleep(20 * LOOK_MS);
    await second.jobs.resume('a');
    expect(await second.jobs.ended('a')).toMatchObject({ state: 'finished' });
    expect(second.history.jobs.states('a').map(({ state }) => state)).toEqual(
      expect.arrayContaining(['queued', 'running', 'interrupted', 'finished']),
    );
    expect(workshop.faults).toEqual([]);
    for (const { jobs, history } of [first, second]) {
      await jobs.close();
      history.db.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });
});

/** Every step of a job's history is a transition of the table. */
function checkHistory(states: readonly JobState[]): void {
  expect(states[0]).toBe('queued');
  states.forEach((to, i) => {
    const from = states[i - 1];
    if (from === undefined) return;
    const known = Object.values(transitions).some(
      (transition) => transition.to === to && (transition.from as readonly JobState[]).includes(from),
    );
    expect(known, `${from} to ${to}`).toBe(true);
  });
  expect(isActive(states.at(-1) ?? 'queued')).toBe(false);
}
