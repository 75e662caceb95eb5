import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { WaitingPictures } from '../../../scripts/bench/waitingPictures.ts';
import { listMachines } from '../../../src/services/machines/board.ts';
import { MachineWorker } from '../../../src/services/machines/machineWorker.ts';
import { connectQueue, type QueueConnection } from '../../../src/services/machines/queueConnection.ts';
import { openRoots } from '../../../src/services/machines/roots.ts';
import { streamSources } from '../../../src/services/machines/streamSources.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import type { QueueAddress } from '../../../src/shared/travel.ts';
import { freePort, RedisServer } from '../../redisServer.ts';
import { describeWithRedis } from '../../withRedis.ts';
import { type OpenedBatches, openBatches } from '../restoring/openBatches.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const connect = async (address: QueueAddress): Promise<QueueConnection> => {
  const connection = await connectQueue(address, 5000);
  closers.push(() => connection.close());
  return connection;
};

const startServer = async (...args: Parameters<typeof RedisServer.start>): Promise<RedisServer> => {
  const server = await RedisServer.start(...args);
  closers.push(() => server.kill());
  return server;
};

describeWithRedis('the queue', () => {
  it('refuses an unsuitable Redis, in one sentence', async () => {
    const evicting = await startServer(['--maxmemory-policy allkeys-lru']);
    await expect(connect({ url: evicting.url })).rejects.toThrow('Set maxmemory-policy to noeviction');
    const other = await startServer();
    const client = other.client();
    await client.set('mcir:schema', '99');
    await expect(connect({ url: other.url })).rejects.toThrow('another version of this program (form 99');
    client.disconnect();
    await expect(connect({ url: 'redis://127.0.0.1:1' })).rejects.toThrow('cannot be reached');
    await expect(connect({ url: 'http://127.0.0.1' })).rejects.toThrow('is no address of a queue');
    await expect(connect({ url: 'redis://:secret@127.0.0.1' })).rejects.toThrow('MCIR_QUEUE_PASSWORD');
  });

  it('takes the password from a file or the environment, and a user of an ACL with the rights that docs/scale.md lists', async () => {
    const page = readFileSync(new URL('../../../docs/scale.md', import.meta.url), 'utf8');
    const rights = /^user mcir on >PASSWORD (.*)$/m.exec(page)?.[1] ?? '';
    const server = await startServer(['--requirepass first'], { password: 'first' });
    const admin = server.client();
    await admin.acl('SETUSER', 'mcir', 'on', '>second', ...rights.split(' '));
    admin.disconnect();
    await expect(connect({ url: server.url })).rejects.toThrow('refuses the user or the password');
    const file = join(server.folder, 'password');
    writeFileSync(file, 'second\n');
    await expect(connect({ url: server.url, passwordFile: file })).rejects.toThrow('refuses the user or the password');
    process.env['MCIR_QUEUE_PASSWORD'] = 'second';
    closers.push(() => void delete process.env['MCIR_QUEUE_PASSWORD']);
    await connect({ url: server.url, user: 'mcir' });
    const { far, put } = await openFar({ url: server.url, user: 'mcir', passwordFile: file });
    put({ 'a.jpg': 'aaa' });
    await far.worker();
    expect((await far.restore()).done).toBe(1);
  });

  it('uses TLS with a certificate that it can verify, and with no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcir-tls-'));
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    openssl(
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.crt'.split(
        ' ',
      ),
    );
    openssl(
      ...'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout redis.key -out redis.csr'.split(
        ' ',
      ),
    );
    openssl(
      ...'x509 -req -in redis.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out redis.crt'.split(
        ' ',
      ),
    );
    const ca = join(folder, 'ca.crt');
    const files = `--tls-cert-file ${join(folder, 'redis.crt')} --tls-key-file ${join(folder, 'redis.key')} --tls-ca-cert-file ${ca}`;
    const port = await freePort();
    const server = await startServer([`--port 0 --tls-port ${port} --tls-auth-clients no ${files}`], {
      port,
      host: 'localhost',
      tls: { ca: readFileSync(ca), servername: 'localhost' },
    });
    expect(server.folder).not.toBe('');
    const url = `rediss://localhost:${port}`;
    await connect({ url, ca });
    await expect(connect({ url })).rejects.toThrow('--queue-ca FILE');
    await expect(connect({ url: url.replace('rediss', 'redis'), ca })).rejects.toThrow('rediss://');
  });
});

interface Far {
  opened: OpenedBatches;
  shared: string;
  worker(ms?: number, lostAfterMs?: number): Promise<MachineWorker>;
  start(chunk?: number): Promise<string>;
  restore(chunk?: number): ReturnType<OpenedBatches['batches']['ended']>;
}

