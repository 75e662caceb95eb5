import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices } from '../../../src/services/app/openServices.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-clock-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

describe('a clock that is wrong', () => {
  // In a process of its own: what hangs there can be ended.
  it.each(['1970-01-01', '2024-12-31', '2099-01-01'])('does not prevent a run from being created: %s', async (date) => {
    const code = `
      const off = Date.parse('${date}') - Date.now(), real = Date.now; Date.now = () => real() + off;
      const { openHome } = await import(${source('services/app/home.ts')});
      const { openServices } = await import(${source('services/app/openServices.ts')});
      const services = await openServices(openHome(${JSON.stringify(join(folder, date))}));
      const ids = Array.from({ length: 200 }, () => services.runs.createFolder().id);
      await services.close();
      console.log(JSON.stringify(ids));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      timeout: 60_000,
    });
    const ids = JSON.parse(stdout) as string[];
    expect(new Set(ids).size).toBe(200);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{8}$/);
  });

  it('lists runs and batches by the time of their creation, whatever their ids', async () => {
    const services = await openServices(openHome(join(folder, 'order')));
    try {
      // The first is an id of earlier versions, which began with the time.
      for (const [id, created] of [
        ['zz00zz', 1000],
        ['aaaaaaaa', 3000],
        ['mmmmmmmm', 2000],
      ] as const)
        services.history.jobs.add(
          { id, kind: 'train', title: 'a', state: 'finished', created, changed: created },
          [{ at: created, state: 'finished' }],
          () =>
            services.history.runs.add({
              id,
              config: '',
              network: 'nafnet',
              negatives: 0,
              seed: 1,
              steps: 1,
              step: 0,
              note: '',
              tags: [],
            }),
        );
      const order = ['aaaaaaaa', 'mmmmmmmm', 'zz00zz'];
      expect(services.runs.list().map(({ id }) => id)).toEqual(order);
      expect(services.jobs.list('train').map(({ id }) => id)).toEqual(order);
      expect(services.runs.find('zz00zz').id).toBe('zz00zz');
    } finally {
      await services.close();
    }
  });

  it('does not make a batch wait forever for its retry after a full disk', async () => {
    const { troubleOf } = await import('../../../src/services/restoring/restorePlaces.ts');
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const trouble = await troubleOf(new Error('write failed'), join(folder, 'a.png'), { out: folder }, folder);
    vi.spyOn(Date, 'now').mockReturnValue(0);
    clock.mockReturnValue(11_000);
    expect(await trouble?.isOver()).toBe(true);
    vi.restoreAllMocks();
  });
});
