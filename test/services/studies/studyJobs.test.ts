import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices, type Services } from '../../../src/services/app/openServices.ts';
import { readStudyFile } from '../../../src/services/studies/studyFile.ts';
import type { Outcome } from '../../../src/shared/jobMessages.ts';
import { newFolder, tinyTraining } from '../../cli/program.ts';

let folder: string;
let services: Services;
/** Ends the training with this id as if it had done all its steps. */
const finish = new Map<string, () => void>();

beforeEach(async () => {
  folder = newFolder();
  await tinyTraining(folder);
  mkdirSync(join(folder, 'final'));
  renameSync(join(folder, 'clear', 'picture 4.png'), join(folder, 'final', 'picture 4.png'));
  services = await openServices(openHome(join(folder, 'home')));
  // Trainings that wait to be told, instead of processes that train.
  services.jobs.register('train', {
    oneIn: 'program',
    run: ({ id }, work) =>
      new Promise<Outcome>((resolve) => {
        // It takes a moment until a training has saved and pauses, unless it was told to go on before.
        work.onPause((paused) => {
          if (!paused) work.entered('running');
          else setTimeout(() => work.pauseAsked && work.entered('paused'), 300);
        });
        work.signal.addEventListener('abort', () => resolve({ state: 'cancelled' }));
        finish.set(id, () => resolve({ state: 'finished' }));
      }),
  });
});
afterEach(async () => {
  await services.close();
  rmSync(folder, { recursive: true, force: true });
});

async function create(): Promise<string> {
  const file = join(folder, 'study.yml');
  const arms = [{ name: 'L1', set: { mcir: null } }, { name: 'MCIR' }];
  writeFileSync(
    file,
    JSON.stringify({ name: 'Tiny', base: 'tiny.yml', arms, seeds: [1, 2], final: { target: 'final' } }),
  );
  return (await services.studies.create(readStudyFile(file))).id;
}

const state = (id: string): string | undefined => services.studies.job(id)?.state;
const runs = (): string[] =>
  services.runs
    .list()
    .map(({ name, state: own }) => `${name}: ${own}`)
    .sort();
const running = (): Promise<string> =>
  vi.waitFor(() => {
    const found = services.runs.list().find((run) => run.state === 'running' && finish.has(run.id));
    if (!found) throw new Error('No training is running.');
    return found.id;
  });

it('a new study trains nothing before it is started', async () => {
  const id = await create();
  expect(state(id)).toBeUndefined();
  expect(runs()).toEqual([]);
  await expect(services.studies.pause(id)).rejects.toThrow('has not been started');
});

it('pause, resume and cancel of a study apply to the running training, and resuming creates no second run', async () => {
  const id = await create();
  await services.studies.start(id);
  await running();
  expect(runs()).toEqual(['tiny: L1, seed 1: running']);
  await services.studies.pause(id);
  await vi.waitFor(() => expect(runs()).toEqual(['tiny: L1, seed 1: paused']));
  expect(state(id)).toBe('paused');
  await services.studies.start(id);
  await vi.waitFor(() => expect(runs()).toEqual(['tiny: L1, seed 1: running']));
  expect(state(id)).toBe('running');
  await services.studies.cancel(id);
  expect((await services.studies.ended(id)).state).toBe('cancelled');
  expect(runs()).toEqual(['tiny: L1, seed 1: cancelled']);
  finish.clear();
  await services.studies.start(id);
  finish.get(await running())?.();
  await vi.waitFor(() => expect(runs()).toEqual(['tiny: L1, seed 1: finished', 'tiny: MCIR, seed 1: running']));
});

it('a study that is resumed before its training has paused continues', async () => {
  const id = await create();
  await services.studies.start(id);
  await running();
  await services.studies.pause(id);
  await services.studies.start(id);
  await new Promise((done) => setTimeout(done, 800));
  expect(runs()).toEqual(['tiny: L1, seed 1: running']);
  expect(state(id)).toBe('running');
});

it('a study that is paused while its training is queued removes it from the queue, and queues it again', async () => {
  const id = await create();
  const first = services.training.start(services.studies.folders.plan(id).arms[0]?.config as never);
  await running();
  await services.studies.start(id);
  await vi.waitFor(() => expect(runs()).toContain('tiny: L1, seed 1: queued'));
  await services.studies.pause(id);
  await vi.waitFor(() => expect(runs()).toContain('tiny: L1, seed 1: cancelled'));
  expect(state(id)).toBe('paused');
  finish.get(first.id)?.();
  await services.studies.start(id);
  await vi.waitFor(() => expect(runs()).toContain('tiny: L1, seed 1: running'));
  expect(state(id)).toBe('running');
});

it('a training that is ended by hand ends the study; resuming it continues the same training', async () => {
  const id = await create();
  await services.studies.start(id);
  await services.training.cancel(await running());
  expect((await services.studies.ended(id)).state).toBe('cancelled');
  await services.studies.start(id);
  await vi.waitFor(() => expect(runs()).toEqual(['tiny: L1, seed 1: running']));
});

it('when the program closes, the study and its training are interrupted; another program resumes both', async () => {
  const id = await create();
  await services.studies.start(id);
  await running();
  await services.close();
  services = await openServices(openHome(join(folder, 'home')));
  expect(state(id)).toBe('interrupted');
  expect(runs()).toEqual(['tiny: L1, seed 1: interrupted']);
});