/** A home and a shared folder, and workers in this process whose model waits. */
async function openFar(queue: QueueAddress): Promise<{ far: Far; put: (texts: Record<string, string>) => void }> {
  const top = mkdtempSync(join(tmpdir(), 'mcir-far-'));
  const shared = join(top, 'shared');
  mkdirSync(join(shared, 'photos'), { recursive: true });
  const opened = openBatches(join(top, 'home'));
  const roots = await openRoots([`shared=${shared}`]);
  let count = 0;
  const far: Far = {
    opened,
    shared,
    async worker(ms = 0, lostAfterMs = 2000) {
      const connection = await connect(queue);
      const worker = new MachineWorker({
        ...{ connection, roots, concurrency: 1, lostAfterMs, child: {}, kinds: ['batch'] },
        cache: join(top, `cache-${++count}`),
        openPictures: () => new WaitingPictures(ms),
      });
      closers.push(() => worker.close());
      return worker;
    },
    async start(chunk = 4) {
      const settings = { out: join(shared, 'out'), effect: effect.parse({}), export: exportSettings.parse({}) };
      const sources = streamSources([join(shared, 'photos')], true);
      return (await opened.batches.createElsewhere(sources, ['identity'], settings, { queue, roots, chunk })).id;
    },
    restore: async (chunk) => opened.batches.ended(await far.start(chunk)),
  };
  return {
    far,
    put: (texts) => {
      for (const [name, text] of Object.entries(texts)) writeFileSync(join(shared, 'photos', name), text);
    },
  };
}

const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}.jpg`, i % 10 === 3 ? 'broken' : `picture ${i}`]));

const results = (far: Far): string[] =>
  readdirSync(join(far.shared, 'out'))
    .filter((name) => !name.startsWith('.'))
    .sort();

describeWithRedis('a batch on other machines', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start(['--appendonly yes']);
  });
  afterAll(() => server.kill());

  it('is done by two workers, and their results are entered in the history', async () => {
    const { far, put } = await openFar({ url: server.url });
    put(many(30));
    await Promise.all([far.worker(60), far.worker(60)]);
    const id = await far.start();
    const connection = await connect({ url: server.url });
    const busy = async (): Promise<number> =>
      (await listMachines(connection)).filter(({ tasks, quiet }) => !quiet && tasks.some((task) => task.id === id))
        .length;
    await expect.poll(busy, { interval: 50 }).toBe(2);
    const batch = await far.opened.batches.ended(id);
    expect(batch).toMatchObject({ state: 'finished', total: 30, done: 27, failed: 3 });
    expect(results(far)).toHaveLength(27);
    const failed = far.opened.batches.files(id).filter(({ state }) => state === 'failed');
    expect(failed.map(({ source, reason }) => [source.slice(-7), reason])).toEqual([
      ['p13.jpg', 'This is not a picture.'],
      ['p23.jpg', 'This is not a picture.'],
      ['/p3.jpg', 'This is not a picture.'],
    ]);
    // Nothing of the work is left beside the results.
    expect(readdirSync(join(far.shared, 'out')).filter((name) => name.startsWith('.mcir-'))).toEqual([]);
  });

  it('retries failed pictures on request', async () => {
    const { far, put } = await openFar({ url: server.url });
    put({ 'a.jpg': 'aaa', 'b.jpg': 'broken' });
    await far.worker();
    const { id } = await far.restore();
    put({ 'b.jpg': 'mended' });
    await far.opened.batches.retry(id);
    expect(await far.opened.batches.ended(id)).toMatchObject({ done: 2, failed: 0 });
    expect(results(far)).toEqual(['a.jpg', 'b.jpg']);
  });

  it('continues while the submitter is closed, and its records are taken once', async () => {
    const { far, put } = await openFar({ url: server.url });
    put(many(20));
    const id = await far.start();
    const { batches, jobs } = far.opened;
    await batches.submitted(id);
    await jobs.closeJob(id);
    expect((await batches.ended(id)).state).toBe('interrupted');
    await far.worker();
    await expect.poll(() => results(far).length).toBe(18);
    expect(batches.find(id)).toMatchObject({ done: 0, waiting: 20 });
    let told = 0;
    batches.events.on('file', () => told++);
    expect(await batches.run(id)).toMatchObject({ state: 'finished', done: 18, failed: 2 });
    expect(told).toBe(20);
  });

  it('pauses after the current pictures, resumes, and a cancel reaches the workers', async () => {
    const { far, put } = await openFar({ url: server.url });
    put(many(60));
    await far.worker(30);
    const { batches } = far.opened;
    const id = await far.start(10);
    await expect.poll(() => results(far).length).toBeGreaterThan(2);
    await batches.pause(id);
    await expect.poll(() => batches.find(id).state).toBe('paused');
    const still = results(far).length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(results(far)).toHaveLength(still);
    await batches.resume(id);
    await expect.poll(() => results(far).length).toBeGreaterThan(still);
    await batches.cancel(id);
    const after = results(far).length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(results(far)).toHaveLength(after);
    expect(batches.find(id)).toMatchObject({ state: 'cancelled' });
    // What is left is done when the batch goes on.
    expect(await batches.run(id)).toMatchObject({ state: 'finished', done: 54, failed: 6 });
    expect(results(far)).toHaveLength(54);
  });

  it('workers finish their current work while Redis is unreachable, and continue afterwards', async () => {
    const { far, put } = await openFar({ url: server.url });
    put(many(40));
    await far.worker(20);
    const id = await far.start(10);
    await expect.poll(() => results(far).length).toBeGreaterThan(1);
    await server.kill();
    await expect.poll(() => results(far).length).toBe(9);
    await server.restart();
    expect(await far.opened.batches.ended(id)).toMatchObject({ state: 'finished', done: 36, failed: 4 });
    expect(results(far)).toHaveLength(36);
  });
});
