/**
 * `npm run kills:machines`: a batch on several workers. Workers and Redis are killed (SIGKILL) at random times.
 * Afterwards every good picture must exist exactly once, every bad one must be named, and the originals must be
 * unchanged.
 * npm run kills:machines -- --pictures 500 --broken 40 --kills 20 --redis-kills 3 --real
 * With --real the workers are `mcir worker` with the real child process; otherwise their model only waits and copies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { randomStream } from '../../src/core/random.ts';
import { openHistory } from '../../src/database/history.ts';
import { ChildSettings } from '../../src/services/app/childSettings.ts';
import { openHome } from '../../src/services/app/home.ts';
import { JobManager } from '../../src/services/jobs/JobManager.ts';
import { openRoots } from '../../src/services/machines/roots.ts';
import { streamSources } from '../../src/services/machines/streamSources.ts';
import { Batches } from '../../src/services/restoring/batches.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';
import { RedisServer } from '../../test/redisServer.ts';
import { endChild, startWaitingWorker } from '../bench/scaleWorkers.ts';

export interface KillBatch {
  workers: number;
  pictures: number;
  broken: number;
  workerKills: number;
  redisKills: number;
  /** Milliseconds per picture; without effect on real workers. */
  ms: number;
  seed: number;
  /** Real workers and pictures. */
  real?: boolean;
  say?: (line: string) => void;
}

export interface FoundAfterKills {
  state: string;
  seconds: number;
  workerKills: number;
  redisKills: number;
  results: number;
  /** Results that are not a copy of exactly one good original. */
  wrongResults: number;
  failed: number;
  /** Failed pictures that were good, or bad ones that did not fail. */
  wronglyNamed: number;
  originalsChanged: number;
  /** Names beside the results that should not be there. */
  left: string[];
}

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LOST_AFTER_MS = 2000;
const CHUNK = 10;

const hashOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

