import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Host } from '../../src/main/host.ts';
import { answer } from '../../src/main/protocol.ts';
import type { Place } from '../../src/shared/contract/common.ts';
import type { AppError } from '../../src/shared/errors.ts';

/** The process behind Electron's window, without Electron. */
describe('the services behind the window', () => {
  let folder: string;
  let host: Host;
  const deaths: string[] = [];
  const shown: string[] = [];
  const connections: boolean[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcir-host-'));
    process.env['MCIR_HOME'] = folder;
    host = new Host(fileURLToPath(new URL('../../src/main/hostProcess.ts', import.meta.url)), process.execPath, {
      onDeath: (reason) => deaths.push(reason),
      onConnection: (connected) => connections.push(connected),
      onUnopened: () => undefined,
      reveal: (path) => shown.push(path),
    });
  });
  afterAll(async () => {
    delete process.env['MCIR_HOME'];
    await rm(folder, { recursive: true, force: true });
  });

  test('answers calls, and refuses what the contract does not have', async () => {
    expect(await host.ask({ type: 'call', name: 'app.info', input: {} })).toMatchObject({
      value: { folders: { home: folder } },
    });
    expect(await host.ask({ type: 'call', name: 'app.nothing', input: {} })).toMatchObject({
      error: { code: 'not-found' },
    });
    expect(await host.ask({ type: 'call', name: 'app.info', input: { extra: 1 } })).toMatchObject({
      error: { code: 'bad-input' },
    });
    expect(await host.activeJobs()).toEqual([]);
  });

  test('serves pictures by ids it gave out, and nothing else', async () => {
    const path = join(folder, 'red.png');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
      .png()
      .toFile(path);
    const place = (await host.ask({ type: 'place', path })) as Place;
    const small = await answer(host, folder, `mcir://studio/picture/${place.id}?size=32`);
    expect(small.headers.get('content-type')).toBe('image/webp');
    expect(await sharp(Buffer.from(await small.arrayBuffer())).metadata()).toMatchObject({ width: 32, height: 24 });
    // A whole one, larger than a pipe takes at once, while small ones are asked for beside it.
    const noise = {
      create: {
        width: 900,
        height: 700,
        channels: 3 as const,
        background: 'grey',
        noise: { type: 'gaussian' as const, mean: 128, sigma: 60 },
      },
    };
    await sharp(noise).png().toFile(join(folder, 'large.png'));
    const large = (await host.ask({ type: 'place', path: join(folder, 'large.png') })) as Place;
    const [whole, ...others] = await Promise.all([
      host.picture(large.id),
      host.picture(place.id),
      host.picture(large.id, 64),
      host.picture(place.id, 16),
    ]);
    expect(Buffer.from(whole.body).equals(await readFile(join(folder, 'large.png')))).toBe(true);
    expect(
      await Promise.all(others.map(async ({ type, body }) => [type, (await sharp(body).metadata()).width])),
    ).toEqual([
      ['image/png', 64],
      ['image/webp', 64],
      ['image/webp', 16],
    ]);
    for (const name of ['A'.repeat(22), '..', '%2e%2e', `${place.id}/x`])
      expect((await answer(host, folder, `mcir://studio/picture/${name}`)).status).toBe(404);
    for (const name of ['../web-token', '..%2fweb-token', 'web-token'])
      expect((await answer(host, folder, `mcir://studio/assets/${name}`)).status).toBe(404);
  });

  test('existing paths are shown in the file manager by the shell; missing ones are refused', async () => {
    const { id } = (await host.ask({ type: 'place', path: folder })) as Place;
    expect(await host.ask({ type: 'call', name: 'app.reveal', input: { place: id } })).toEqual({ value: {} });
    expect(await host.ask({ type: 'call', name: 'app.reveal', input: { folder: 'runs' } })).toEqual({ value: {} });
    expect(shown).toEqual([folder, join(folder, 'runs')]);
    for (const input of [{ place: 'A'.repeat(22) }, { batch: 'none' }, { run: 'none' }])
      expect(await host.ask({ type: 'call', name: 'app.reveal', input })).toMatchObject({
        error: { code: 'not-found' },
      });
    expect(shown).toHaveLength(2);
  });

  test('a crash rejects waiting calls, and a new process replaces the one that ended', async () => {
    const waiting = host.ask({ type: 'call', name: 'app.check', input: {} });
    process.kill(host.pid, 'SIGKILL');
    await expect(waiting).rejects.toMatchObject({ code: 'worker-died' });
    await vi.waitFor(() => expect(connections).toEqual([false, true]), { timeout: 30_000, interval: 50 });
    expect(await host.ask({ type: 'call', name: 'app.info', input: {} })).toHaveProperty('value');
    expect(deaths).toEqual([]);
  });

  test('delivers events, and does not count as crashed when it is closed', async () => {
    const heard = new Promise((resolve) => host.subscribe(resolve));
    await host.ask({ type: 'call', name: 'datasets.remove', input: { dataset: 'none' } });
    expect(await heard).toEqual({ name: 'changed', data: 'datasets' });
    await host.close();
    await expect(host.ask({ type: 'active' })).rejects.toMatchObject({ code: 'worker-died' });
    expect(deaths).toEqual([]);
  });

  test('a process that cannot start is retried, then reported, and no call waits for it', async () => {
    const told = new Promise<string>((resolve) => {
      const broken = new Host(join(folder, 'missing.ts'), process.execPath, {
        onDeath: resolve,
        onConnection: () => undefined,
        onUnopened: () => undefined,
        reveal: () => undefined,
      });
      broken.ask({ type: 'active' }).catch(() => undefined);
    });
    expect(await told).toBe('code 1');
  });

  test('services that cannot be opened report why, answer nothing until another folder opens, and keep that one', async () => {
    const locked = join(folder, 'no folder');
    await writeFile(locked, '');
    vi.stubEnv('MCIR_HOME', locked);
    vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'));
    const file = fileURLToPath(new URL('../../src/main/hostProcess.ts', import.meta.url));
    let unopened: Host | undefined;
    const reason = await new Promise<AppError>((resolve) => {
      unopened = new Host(file, process.execPath, {
        onDeath: () => undefined,
        onConnection: () => undefined,
        onUnopened: resolve,
        reveal: () => undefined,
      });
    });
    vi.unstubAllEnvs();
    if (!unopened) throw new Error('There is no host.');
    expect(reason.message).toMatch(/^MCIR Studio cannot write to its data folder .*no folder/);
    const waiting = unopened.ask({ type: 'call', name: 'app.info', input: {} });
    await expect(unopened.reopen(locked)).rejects.toMatchObject({ code: 'io' });
    const other = join(folder, 'other');
    await mkdir(other);
    await unopened.reopen(other);
    expect(await waiting).toMatchObject({ value: { folders: { home: other } } });
    expect(JSON.parse(await readFile(join(folder, 'config', 'mcir-studio', 'data-folder.json'), 'utf8'))).toEqual({
      folder: other,
    });
    await unopened.close();
  });
});
