/**
 * `npm run kills:study`: a study of six trainings on three workers that are killed (SIGKILL) ten times. Every training
 * must end with exactly the same weights as in an undisturbed study.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { randomStream } from '../../src/core/random.ts';
import { TrainPlace } from '../../src/services/machines/trainPlace.ts';
import { RedisServer } from '../../test/redisServer.ts';
import { endChild } from '../bench/scaleWorkers.ts';
import { digestsOf, startMcir, tinyStudy } from './tinyStudy.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10' },
    steps: { type: 'string', default: '300' },
    workers: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const [kills, steps, workers] = [Number(values.kills), Number(values.steps), Number(values.workers)];
const random = randomStream('kills of a study', Number(values.seed));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const top = await mkdtemp(join(tmpdir(), 'mcir-study-kills-'));
const study = await tinyStudy(join(top, 'shared'), [1, 2, 3], steps);
const log = join(top, 'log.txt');
const redis = await RedisServer.start(['--appendonly yes']);
const root = ['--root', `shared=${join(top, 'shared')}`, '--queue', redis.url];
const start = (i: number) =>
  startMcir(join(top, `worker-${i}`), ['worker', ...root, '--only', 'train', '--lost-after', '3'], log);

/** Saved steps, over all attempts. */
async function saved(): Promise<number> {
  let sum = 0;
  for (const name of await readdir(join(top, 'shared')).catch(() => []))
    if (name.startsWith('.mcir-')) sum += (await new TrainPlace(join(top, 'shared', name)).furthest())?.step ?? 0;
  return sum;
}

say('The undisturbed study, on this machine …');
const calm = await startMcir(join(top, 'calm'), ['study', 'run', study], log).ended;
const expected = digestsOf(join(top, 'calm'));
const running = Array.from({ length: workers }, (_, i) => start(i));
let killed = 0;
try {
  say('The disturbed one …');
  const disturbed = startMcir(join(top, 'home'), ['study', 'run', study, ...root], log);
  let over = false;
  void disturbed.ended.then(() => (over = true));
  const all = 6 * steps;
  const moments = Array.from({ length: kills }, () => random.integer(10, Math.floor(all * 0.85))).sort((a, b) => a - b);
  for (const at of moments) {
    while (!over && (await saved()) < at) await sleep(100);
    if (over) break;
    const victim = random.integer(0, workers - 1);
    await endChild((running[victim] as (typeof running)[0]).child, 'SIGKILL');
    killed++;
    say(`Worker ${victim} killed with ${await saved()} of ${all} steps saved.`);
    running[victim] = start(victim);
  }
  const code = await disturbed.ended;
  const found = digestsOf(join(top, 'home'));
  const equal = Object.keys(expected).filter((name) => found[name] === expected[name]).length;
  const result = { calm, code, kills: killed, runs: Object.keys(expected).length, equal };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = calm === 0 && code === 0 && result.runs === 6 && equal === 6 ? 0 : 1;
  if (process.exitCode !== 0) say(`See ${log}.`);
} finally {
  await Promise.all(running.map(({ child }) => endChild(child, 'SIGKILL')));
  await redis.kill();
  if (!process.exitCode) await rm(top, { recursive: true, force: true });
}
process.exit();