/** Runs such a batch and checks the results afterwards. */
export async function killBatch(options: KillBatch): Promise<FoundAfterKills> {
  const { workers, pictures, broken, workerKills, redisKills, ms, seed, real = false, say = () => undefined } = options;
  const random = randomStream('kills', seed);
  const top = await mkdtemp(join(tmpdir(), 'mcir-kills-'));
  const shared = join(top, 'shared');
  const photos = join(shared, 'photos');
  await mkdir(photos, { recursive: true });
  const bad = new Set<number>();
  while (bad.size < broken) bad.add(random.integer(0, pictures - 1));
  for (let i = 0; i < pictures; i++) {
    const file = join(photos, `p${String(i).padStart(4, '0')}.jpg`);
    if (bad.has(i)) await writeFile(file, `broken ${i}`);
    else if (real) await writeFile(file, await smallPicture(i));
    else await writeFile(file, `picture ${i}`);
  }
  const originals = await hashAll(photos);
  const redis = await RedisServer.start(['--appendonly yes']);
  const start = (number: number): ChildProcess => {
    const cache = join(top, `worker-${number}`);
    if (!real) return startWaitingWorker({ url: redis.url, shared, cache, ms, lostAfterMs: LOST_AFTER_MS });
    const lost = String(LOST_AFTER_MS / 1000);
    const args = [
      'worker',
      '--queue',
      redis.url,
      '--root',
      `shared=${shared}`,
      '--lost-after',
      lost,
      '--only',
      'batch',
    ];
    return spawn(process.execPath, [main, ...args], {
      env: { ...process.env, MCIR_HOME: cache },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
  };
  const home = openHome(join(top, 'home'));
  const history = openHistory(home);
  const jobs = new JobManager(history.jobs);
  const batches = new Batches({ home, history, jobs, children: new ChildSettings(home) });
  const running = Array.from({ length: workers }, (_, i) => start(i));
  let killed = 0;
  let redisKilled = 0;
  try {
    const began = performance.now();
    const roots = await openRoots([`shared=${shared}`]);
    const { id } = await batches.createElsewhere(
      streamSources([photos], true),
      ['identity'],
      {
        out: join(shared, 'out'),
        effect: effect.parse({}),
        export: exportSettings.parse({ provenance: false }),
      },
      { queue: { url: redis.url }, roots, chunk: CHUNK },
    );
    let over = false;
    const ended = batches.ended(id).finally(() => (over = true));
    const done = (): Promise<number> =>
      readdir(join(shared, 'out')).then(
        (all) => all.length,
        () => 0,
      );
    // Spread over the whole batch by its progress, so that slow and fast machines have equally many kills.
    const events = [
      ...Array.from({ length: workerKills }, () => 'worker' as const),
      ...Array.from({ length: redisKills }, () => 'redis' as const),
    ]
      .map((kind) => ({ kind, at: random.integer(1, Math.floor((pictures - broken) * 0.85)) }))
      .sort((a, b) => a.at - b.at);
    for (const { kind, at } of events) {
      while (!over && (await done()) < at) await sleep(20);
      if (over) break;
      if (kind === 'redis') {
        await redis.kill();
        await sleep(500);
        await redis.restart();
        redisKilled++;
        say(`Redis killed and started again with ${await done()} results.`);
        continue;
      }
      const victim = random.integer(0, workers - 1);
      await endChild(running[victim] as ChildProcess, 'SIGKILL');
      killed++;
      say(`Worker ${victim} killed with ${await done()} results.`);
      running[victim] = start(victim);
    }
    const batch = await ended;
    const seconds = (performance.now() - began) / 1000;
    return {
      ...(await look(shared, originals, bad, batches.files(id))),
      ...{ state: batch.state, seconds, workerKills: killed, redisKills: redisKilled },
    };
  } finally {
    await Promise.all(running.map((child) => endChild(child, 'SIGKILL')));
    await jobs.close();
    history.db.close();
    await redis.kill();
    await rm(redis.folder, { recursive: true, force: true });
    await rm(top, { recursive: true, force: true });
  }
}

async function look(
  shared: string,
  originals: ReadonlyMap<string, string>,
  bad: ReadonlySet<number>,
  files: readonly { number: number; state: string; source: string }[],
): Promise<Omit<FoundAfterKills, 'state' | 'seconds' | 'workerKills' | 'redisKills'>> {
  const out = join(shared, 'out');
  const names = await readdir(out);
  const results = names.filter((name) => originals.has(name));
  const isBad = (name: string): boolean => bad.has(Number(/\d+/.exec(name)?.[0]));
  // Real workers encode the picture again, so it only has to be readable.
  const isWrong = async (name: string): Promise<boolean> => {
    const text = await readFile(join(out, name));
    if (isBad(name)) return true;
    if (text.subarray(0, 7).toString() === 'picture') return (await hashOf(join(out, name))) !== originals.get(name);
    return !(await sharp(text)
      .stats()
      .catch(() => undefined));
  };
  const wrong = await Promise.all(results.map(isWrong));
  const now = await hashAll(join(shared, 'photos'));
  return {
    results: results.length,
    wrongResults: wrong.filter(Boolean).length,
    failed: files.filter(({ state }) => state === 'failed').length,
    wronglyNamed: files.filter(
      ({ source, state }) => isBad(source.slice(source.lastIndexOf('/'))) !== (state === 'failed'),
    ).length,
    originalsChanged: [...originals].filter(([name, hash]) => now.get(name) !== hash).length,
    left: names.filter((name) => !originals.has(name)),
  };
}

async function hashAll(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) found.set(name, await hashOf(join(folder, name)));
  return found;
}

const smallPicture = (i: number): Promise<Buffer> =>
  sharp({ create: { width: 48 + (i % 7), height: 40, channels: 3, background: { r: i % 256, g: 90, b: 30 } } })
    .jpeg()
    .toBuffer();

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      pictures: { type: 'string', default: '500' },
      broken: { type: 'string', default: '40' },
      kills: { type: 'string', default: '20' },
      'redis-kills': { type: 'string', default: '3' },
      workers: { type: 'string', default: '3' },
      ms: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      real: { type: 'boolean', default: false },
    },
  });
  const found = await killBatch({
    workers: Number(values.workers),
    pictures: Number(values.pictures),
    broken: Number(values.broken),
    workerKills: Number(values.kills),
    redisKills: Number(values['redis-kills']),
    ms: Number(values.ms),
    seed: Number(values.seed),
    real: values.real,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  const good = Number(values.pictures) - Number(values.broken);
  const right =
    found.state === 'finished' &&
    found.results === good &&
    found.wrongResults + found.wronglyNamed + found.originalsChanged + found.left.length === 0;
  process.exit(right ? 0 : 1);
}
