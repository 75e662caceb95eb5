import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunFolder } from '../../../src/core/training/runFolder.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { addModel } from '../../../src/services/models/models.ts';
import { openServices, type Services } from '../../../src/services/app/openServices.ts';
import { writeRunRecord } from '../../../src/services/training/runRecord.ts';
import { openStudio, type Studio } from '../../../src/services/studio/studio.ts';
import { temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';

const folder = temporaryFolder();
const home = { ...openHome(join(folder, 'home')), includedModels: folder };
let services: Services;
let studio: Studio;

/** A finished run that was validated once, with options that its network may not have. */
function leaveRun(id: string, options: string): void {
  const run = new RunFolder(join(home.runs, id)).create();
  writeFileSync(
    run.config,
    `network: { type: edsr, options: ${options} }\nseed: 1\nsteps: 2\ndata: { train: { target: /clean } }\n`,
  );
  writeFileSync(run.metrics, `${JSON.stringify({ step: 2, values: { psnr: 30, ssim: 0.9 } })}\n`);
  writeRunRecord(run, {
    id,
    name: `Run ${id}`,
    state: 'finished',
    created: 1,
    changed: 2,
    note: '',
    tags: [],
    states: [{ at: 2, state: 'finished' }],
  });
}

beforeAll(async () => {
  leaveRun('000001', '{ upscale: 2 }');
  leaveRun('000002', '{ of_an_older_version: 7 }');
  await addModel(seededModel(folder, 'edsr'), home, { title: 'Good' });
  writeFileSync(join(home.models, 'torn.json'), '{ "id": "to');
  writeFileSync(join(home.models, 'torn.safetensors'), 'its values');
  services = await openServices(home);
  studio = await openStudio(services);
});
afterAll(async () => {
  await studio.close();
  await services.close();
});

const ask = async <T>(name: string, input: unknown): Promise<T> => {
  const reply = await studio.call(name, input);
  if ('error' in reply) throw new Error(reply.error.message);
  return reply.value as T;
};

test('a run of another version and a damaged card do not affect other models; each is named with its reason', async () => {
  expect(await ask('models.list', {})).toMatchObject([{ id: '000001' }, { title: 'Good' }]);
  expect(await ask('models.broken', {})).toEqual([
    {
      id: '000002',
      title: 'Run 000002',
      run: '000002',
      reason: expect.stringMatching(/network\.options\.of_an_older_version/) as string,
    },
    {
      id: 'torn',
      title: 'torn',
      reason: expect.stringMatching(/torn\.json, is damaged or was written by another version\. Remove/) as string,
    },
  ]);
});

test('the page of such a run opens, and says what is wrong with its settings', async () => {
  const page = await ask<{ settings?: unknown; problem?: string; config: string }>('runs.show', { run: '000002' });
  expect(page.settings).toBeUndefined();
  expect(page.problem).toMatch(/of_an_older_version/);
  expect(page.config).toContain('of_an_older_version: 7');
});

test('both can be removed, and a new model does not get their names before that', async () => {
  const again = await addModel(seededModel(folder, 'nafnet'), home, { title: 'Torn' });
  expect(again.id).toBe('torn-2');
  await services.runs.delete('000002');
  expect(await studio.call('models.remove', { model: 'torn' })).toEqual({ value: {} });
  expect(await ask('models.broken', {})).toEqual([]);
  expect(existsSync(join(home.models, 'torn.safetensors'))).toBe(false);
  expect(await ask<unknown[]>('models.list', {})).toHaveLength(3);
});
