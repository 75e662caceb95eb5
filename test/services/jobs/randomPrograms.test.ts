import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/random.ts';
import { type History, openHistory } from '../../../src/database/history.ts';
import { newFolder } from '../../cli/program.ts';

/** `MCIR_ROUNDS=200 vitest run test/services/jobs/randomPrograms.test.ts` is the long form; MCIR_SEED repeats one. */
const rounds = Number(process.env['MCIR_ROUNDS'] ?? 4);
const seed = Number(process.env['MCIR_SEED'] ?? 1);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const file = fileURLToPath(new URL('./ledgerProgram.ts', import.meta.url));

/** A real program on the folder, as a terminal or a window is one. */
class Program {
  readonly child: ChildProcess;
  readonly ready: Promise<string>;
  readonly faults: string[] = [];
  readonly #waiting = new Map<string, (answer: string) => void>();
  #count = 0;

  constructor(folder: string) {
    this.child = spawn(process.execPath, [file, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin?.on('error', () => undefined);
    this.ready = this.#answer('ready');
    createInterface({ input: this.child.stdout as never }).on('line', (line) => {
      const [number = '', ...answer] = line.split(' ');
      if (line.includes('fault')) this.faults.push(line);
      this.#waiting.get(number)?.(answer.join(' '));
    });
    // Whoever waits for a program that was killed waits no longer.
    this.child.on('exit', () => this.#waiting.forEach((resolve) => resolve('gone')));
  }

  get isThere(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  ask(verb: string, id = ''): Promise<string> {
    if (!this.isThere) return Promise.resolve('gone');
    const number = String(++this.#count);
    const answer = this.#answer(number);
    this.child.stdin?.write(`${number} ${verb} ${id}\n`);
    return answer;
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.isThere && this.child.kill('SIGKILL')) await gone;
  }

  #answer(number: string): Promise<string> {
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }
}

describe.skipIf(process.platform === 'win32')('two and three real programs at random', () => {
  const folder = newFolder();
  const all: Program[] = [];
  let history: History | undefined;
  afterAll(async () => {
    await Promise.all(all.map((program) => program.kill()));
    history?.db.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (): Program => {
    const program = new Program(folder);
    all.push(program);
    return program;
  };

  it(
    `do every batch to its end, one program at a time (${rounds} rounds)`,
    async () => {
      history = openHistory({ database: join(folder, 'mcir.sqlite') });
      const programs = [start(), start(), start()];
      await Promise.all(programs.map(({ ready }) => ready));
      const counts = { asked: 0, refused: 0, killed: 0, closed: 0 };
      for (let round = 1; round <= rounds; round++) {
        const random = randomStream(seed, 'programs', round);
        const many = random.integer(2, 3);
        const pick = (): number => random.integer(0, many - 1);
        const id = `b${seed}-${round}`;
        const began = pick();
        await programs[began]?.ask('submit', id);
        const answers: Promise<string>[] = [];
        for (let k = random.integer(3, 10); k > 0; k--) {
          await sleep(random.range(0, 120));
          const index = pick();
          const program = programs[index] as Program;
          const chance = random.uniform();
          if (chance < 0.12) {
            await program.kill();
            counts.killed++;
          } else if (chance < 0.18) {
            answers.push(program.ask('end'));
            await new Promise((resolve) => program.child.once('exit', resolve));
            counts.closed++;
          } else {
            const verbs = ['pause', 'resume', 'resume', 'cancel', 'close'];
            answers.push(program.ask(verbs[random.integer(0, verbs.length - 1)] ?? 'resume', id));
            counts.asked++;
          }
          if (!program.isThere) {
            programs[index] = start();
            await programs[index].ready;
          }
        }
        for (const answer of await Promise.all(answers)) if (answer !== 'ok' && answer !== 'gone') counts.refused++;
        // None is lost: any program brings it to its end.
        const last = programs[pick()] as Program;
        const until = Date.now() + 120_000;
        while (history.jobs.find(id)?.state !== 'finished') {
          expect(Date.now(), `round ${round}: ${JSON.stringify(history.jobs.find(id))}`).toBeLessThan(until);
          await last.ask('resume', id);
          await sleep(50);
        }
        const files = history.db.prepare('SELECT state, count(*) AS n FROM batch_files WHERE batch = ? GROUP BY state');
        expect(files.all(id), `round ${round}`).toEqual([{ state: 'done', n: 12 }]);
        expect(
          all.flatMap(({ faults }) => faults),
          `round ${round}`,
        ).toEqual([]);
      }
      process.stdout.write(`random programs: ${rounds} rounds from seed ${seed}, ${JSON.stringify(counts)}\n`);
    },
    120_000 + rounds * 60_000,
  );
});
