import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/core/formats/safetensors.ts';
import { randomStream } from '../../../src/core/random.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { addModel } from '../../../src/services/models/models.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import type { Batch, Source } from '../../../src/shared/contract/restoring.ts';
import type { Place } from '../../../src/shared/contract/common.ts';
import type { Run } from '../../../src/shared/contract/training.ts';
import { mcir, mcirJson } from '../../cli/program.ts';
import { seededModel } from '../../seededModels.ts';
import { tinySet } from '../tinyRuns.ts';
import { isThere, workersOf } from '../workers.ts';
import { answerMessages, type ElectronWindow, newFolder, servicesOf, startElectron } from './openElectron.ts';

/** `npm run kills:electron` sets more; KILLS_SEED chooses other moments and victims. */
const kills = Number(process.env['KILLS'] ?? 5);
const seed = Number(process.env['KILLS_SEED'] ?? 1);
/** Nothing may be left so long after its parent was killed, in ms. A machine that is busy with other work is given more. */
const orphansMs = (): number => ((loadavg()[0] ?? 0) > 2 * availableParallelism() + 2 ? 60_000 : 5000);
/** The longest time before the next kill. */
const longestMs = 4000;
const PICTURES = 24;
/** Enough for the training to go on during most kills. */
const steps = 20 * kills;
/** Another process is chosen after so many looks for one that is not there: the training or the batch may be over. */
const mostLooks = 10;
/** After three stops within a minute the shell gives the services up, and says so. */
const mostStops = 2;

const victims = ['main', 'services', 'train', 'restore', 'renderer'] as const;
type Victim = (typeof victims)[number];

