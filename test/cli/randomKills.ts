/**
 * `npm run kills -- [--rounds N] [--seed N]`: starts programs that write state (a batch, a training, a model, settings, a data
 * set, a preset), kills each with SIGKILL at a random moment of its work, and then looks whether anything is lost: the history is
 * sound, originals are as they were, every result is whole, no model is broken, what was told as kept is there, and everything
 * that was broken off can be finished. Every seed is a piece of its own: 20 pieces of 25 rounds are 500.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import sharp from 'sharp';
import { randomStream } from '../../src/core/random.ts';
import { seededModel } from '../seededModels.ts';
import { mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

const PICTURES = 6;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const rounds = Number(values.rounds);
const random = randomStream('kills', Number(values.seed));
const folder = newFolder();
const [home, inputs, out] = ['home', 'in', 'out'].map((name) => join(folder, name)) as [string, string, string];
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const keepState = fileURLToPath(new URL('../faults/keepState.ts', import.meta.url));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

mkdirSync(inputs);
for (let i = 0; i < PICTURES; i++)
  await sharp({ create: { width: 160, height: 120, channels: 3, background: { r: 30 * i, g: 90, b: 30 } } })
    .jpeg()
    .toFile(join(inputs, `${i}.jpg`));
const model = seededModel(folder, 'nafnet');
const config = await tinyTraining(folder, { steps: 12 });
const originals = hashes();

const works: Record<string, (round: number) => string[]> = {
  batch: () => [main, 'restore', inputs, '--out', out, '--model', 'identity'],
  training: () => [main, 'train', config],
  model: () => [main, 'models', 'add', model],
  'batch with a model': () => [main, 'restore', inputs, '--out', out, '--model', model],
  state: (round) => [keepState, join(folder, 'clear'), `set ${round}`],
};
/** How long each work takes where it is left alone, in milliseconds; found out by its first round. */
const lasts = new Map<string, number>();
/** What programs have told as kept. */
const kept: string[] = [];
let killed = 0;
for (let round = 1; round <= rounds; round++) {
  const [name, work] = Object.entries(works)[random.integer(0, Object.keys(works).length - 1)] ?? [];
  if (name === undefined || !work) continue;
  const longest = lasts.get(name);
  const began = performance.now();
  const { ended, stdout } = await killedAfter(work(round), longest && random.integer(0, Math.round(longest)));
  if (longest === undefined) lasts.set(name, performance.now() - began);
  kept.push(...stdout.trimEnd().split('\n'));
  if (!ended) killed++;
  say(`${round}: ${name} ${ended ? 'had ended' : 'killed'} after ${Math.round(performance.now() - began)} ms`);
}

const problems: string[] = [];
const expectThat = (holds: boolean, what: string): void => void (holds || problems.push(what));

const { batches = [] } = await mcirJson<{ batches?: { id: string; state: string }[] }>(home, 'batch', 'list');
for (const { id, state } of batches) {
  if (state === 'finished') continue;
  const { code, stderr } = await mcir(home, 'batch', 'resume', id);
  expectThat(code === 0, `batch ${id} (${state}) cannot be finished: ${stderr}`);
}
const { runs } = await mcirJson<{ runs: { id: string; state: string; step: number }[] }>(home, 'runs', 'list');
for (const { id, state } of runs) {
  if (state === 'finished') continue;
  const { code, stderr } = await mcir(home, 'resume', id);
  expectThat(code === 0, `run ${id} (${state}) cannot be finished: ${stderr}`);
}
const after = await mcirJson<{ runs: { id: string; state: string; step: number }[] }>(home, 'runs', 'list');
for (const { id, state, step } of after.runs)
  expectThat(state === 'finished' && step === 12, `run ${id} is ${state} at step ${step}`);
const done = await mcirJson<{ batches?: { id: string; state: string; done: number; total: number }[] }>(
  home,
  'batch',
  'list',
);
for (const { id, state, done: count, total } of done.batches ?? [])
  expectThat(state === 'finished' && count === total, `batch ${id} is ${state} with ${count} of ${total}`);
const { code, stderr } = await mcir(home, 'models', 'add', model);
expectThat(code === 0, `the model cannot be added: ${stderr}`);
const listed = await mcir(home, 'models', 'list');
expectThat(!/cannot be used/.test(listed.stderr), `a model is broken: ${listed.stderr}`);
expectThat(JSON.stringify(hashes()) === JSON.stringify(originals), 'an original has changed');
const names = readdirSync(out);
const finished = (done.batches ?? []).reduce((sum, { total }) => sum + total, 0);
expectThat(names.length === finished, `${finished} results were to be there, and there are ${names.length} files`);
for (const name of names) {
  const whole = await sharp(join(out, name))
    .stats()
    .then(
      () => true,
      () => false,
    );
  expectThat(whole, `${name} is no whole picture`);
}
const db = new Sqlite(join(home, 'mcir.sqlite'), { readonly: true });
const datasets = db.prepare('SELECT name FROM datasets').pluck().all() as string[];
for (const line of kept) {
  const [, what = '', tag = ''] = /^(dataset|renamed|preset) (.*)$/.exec(line) ?? [];
  if (what === 'dataset')
    expectThat(datasets.includes(tag) || datasets.includes(`${tag} renamed`), `data set ${tag} is lost`);
  if (what === 'renamed') expectThat(datasets.includes(`${tag} renamed`), `the new name of data set ${tag} is lost`);
  if (what === 'preset') expectThat(existsSync(join(home, 'presets', `${tag}.json`)), `preset ${tag} is lost`);
}
expectThat(db.pragma('integrity_check', { simple: true }) === 'ok', 'the history is damaged');
db.close();
expectThat(!readdirSync(home).some((name) => name.includes('damaged')), 'a history was set aside');
rmSync(folder, { recursive: true, force: true });

say(`${rounds} rounds, ${killed} killed; ${batches.length} batches, ${runs.length} runs; ${problems.length} problems`);
for (const problem of problems) say(`- ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** @returns whether the program had ended before, and what it said until then */
function killedAfter(args: readonly string[], ms: number | undefined): Promise<{ ended: boolean; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, MCIR_HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let [ended, stdout] = [true, ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const timer =
      ms === undefined
        ? undefined
        : setTimeout(() => {
            ended = false;
            child.kill('SIGKILL');
          }, ms);
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ ended, stdout });
    });
  });
}

function hashes(): string[] {
  return readdirSync(inputs)
    .sort()
    .map((name) =>
      createHash('sha256')
        .update(readFileSync(join(inputs, name)))
        .digest('hex'),
    );
}
