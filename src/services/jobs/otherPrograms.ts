import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRepository, OwnedJob } from '../../database/jobRepository.ts';
import { AppError } from '../../shared/errors.ts';
import type { JobVerb } from '../../shared/jobs.ts';
import { describeProgram, type OwnerWatch } from './owners.ts';
import { endProcess } from './processes.ts';

/** An owner must answer a request within `most`, and show a sign of life every `silent` milliseconds. */
const ANSWER_MS = { silent: 15_000, most: 60_000 };

/** The other programs that share the database of jobs: requests to them, and the jobs they left behind when they ended. */
export class OtherPrograms {
  readonly #repository: JobRepository;
  readonly #watch: OwnerWatch;
  readonly #self: string;

  /** @param self id of this program as an owner of jobs */
  constructor(repository: JobRepository, watch: OwnerWatch, self: string) {
    this.#repository = repository;
    this.#watch = watch;
    this.#self = self;
  }

  /** Ids of programs that show no sign of life, for example because they were stopped with Ctrl-Z. Nobody waits for them. */
  silent(): string[] {
    return this.#repository.owners().flatMap((owner) => (this.#watch.isSilent(owner) ? [owner.id] : []));
  }

  /** Where the program runs that owns a job; undefined if that is this program, or if the job has no owner. */
  ownerOf({ owner }: OwnedJob): string | undefined {
    if (owner === undefined || owner === this.#self) return undefined;
    const program = this.#repository.program(owner);
    return program ? describeProgram(program) : undefined;
  }

  /**
   * Marks active jobs as interrupted if the program that owned them is gone. A child process that still works on one is
   * ended first.
   * @param onInterrupted called after each job
   * @returns the ids of the jobs
   */
  async interruptAbandoned(onInterrupted: (id: string) => void): Promise<string[]> {
    const others = this.#repository.owners().filter(({ id }) => id !== this.#self);
    const gone = new Map(others.flatMap((owner) => (this.#watch.isGone(owner) ? [[owner.id, owner] as const] : [])));
    const found: string[] = [];
    for (const { id, owner, worker } of this.#repository.active()) {
      const program = gone.get(owner ?? '');
      if (owner !== undefined && !program) continue;
      if (worker !== undefined && program && this.#watch.isHere(program)) await endProcess(worker);
      const reason = 'The program ended while the job was active.';
      if (!this.#repository.enter(id, 'recover', owner, { at: Date.now(), reason })) continue;
      found.push(id);
      onInterrupted(id);
    }
    for (const id of gone.keys()) {
      this.#watch.forget(id);
      this.#repository.dismiss(id);
    }
    return found;
  }

  /**
   * Asks the owner of a job to do something with it, and waits for the answer.
   * @param options.isAbandoned whether the job was interrupted because its owner is gone; called before each look
   * @param options.lookMs how often to look for an answer
   * @returns where the owner runs; undefined if the job no longer belongs to it, so that the caller has to start over
   * @throws AppError the owner's refusal, `conflict` if it does not respond, and what `isAbandoned` throws
   */
  async ask(
    { id, title, owner = '' }: OwnedJob,
    verb: JobVerb,
    { isAbandoned, lookMs }: { isAbandoned: () => Promise<boolean>; lookMs: number },
  ): Promise<string | undefined> {
    const program = this.#repository.program(owner);
    if (!program) return undefined;
    const request = this.#repository.ask(id, verb);
    try {
      const began = performance.now();
      let [beat, alive] = [program.beat, began];
      for (;;) {
        const now = performance.now();
        if (now - began > ANSWER_MS.most || now - alive > ANSWER_MS.silent) break;
        const seen = this.#repository.program(owner)?.beat;
        if (seen !== undefined && seen !== beat) [beat, alive] = [seen, now];
        const answer = this.#repository.answerTo(request);
        if (answer === 'lost') return undefined;
        if (answer?.refusal) throw AppError.fromWire(answer.refusal);
        if (answer) return describeProgram(program);
        if (await isAbandoned()) return undefined;
        await sleep(lookMs);
      }
    } finally {
      this.#repository.withdraw(request);
    }
    throw new AppError(
      'conflict',
      `"${title}" belongs to another window or terminal (${describeProgram(program)}), which does not respond. Continue there, or close that program.`,
    );
  }
}
