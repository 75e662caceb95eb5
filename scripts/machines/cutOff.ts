/**
 * `npm run machines:cut` (as root, on Linux): three workers, each in its own network namespace, as on three machines.
 * The submitter is in a fourth one and loses its network for a minute in the middle. Redis runs where all of them can
 * reach it. Afterwards every picture must exist exactly once.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../test/redisServer.ts';
import { endChild, startWaitingWorker } from '../bench/scaleWorkers.ts';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '600' },
    ms: { type: 'string', default: '400' },
    'cut-seconds': { type: 'string', default: '60' },
  },
});
if (process.getuid?.() !== 0 || process.platform !== 'linux') {
  process.stderr.write('Skipped. Network namespaces need Linux and root.\n');
  process.exit(0);
}
const pictures = Number(values.pictures);
const cut = Number(values['cut-seconds']);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const ip = (line: string): void => void execFileSync('ip', line.split(' '), { stdio: 'ignore' });
const quietly = (line: string): void => {
  try {
    ip(line);
  } catch {
    // It does not exist.
  }
};

const tag = `m${process.pid % 10_000}`;
const bridge = `${tag}b`;
const names = ['a', 'b', 'c', 'd'].map((letter) => `${tag}${letter}`);
const net = `10.${100 + (process.pid % 100)}.${process.pid % 250}`;
const [workerA, workerB, workerC, submitter] = names as [string, string, string, string];

const top = mkdtempSync(join(tmpdir(), 'mcir-cut-'));
const shared = join(top, 'shared');
mkdirSync(join(shared, 'photos'), { recursive: true });
for (let i = 0; i < pictures; i++) writeFileSync(join(shared, 'photos', `p${i}.jpg`), `picture ${i}`);
const results = (): number => {
  try {
    return readdirSync(join(shared, 'out')).filter((name) => !name.startsWith('.')).length;
  } catch {
    return 0;
  }
};

ip(`link add ${bridge} type bridge`);
ip(`addr add ${net}.1/24 dev ${bridge}`);
ip(`link set ${bridge} up`);
for (const [i, name] of names.entries()) {
  ip(`netns add ${name}`);
  ip(`link add ${name}0 type veth peer name ${name}1`);
  ip(`link set ${name}0 master ${bridge} up`);
  ip(`link set ${name}1 netns ${name}`);
  ip(`netns exec ${name} ip addr add ${net}.${i + 2}/24 dev ${name}1`);
  ip(`netns exec ${name} ip link set ${name}1 up`);
  ip(`netns exec ${name} ip link set lo up`);
}
const port = await freePort();
const redis = spawn(
  'redis-server',
  ['--port', String(port), '--bind', `${net}.1`, '--save', '', '--dir', top, '--protected-mode', 'no'],
  { stdio: 'ignore' },
);
const url = `redis://${net}.1:${port}`;
const inside = (name: string): string[] => ['ip', 'netns', 'exec', name];
const workers = [workerA, workerB, workerC].map((name) =>
  startWaitingWorker({ url, shared, cache: join(top, name), ms: Number(values.ms), before: inside(name) }),
);
let code: number;
try {
  await sleep(1000);
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const args = ['restore', join(shared, 'photos'), '--model', 'identity', '--out', join(shared, 'out')];
  const [program = '', ...before] = [...inside(submitter), process.execPath, main];
  const child = spawn(
    program,
    [...before, ...args, '--queue', url, '--root', `shared=${shared}`, '--chunk', '20', '--json'],
    {
      env: { ...process.env, MCIR_HOME: join(top, 'home') },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let lines = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (lines += text));
  const ended = new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)));
  while (results() < pictures / 8) await sleep(100);
  const [before_, taken] = [results(), lines.split('\n').length];
  ip(`link set ${submitter}0 down`);
  say(`The submitter is cut off with ${before_} results.`);
  await sleep(cut * 1000);
  const during = results();
  ip(`link set ${submitter}0 up`);
  say(`It is back with ${during} results.`);
  const status = await ended;
  const numbers = lines
    .split('\n')
    .filter((line) => line.startsWith('{"file"'))
    .map((line) => (JSON.parse(line) as { file: { number: number } }).file.number);
  const result = {
    ...{ status, pictures, results: results(), before: before_, during, takenBefore: taken },
    takenOnce: numbers.length === pictures && new Set(numbers).size === pictures,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  code = status === 0 && result.results === pictures && result.takenOnce && during > before_ ? 0 : 1;
} finally {
  await Promise.all(workers.map((worker) => endChild(worker, 'SIGKILL')));
  redis.kill('SIGKILL');
  for (const name of names) quietly(`netns del ${name}`);
  quietly(`link del ${bridge}`);
  rmSync(top, { recursive: true, force: true });
}
process.exit(code);
