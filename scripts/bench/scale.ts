/**
 * `npm run bench:scale`: how a batch on several machines scales. Workers are processes whose model waits instead of computing, so
 * that what is measured is the queue, the shared folder and the submitter, not the processor. Redis is started here, on a port
 * of its own.
 *
 *     npm run bench:scale -- --workers 1,16 --ms 200 --pictures 1600 --json     efficiency
 *     npm run bench:scale -- --submit 1000000 --json                            a million pictures submitted, listed, resumed
 *     npm run bench:scale -- --overhead --pictures 60 --json                    a queued batch on one worker and a local one
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { openHistory } from '../../src/database/history.ts';
import { ChildSettings } from '../../src/services/app/childSettings.ts';
import { openHome } from '../../src/services/app/home.ts';
import { JobManager } from '../../src/services/jobs/JobManager.ts';
import { listMachines } from '../../src/services/machines/board.ts';
import { MachineWorker } from '../../src/services/machines/machineWorker.ts';
import { connectQueue } from '../../src/services/machines/queueConnection.ts';
import { openRoots } from '../../src/services/machines/roots.ts';
import { streamSources } from '../../src/services/machines/streamSources.ts';
import { Batches } from '../../src/services/restoring/batches.ts';
import { collectSources } from '../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';
import { RedisServer } from '../../test/redisServer.ts';
import { endChild, startWaitingWorker } from './scaleWorkers.ts';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '1,2,4,8,16' },
    ms: { type: 'string', default: '200' },
    pictures: { type: 'string', default: '1600' },
    chunk: { type: 'string' },
    submit: { type: 'string' },
    overhead: { type: 'boolean', default: false },
    model: { type: 'string', default: 'identity' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const top = await mkdtemp(join(tmpdir(), 'mcir-scale-'));
const shared = join(top, 'shared');
const photos = join(shared, 'photos');
await mkdir(photos, { recursive: true });
const redis = await RedisServer.start(['--appendonly yes']);
let homes = 0;

/** The services of a program that submits batches. */
function openSubmitter(folder = join(top, `home-${++homes}`)) {
  const home = openHome(folder);
  const history = openHistory(home);
  const jobs = new JobManager(history.jobs);
  const batches = new Batches({ home, history, jobs, children: new ChildSettings(home) });
  return {
    ...{ home, history, jobs, batches },
    close: async () => {
      await jobs.close();
      history.db.close();
    },
  };
}

const settings = (out: string) => ({
  out: join(shared, out),
  effect: effect.parse({}),
  export: exportSettings.parse({}),
});
const queue = { url: redis.url };

async function submit(batches: Batches, out: string, chunk: number): Promise<string> {
  const roots = await openRoots([`shared=${shared}`]);
  const sources = streamSources([photos], true);
  return (await batches.createElsewhere(sources, ['identity'], settings(out), { queue, roots, chunk })).id;
}

