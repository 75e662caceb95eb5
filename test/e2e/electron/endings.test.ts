import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { savedStep } from '../../../src/core/training/checkpoint.ts';
import { RunFolder } from '../../../src/core/training/runFolder.ts';
import { openHistory } from '../../../src/database/history.ts';
import { openHome } from '../../../src/services/app/home.ts';
import type { Run } from '../../../src/shared/contract/training.ts';
import { tinySet, ask } from '../tinyRuns.ts';
import { isThere, workersOf } from '../workers.ts';
import {
  answerMessages,
  type ElectronWindow,
  messagesOf,
  newFolder,
  servicesOf,
  startElectron,
} from './openElectron.ts';

/** However the window ends during a training, the training saves first; it saves nothing by itself here. */
describe('an end of the program in the middle of a training, in Electron,', () => {
  let folder: string;
  let window: ElectronWindow;
  let run: Run;
  let services: number;
  let worker: number;

  beforeEach(async () => {
    folder = await newFolder();
    const never = 1_000_000;
    const { config } = await tinySet(folder, join(folder, 'home'), {
      steps: never,
      saveEvery: never,
      validateEvery: never,
    });
    window = await startElectron(folder);
    await window.page.getByRole('navigation').waitFor();
    run = await ask<Run>(window.page, 'training.start', { config: { ...config, name: 'Haze' } });
    await expect.poll(async () => (await stepNow()) > 3).toBe(true);
    services = servicesOf(window.pid) ?? -1;
    worker = workersOf(services, 'train')[0] ?? -1;
  });
  afterEach(async () => {
    for (const pid of [window.pid, services, worker]) if (isThere(pid)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const stepNow = async (): Promise<number> =>
    (await ask<Run[]>(window.page, 'runs.list', {})).find(({ id }) => id === run.id)?.step ?? 0;
  const runFolder = (): RunFolder => new RunFolder(join(folder, 'home', 'runs', run.id));
  /** That everything has ended, all steps are saved, nothing half-written is left, and nothing was complained of. */
  const expectSaved = async (): Promise<number> => {
    await expect.poll(() => [window.pid, services, worker].filter(isThere)).toEqual([]);
    const history = openHistory(openHome(join(folder, 'home')));
    const known = history.runs.find(run.id);
    history.db.close();
    expect(known?.state).toBe('interrupted');
    expect(known?.step).toBeGreaterThan(3);
    expect(savedStep(runFolder())).toBe(known?.step);
    expect((await readdir(runFolder().checkpoints)).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(window.printed()).toBe('');
    return known?.step ?? 0;
  };

  test('after a kill, the next start names the run with its saved step and resumes it from there', async () => {
    process.kill(window.pid, 'SIGKILL');
    const saved = await expectSaved();
    window = await startElectron(folder);
    const notice = window.page.getByRole('region', { name: 'Interrupted work' });
    await notice.getByText(`Haze (saved at step ${saved})`).waitFor();
    await notice.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => readFile(runFolder().log, 'utf8')).toContain(`Resuming at step ${saved}:`);
    services = servicesOf(window.pid) ?? -1;
    worker = workersOf(services, 'train')[0] ?? -1;
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s saves without a question', async (signal) => {
    await answerMessages(window.app, 0);
    process.kill(window.pid, signal);
    expect(await window.ended).toBe(0);
    await expectSaved();
  });

  test('SIGTERM saves while the program asks whether to close', async () => {
    await window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await sleep(1000);
    process.kill(window.pid, 'SIGTERM');
    expect(await window.ended).toBe(0);
    await expectSaved();
  });

  test('SIGTERM saves while an uncaught error is shown', async () => {
    await window.app.evaluate(
      () =>
        void setTimeout(() => {
          throw new Error('Made by a test.');
        }, 0),
    );
    await expect.poll(() => window.printed()).toContain('Error: Made by a test.');
    await sleep(1000);
    process.kill(window.pid, 'SIGTERM');
    expect(await window.ended).toBe(0);
    expect(savedStep(runFolder())).toBeGreaterThan(3);
  });

  test('Ctrl-C, which every process of a terminal gets, saves without a question', async () => {
    await answerMessages(window.app, 0);
    for (const pid of [window.pid, services, worker]) process.kill(pid, 'SIGINT');
    expect(await window.ended).toBe(0);
    await expectSaved();
  });

  test('closing the window asks, shows how far the training is, and saves if requested', async () => {
    const { app } = window;
    const close = (): Promise<void> => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await answerMessages(app, 0);
    await close();
    await expect.poll(async () => (await messagesOf(app)).length).toBe(1);
    expect((await messagesOf(app))[0]?.detail).toMatch(/^Haze \(step \d+ of 1000000\)\n/);
    expect(existsSync(runFolder().checkpoint('last'))).toBe(false);
    await answerMessages(app, 1);
    await close();
    expect(await window.ended).toBe(0);
    await expectSaved();
  });
});

/** The services take about a second to open. What the window asks until then, they refuse when they are told to close. */
test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends the program while its services are opening',
  async (signal) => {
    const folder = await newFolder();
    const window = await startElectron(folder);
    const services = servicesOf(window.pid) ?? -1;
    try {
      // The services stand still until the page has asked for everything it shows first.
      process.kill(services, 'SIGSTOP');
      await window.page.waitForLoadState();
      await sleep(500);
      process.kill(window.pid, signal);
      await sleep(500);
      process.kill(services, 'SIGCONT');
      expect(await window.ended).toBe(0);
      await expect.poll(() => isThere(services)).toBe(false);
      expect(window.printed()).toBe('');
    } finally {
      for (const pid of [window.pid, services]) if (isThere(pid)) process.kill(pid, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  },
);
