import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator } from '@playwright/test';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../src/services/app/home.ts';
import { addModel } from '../../src/services/models/models.ts';
import type { Batch, BatchFile } from '../../src/shared/contract/restoring.ts';
import { hasRedis, RedisServer } from '../redisServer.ts';
import { seededModel } from '../seededModels.ts';
import {
  chromiumPath,
  dropPaths,
  keepPicture,
  openSection,
  openStudio,
  seriousFindings,
  type OpenStudio,
} from './studio.ts';
import { ask as askPage } from './tinyRuns.ts';

/** A picture for docs/scale.md is kept if SCREENS is set. */
const keeps = process.env['SCREENS'] !== undefined;

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A photographer gives work to another computer: Redis, `mcir worker` and the window are processes of their own. */
describe.skipIf(!chromiumPath || !hasRedis)('other machines in Chromium (needs chromium and redis-server)', () => {
  let studio: OpenStudio;
  let redis: RedisServer;
  let worker: ChildProcess;
  let shared: string;
  beforeAll(async () => {
    studio = await openStudio();
    redis = await RedisServer.start();
    shared = join(studio.folder, 'Shared Folder');
    await mkdir(join(shared, 'photos'), { recursive: true });
    await mkdir(join(shared, 'results'));
    for (let i = 1; i <= 3; i++)
      await sharp({ create: { width: 96, height: 64, channels: 3, background: { r: 40 * i, g: 90, b: 120 } } })
        .png()
        .toFile(join(shared, 'photos', `${i}.png`));
    const home = openHome(studio.home);
    seededModel(home.root, 'edsr');
    await addModel(join(home.root, 'edsr.safetensors'), home);
    const args = [program, 'worker', '--queue', redis.url, '--root', `photos=${shared}`];
    worker = spawn(process.execPath, args, {
      stdio: 'ignore',
      env: { ...process.env, MCIR_HOME: join(studio.folder, 'other') },
    });
    await studio.page.reload();
  });
  afterAll(async () => {
    worker.kill();
    await studio.close();
    await redis.kill();
  });

  /** Not one of the program's own folders: what lies there counts as a copy. */
  const chooseFolder = async (button: Locator, path: string): Promise<void> => {
    await button.click();
    const dialog = studio.page.getByRole('dialog').last();
    await dialog.getByRole('button', { name: '/', exact: true }).click();
    for (const part of path.slice(1).split('/')) await dialog.getByRole('button', { name: part, exact: true }).click();
    await dialog.getByText(path, { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Choose this folder' }).click();
  };
  const ask = <T>(name: string, input: unknown): Promise<T> => askPage<T>(studio.page, name, input);

  test('a queue that is not there is refused in one sentence, and one that is there shows its workers', async () => {
    const { page, open } = studio;
    await open('Settings & health');
    await page.getByLabel('Address of the queue').fill('redis://127.0.0.1:1');
    await chooseFolder(page.getByRole('button', { name: 'Add a shared folder…' }), shared);
    // The name that is suggested is one that other machines can use.
    const name = page.getByLabel(`Name of the shared folder ${shared}`);
    expect(await name.inputValue()).toBe('shared-folder');
    await name.fill('photos');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('cannot be reached', { exact: false }).waitFor();
    expect(await ask('machines.setUp', {})).toBeNull();

    await page.getByLabel('Address of the queue').fill(redis.url);
    await page.getByRole('button', { name: 'Connect' }).click();
    const machines = page.getByRole('region', { name: 'Machines' });
    await machines.getByText(hostname()).waitFor();
    await machines.getByText('Waiting for work').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByLabel('Address of the queue').scrollIntoViewIfNeeded();
    if (keeps) await keepPicture(studio, 'settings-machines');
    await page.reload();
    expect(await page.getByLabel('Address of the queue').inputValue()).toBe(redis.url);
  });

  test('a batch is done by the other machine, into the shared folder', async () => {
    const { page, open } = studio;
    await open('Restore');
    // What is dropped on a browser is a copy, which no other machine sees.
    await dropPaths(page, [join(shared, 'photos')]);
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await openSection(page, 'Models');
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: /^edsr/ }).first().click();
    await page.getByLabel(`On the machines of ${redis.url}`).check();
    await page.getByText('Other machines see only pictures in shared folders', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await chooseFolder(page.getByRole('button', { name: 'Add a folder…' }).first(), join(shared, 'photos'));
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await page.getByText('In one folder', { exact: true }).click();
    await chooseFolder(
      page.getByRole('complementary').getByRole('button', { name: 'Choose…' }),
      join(shared, 'results'),
    );
    await page.getByRole('button', { name: 'Export 3 pictures' }).click();
    const batch = async (): Promise<Batch> => (await ask<Batch[]>('batches.list', {}))[0] as Batch;
    await expect.poll(async () => (await batch()).state).toBe('finished');
    const files = await ask<BatchFile[]>('batches.files', { batch: (await batch()).id });
    expect(files.map(({ state, reason }) => [state, reason])).toEqual(Array(3).fill(['done', undefined]));
    expect((await readdir(join(shared, 'results'))).sort()).toEqual([
      '1-restored.png',
      '2-restored.png',
      '3-restored.png',
    ]);
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('"Use this computer only" forgets the machines', async () => {
    const { page, open } = studio;
    await open('Settings & health');
    await page.getByRole('button', { name: 'Use this computer only' }).click();
    await expect.poll(() => ask('machines.setUp', {})).toBeNull();
    expect(await page.getByLabel('Address of the queue').inputValue()).toBe('');
  });
});
