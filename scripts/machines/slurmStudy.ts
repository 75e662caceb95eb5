/**
 * `npm run study:slurm`: a study on a real Slurm, started here with one node. One of its tasks is requeued in the
 * middle. Every training must end with exactly the same weights as in a study on this machine alone (--no-compare skips
 * that study).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { digestsOf, startMcir, tinyStudy } from './tinyStudy.ts';
import { SlurmCluster, whyNoSlurm } from './slurmCluster.ts';

interface Status {
  slurm?: { job: string; rows: { run: string; state: string; step: number }[] };
}

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '600' }, compare: { type: 'boolean', default: true } },
  allowNegative: true,
});
const why = whyNoSlurm();
if (why !== undefined) {
  process.stderr.write(`Skipped. ${why}\n`);
  process.exit(0);
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const top = await mkdtemp(join(tmpdir(), 'mcir-study-slurm-'));
const log = join(top, 'log.txt');
const home = join(top, 'home');
const study = await tinyStudy(join(top, 'shared'), [1, 2], Number(values.steps));
if (values.compare) say('The same study on this machine alone …');
const calm = values.compare ? await startMcir(join(top, 'calm'), ['study', 'run', study], log).ended : 0;
const expected = values.compare ? digestsOf(join(top, 'calm')) : {};
const cluster = await SlurmCluster.start();
Object.assign(process.env, cluster.env);

async function status(): Promise<Status['slurm']> {
  const file = join(top, 'status.json');
  await rm(file, { force: true });
  await startMcir(home, ['study', 'status', 'tiny', '--json'], file).ended;
  return (JSON.parse(readFileSync(file, 'utf8').split('\n')[0] as string) as Status).slurm;
}

try {
  const root = ['--root', `shared=${join(top, 'shared')}`];
  const submit = ['study', 'submit', study, '--slurm', '--array-limit', '2', '--cpus', '1', ...root];
  const submitted = await startMcir(home, submit, log).ended;
  let requeued = '';
  let before = 0;
  for (;;) {
    const now = await status();
    if (!now) throw new Error(`Nothing was submitted (${submitted}); see ${log}.`);
    say(now.rows.map(({ state, step }) => `${state} ${step}`).join(', '));
    const middle = now.rows.findIndex(({ state, step }) => state === 'running' && step >= 10);
    if (requeued === '' && middle >= 0) {
      requeued = `${now.job}_${middle}`;
      before = now.rows[middle]?.step ?? 0;
      await cluster.command('scontrol', ['requeue', requeued]);
      say(`Task ${middle} is requeued with ${before} steps saved.`);
    }
    if (now.rows.every(({ state }) => state === 'finished' || state === 'failed')) break;
    await sleep(2000);
  }
  const code = await startMcir(home, ['study', 'resume', 'tiny'], log).ended;
  const found = digestsOf(home);
  const equal = Object.keys(expected).filter((name) => found[name] === expected[name]).length;
  const result = { calm, code, requeued, stepsBefore: before, runs: Object.keys(found).length, equal };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode =
    calm === 0 && code === 0 && requeued !== '' && result.runs === 4 && (!values.compare || equal === 4) ? 0 : 1;
} catch (error) {
  say(String(error));
  process.exitCode = 1;
} finally {
  await cluster.end();
  if (process.exitCode) say(`See ${log} and ${cluster.folder}.`);
  else {
    await rm(top, { recursive: true, force: true });
    await rm(cluster.folder, { recursive: true, force: true });
  }
}
process.exit();
