import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/core/formats/safetensors.ts';
import { runRecord } from '../../src/services/training/runRecord.ts';
import type { RunDetail, RunSummary } from '../../src/shared/runs.ts';
import { endPrograms, Mcir, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

/** `KILLS=20 vitest run test/cli/kill.test.ts` is the long form. Compiling takes a while at every start. */
const variants = [
  { compile: false, kills: Number(process.env['KILLS'] ?? 3) },
  { compile: true, kills: Number(process.env['KILLS'] ?? 1) },
];

let folder: string;
let home: string;
beforeAll(() => {
  folder = newFolder();
  home = join(folder, 'home');
});
afterAll(endPrograms);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The parts of a run's result that must not depend on how often it was interrupted. */
function resultOf(id: string): { last: Map<string, string>; best: Map<string, string>; metrics: string } {
  const run = join(home, 'runs', id);
  const bits = (name: string): Map<string, string> => {
    const { weights } = readSafetensors(readFileSync(join(run, 'checkpoints', `${name}.safetensors`)));
    return new Map(
      [...weights].map(([key, { data }]) => [
        key,
        Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
      ]),
    );
  };
  return { last: bits('last'), best: bits('best'), metrics: readFileSync(join(run, 'metrics.jsonl'), 'utf8') };
}

const newestRun = async (): Promise<string> => {
  const { runs } = await mcirJson<{ runs: RunSummary[] }>(home, 'runs', 'list');
  return runs[0]?.id ?? '';
};

/** Lets a training run for a random time, then kills it or its worker; false where it had ended before. */
async function killAtRandom(program: Mcir, longestMs: number): Promise<boolean> {
  await program.said(/Run \w+ "/);
  const ended = await Promise.race([
    program.ended,
    new Promise<undefined>((resolve) => setTimeout(resolve, Math.random() * longestMs)),
  ]);
  if (ended) return false;
  const victim = Math.random() < 0.5 ? program.child.pid : workerOf(await newestRun());
  if (victim === undefined || program.child.exitCode !== null) return false;
  try {
    process.kill(victim, 'SIGKILL');
  } catch {
    return false; // the worker has just ended by itself
  }
  await program.ended;
  return true;
}

function workerOf(id: string): number | undefined {
  const record = runRecord.parse(JSON.parse(readFileSync(join(home, 'runs', id, 'run.json'), 'utf8')));
  return record.worker === undefined ? undefined : Number.parseInt(record.worker, 10);
}

describe.each(variants)('a training killed at random moments, compile: $compile', ({ compile, kills }) => {
  it(
    `ends bit for bit like one that was not, over ${kills} kills`,
    { timeout: (300 + kills * 240) * 1000 },
    async () => {
      const config = await tinyTraining(folder, { compile });
      const started = Date.now();
      const whole = await mcirJson<RunDetail>(home, 'train', config);
      const duration = Date.now() - started;
      // On a GPU a batch is one.
      expect(whole.facts?.shares).toBe(compile && whole.facts?.device.startsWith('CPU') ? 2 : undefined);
      const expected = resultOf(whole.id);

      for (let killed = 0; killed < kills;) {
        let program = new Mcir(home, ['train', config]);
        while (await killAtRandom(program, duration)) {
          killed += 1;
          program = new Mcir(home, ['resume', await newestRun()]);
          if (killed >= kills) break;
        }
        const { code, stderr } = await program.ended;
        const id = await newestRun();
        // The worker may have finished just before its host was killed; then there is nothing left to resume.
        if (code !== 0) expect(stderr).toMatch(/has finished/);
        const run = await mcirJson<RunDetail>(home, 'runs', 'show', id);
        expect(run.state).toBe('finished');
        expect(resultOf(id)).toEqual(expected);
        expect(run).toMatchObject({ step: whole.step, best: whole.best, psnrBefore: whole.psnrBefore });
        expect(run.pictures).toEqual(whole.pictures);
      }
      expect((await mcir(home, 'resume', whole.id)).code).toBe(1);
    },
  );
});