/** Seconds from the submission until the last record is taken; the workers are already waiting for work. */
async function timeBatch(workers: number, ms: number, pictures: number): Promise<number> {
  const children = Array.from({ length: workers }, (_, i) =>
    startWaitingWorker({ url: redis.url, shared, cache: join(top, `cache-${workers}-${i}`), ms }),
  );
  const connection = await connectQueue(queue);
  const submitter = openSubmitter();
  try {
    while ((await listMachines(connection)).filter(({ quiet }) => !quiet).length < workers) await pause(100);
    // Every worker gets at least two chunks, so that none waits for long at the end.
    const chunk =
      values.chunk === undefined
        ? Math.max(1, Math.min(100, Math.floor(pictures / workers / 2)))
        : Number(values.chunk);
    const began = performance.now();
    const id = await submit(submitter.batches, `out-${workers}`, chunk);
    const batch = await submitter.batches.ended(id);
    const seconds = (performance.now() - began) / 1000;
    if (batch.done !== pictures)
      throw new Error(`${batch.done} of ${pictures} pictures were done: ${batch.reason ?? ''}`);
    return seconds;
  } finally {
    await submitter.close();
    await Promise.all(children.map((child) => endChild(child)));
    connection.close();
    const client = redis.client();
    await client.flushall();
    client.disconnect();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function efficiency(): Promise<object> {
  const [ms, pictures] = [Number(values.ms), Number(values.pictures)];
  const counts = values.workers.split(',').map(Number);
  for (let i = 0; i < pictures; i++) await writeFile(join(photos, `p${i}.jpg`), `picture ${i}`);
  const runs: { workers: number; seconds: number; efficiency: number }[] = [];
  for (const workers of counts) {
    const seconds = await timeBatch(workers, ms, pictures);
    const [first = { workers, seconds }] = runs;
    // Relative to the same pictures on the smallest number of workers.
    const share = (first.seconds * first.workers) / (seconds * workers);
    runs.push({ workers, seconds: round(seconds), efficiency: round(share) });
    say(`${workers} workers: ${seconds.toFixed(1)} s, efficiency ${(100 * share).toFixed(1)} %`);
  }
  return { pictures, ms, runs, efficiency: runs.at(-1)?.efficiency ?? 0 };
}

/** Time and memory of submitting many pictures, and of listing and resuming that batch. No worker runs. */
async function submission(): Promise<object> {
  const pictures = Number(values.submit);
  const perFolder = 1000;
  say(`Making ${pictures} empty files …`);
  for (let folder = 0; folder * perFolder < pictures; folder++) {
    const path = join(photos, String(folder).padStart(6, '0'));
    await mkdir(path);
    const count = Math.min(perFolder, pictures - folder * perFolder);
    await Promise.all(Array.from({ length: count }, (_, i) => writeFile(join(path, `p${i}.jpg`), '')));
  }
  const client = redis.client();
  const redisBytes = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const before = await redisBytes();
  const folder = join(top, 'home-large');
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50);
  const small = process.memoryUsage().rss;
  const submitter = openSubmitter(folder);
  let began = performance.now();
  const id = await submit(submitter.batches, 'out-large', Number(values.chunk ?? 100));
  const listed = performance.now() - began;
  await submitter.batches.submitted(id);
  const submitted = performance.now() - began;
  clearInterval(watch);
  await submitter.jobs.closeJob(id);
  await submitter.batches.ended(id);
  await submitter.close();
  const after = await redisBytes();
  began = performance.now();
  const again = openSubmitter(folder);
  const [batch] = again.batches.list();
  const list = performance.now() - began;
  began = performance.now();
  await again.batches.resume(id);
  await again.batches.submitted(id);
  const resume = performance.now() - began;
  await again.jobs.closeJob(id);
  await again.batches.ended(id);
  await again.close();
  client.disconnect();
  return {
    pictures: batch?.total,
    listedSeconds: round(listed / 1000),
    submittedSeconds: round(submitted / 1000),
    redisMegabytes: round((after - before) / 1e6),
    submitterMegabytes: round(most / 1e6),
    submitterMegabytesAtStart: round(small / 1e6),
    listSeconds: round(list / 1000),
    resumeSeconds: round(resume / 1000),
  };
}

/** The same pictures with a real child process: as a local batch, and through the queue on one worker of this machine. */
async function overhead(): Promise<object> {
  const pictures = Number(values.pictures);
  const side = 1200;
  const noise = { channels: 3, background: 'black', noise: { type: 'gaussian', mean: 128, sigma: 30 } } as const;
  for (let i = 0; i < pictures; i++)
    await sharp({
      create: { ...noise, width: side, height: side },
    })
      .jpeg({ quality: 90 })
      .toFile(join(photos, `p${i}.jpg`));
  const submitter = openSubmitter();
  const { batches, home } = submitter;
  const models = [values.model];
  const connection = await connectQueue(queue);
  const roots = await openRoots([`shared=${shared}`]);
  const worker = new MachineWorker({
    ...{ connection, roots, concurrency: 1, lostAfterMs: 30_000, kinds: ['batch'] },
    cache: join(top, 'cache'),
    child: new ChildSettings(home).options,
  });
  const seconds = { local: [] as number[], queued: [] as number[] };
  for (let round = 0; round < 3; round++) {
    let began = performance.now();
    const { files } = await collectSources([photos], true);
    const local = await batches.create(files, models, settings(`local-${round}`));
    await batches.ended(local.id);
    seconds.local.push((performance.now() - began) / 1000);
    began = performance.now();
    const far = { queue, roots, chunk: 100 };
    const queued = await batches.createElsewhere(
      streamSources([photos], true),
      models,
      settings(`queued-${round}`),
      far,
    );
    await batches.ended(queued.id);
    seconds.queued.push((performance.now() - began) / 1000);
    say(`local ${seconds.local.at(-1)?.toFixed(1)} s, queued ${seconds.queued.at(-1)?.toFixed(1)} s`);
  }
  await worker.close();
  connection.close();
  await submitter.close();
  const best = (all: number[]): number => Math.min(...all);
  return {
    pictures,
    localSeconds: seconds.local.map(round),
    queuedSeconds: seconds.queued.map(round),
    overhead: round(best(seconds.queued) / best(seconds.local) - 1),
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

async function measure(): Promise<object> {
  if (values.submit !== undefined) return submission();
  return values.overhead ? overhead() : efficiency();
}

try {
  const result = await measure();
  process.stdout.write(`${JSON.stringify(result, null, values.json ? 0 : 2)}\n`);
} finally {
  await redis.kill();
  await rm(redis.folder, { recursive: true, force: true });
  await rm(top, { recursive: true, force: true });
}
process.exit();