/** A training and a batch at the same time, while their processes are killed at random moments. */
describe(`${kills} kills in Electron, seed ${seed},`, () => {
  const random = randomStream('kills in Electron', seed);
  let folder: string;
  let home: string;
  let window: ElectronWindow;
  let stops: number;

  beforeEach(async () => {
    folder = await newFolder();
    home = join(folder, 'home');
    stops = 0;
  });
  afterEach(async () => {
    for (const pid of everyone()) if (isThere(pid)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** Main process, services and workers, as they are now. */
  const everyone = (): number[] => {
    const services = servicesOf(window.pid);
    const workers = services === undefined ? [] : [...workersOf(services, 'train'), ...workersOf(services, 'restore')];
    return [window.pid, ...(services === undefined ? [] : [services]), ...workers];
  };
  /** Calls the services through the window as it is now; a page that was killed is another one then. */
  const call = async <T>(name: string, input: unknown): Promise<T> => {
    // A page that has just died never answers.
    const late = sleep(10_000).then(() => {
      throw new Error('The page did not answer.');
    });
    const asked = window.app.evaluate(
      async ({ BrowserWindow }, [wanted, text]) =>
        (await BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(
          `window.mcir.call(${JSON.stringify(wanted)}, ${text})`,
        )) as unknown,
      [name, JSON.stringify(input)] as const,
    );
    late.catch(() => undefined);
    asked.catch(() => undefined);
    const reply = await Promise.race([asked, late]);
    if (typeof reply === 'object' && reply !== null && 'value' in reply) return reply.value as T;
    throw new Error(JSON.stringify(reply));
  };
  const start = async (): Promise<void> => {
    window = await startElectron(folder);
    stops = 0;
    await answerMessages(window.app, 0);
    await answers();
  };
  /** Waits until window and services answer, whatever was killed. */
  const answers = (): Promise<void> =>
    expect.poll(() => call<Run[]>('runs.list', {}).then(Array.isArray, () => false)).toBe(true);
  const runNow = async (id: string): Promise<Run | undefined> =>
    (await call<Run[]>('runs.list', {})).find((run) => run.id === id);
  const batchNow = async (id: string): Promise<Batch | undefined> =>
    (await call<Batch[]>('batches.list', {})).find((batch) => batch.id === id);
  /** Goes on with what is not at work. What has just changed its state by itself refuses, which is right. */
  const goOn = async (run: string, batch: string): Promise<void> => {
    const isOver = ['interrupted', 'failed', 'cancelled'];
    if (isOver.includes((await runNow(run))?.state ?? ''))
      await call('training.resume', { run }).catch(() => undefined);
    const now = await batchNow(batch);
    // A picture over which its process was killed three times counts as failed, which is right, too.
    if (now?.state === 'finished' && now.failed > 0) await call('batches.retry', { batch }).catch(() => undefined);
    if (isOver.includes(now?.state ?? '')) await call('batches.resume', { batch }).catch(() => undefined);
  };
  const pidOf = async (victim: Victim): Promise<number | undefined> => {
    const services = servicesOf(window.pid);
    if (victim === 'main') return window.pid;
    if (victim === 'services') return services;
    if (victim === 'renderer')
      return window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId());
    return services === undefined ? undefined : workersOf(services, victim)[0];
  };

  /** Kills one process, waits for what has to end with it, and for the window to be there again. */
  const kill = async (victim: Victim): Promise<boolean> => {
    const pid = await pidOf(victim);
    if (pid === undefined || !isThere(pid)) return false;
    const before = everyone();
    const below = { main: before, services: before.slice(1), train: [pid], restore: [pid], renderer: [pid] }[victim];
    process.kill(pid, 'SIGKILL');
    const at = performance.now();
    await expect.poll(() => below.filter(isThere), { timeout: orphansMs(), interval: 50 }).toEqual([]);
    process.stdout.write(
      `${victim}: everything below it ended after ${Math.round(performance.now() - at)} ms (load ${loadavg()[0]?.toFixed(0)})\n`,
    );
    // A page that dies takes no work with it.
    if (victim === 'renderer') expect(before.slice(0, 2).every(isThere)).toBe(true);
    if (victim === 'services') stops += 1;
    if (victim === 'main' || stops >= mostStops) {
      if (victim !== 'main') {
        await answerMessages(window.app, 1);
        await window.app.close();
      }
      await start();
    } else await answers();
    return true;
  };

  test(
    'lose nothing, leave nothing behind, and change no weight and no pixel',
    { timeout: (600 + 60 * kills) * 1000 },
    async () => {
      const inputs = join(folder, 'in');
      const out = join(folder, 'out');
      for (const made of [inputs, out]) await mkdir(made);
      for (let i = 0; i < PICTURES; i++)
        await sharp({ create: { width: 200, height: 150, channels: 3, background: { r: 10 * i, g: 90, b: 30 } } })
          .png()
          .toFile(join(inputs, `${i}.png`));
      const originals = await Promise.all((await readdir(inputs)).map((name) => readFile(join(inputs, name))));
      const model = await addModel(seededModel(folder, 'edsr'), openHome(home));
      const { config, file } = await tinySet(folder, home, {
        steps: steps,
        saveEvery: 25,
        validateEvery: steps,
      });
      // The same without a kill.
      const elsewhere = join(folder, 'undisturbed');
      const whole = await mcirJson<{ id: string }>(elsewhere, 'train', file);
      await addModel(join(folder, 'edsr.safetensors'), openHome(elsewhere));
      await mcir(elsewhere, 'restore', inputs, '--out', join(folder, 'expected'), '--model', model.id, '--tile', '48');

      await start();
      const { id: run } = await call<Run>('training.start', { config });
      const places = await call<Place[]>('places.roots', {});
      const handleOf = async (path: string): Promise<string> => {
        const own = places.find((place) => place.path === folder);
        const listed = await call<{ entries: Place[] }>('places.list', { folder: own?.id ?? '', show: 'folders' });
        return listed.entries.find((entry) => entry.path === path)?.id ?? '';
      };
      const { pictures } = await call<{ pictures: Source[] }>('restore.collect', { places: [await handleOf(inputs)] });
      const { id: batch } = await call<Batch>('batches.start', {
        pictures: pictures.map(({ id }) => id),
        models: [model.id],
        effect: effect.parse({ tile: 48 }),
        out: await handleOf(out),
        options: exportSettings.parse({}),
      });

      const killed: Partial<Record<Victim, number>> = {};
      for (let done = 0, looks = 0; done < kills;) {
        await goOn(run, batch);
        await sleep(random.integer(0, longestMs));
        // In the short form each of them once.
        const victim = kills <= victims.length ? victims[done] : victims[random.integer(0, victims.length - 1)];
        if (await kill(victim as Victim)) killed[victim as Victim] = (killed[victim as Victim] ?? 0) + 1;
        else if (kills > victims.length || ++looks < mostLooks) continue;
        looks = 0;
        done += 1;
      }
      process.stdout.write(`killed: ${JSON.stringify(killed)}\n`);

      await expect
        .poll(
          async () => {
            await goOn(run, batch);
            return [(await runNow(run))?.state, (await batchNow(batch))?.state];
          },
          { timeout: 600_000, interval: 500 },
        )
        .toEqual(['finished', 'finished']);
      expect(await runNow(run)).toMatchObject({ step: steps });
      expect(await weightsOf(join(home, 'runs', run))).toEqual(await weightsOf(join(elsewhere, 'runs', whole.id)));
      expect((await readdir(join(home, 'runs', run, 'checkpoints'))).filter((name) => name.endsWith('.part'))).toEqual(
        [],
      );
      expect(await batchNow(batch)).toMatchObject({ done: PICTURES, failed: 0, skipped: 0 });
      expect((await readdir(out)).sort()).toEqual((await readdir(inputs)).sort());
      for (const name of await readdir(out))
        expect(await difference(join(out, name), join(folder, 'expected', name)), name).toBeLessThanOrEqual(1);
      expect(await Promise.all((await readdir(inputs)).map((name) => readFile(join(inputs, name))))).toEqual(originals);
      await answerMessages(window.app, 1);
      await window.app.close();
      const history = new Sqlite(join(home, 'mcir.sqlite'), { readonly: true });
      expect(history.pragma('integrity_check', { simple: true })).toBe('ok');
      history.close();
    },
  );
});

async function weightsOf(run: string): Promise<Record<string, string>> {
  const { weights } = readSafetensors(await readFile(join(run, 'checkpoints', 'last.safetensors')));
  return Object.fromEntries(
    [...weights].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ]),
  );
}

/** The largest difference of two pictures' values. After a kill the tiles are smaller, so the last bit may differ. */
async function difference(one: string, other: string): Promise<number> {
  const [a, b] = await Promise.all([one, other].map((file) => sharp(file).raw().toBuffer()));
  if (!a || a.length !== b?.length) return Infinity;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}
