import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/services/training/configFile.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices, type Services } from '../../../src/services/app/openServices.ts';
import type { JobState } from '../../../src/shared/jobs.ts';
import type { RunSummary } from '../../../src/shared/runs.ts';
import { newFolder, tinyTraining } from '../../cli/program.ts';

let folder: string;
let services: Services;
beforeAll(async () => {
  folder = newFolder();
  services = await openServices(openHome(join(folder, 'home')));
});
afterAll(async () => {
  await services.close();
  rmSync(folder, { recursive: true, force: true });
});

const entered = (id: string, state: JobState): Promise<RunSummary> =>
  new Promise((resolve) =>
    services.training.events.on('state', (run) => run.id === id && run.state === state && resolve(run)),
  );

const firstStep = (id: string): Promise<void> =>
  new Promise((resolve) =>
    services.training.events.on(
      'progress',
      (run, event) => run === id && event.type === 'metrics' && event.line.step > 0 && resolve(),
    ),
  );

describe('trainings of one program', () => {
  it('pause with a checkpoint, go on, and queue', async () => {
    const { training, runs } = services;
    const config = readConfigFile(await tinyTraining(folder), ['saveEvery=1000', 'steps=30', 'mcir=null']);
    const first = training.start(config);
    const second = training.start({ ...config, name: 'second', steps: 2 });
    expect([first.state, second.state]).toEqual(['running', 'queued']);

    await firstStep(first.id);
    await training.pause(first.id);
    const paused = await entered(first.id, 'paused');
    expect(existsSync(runs.folder(first.id).checkpoint('last'))).toBe(true);
    // All that was measured can be looked at while the run waits.
    expect(runs.series(first.id, ['l_pix'])[0]?.steps.at(-1)).toBe(paused.step);
    expect(runs.find(second.id).state).toBe('queued');

    await training.resume(first.id);
    expect(await training.ended(first.id)).toMatchObject({ state: 'finished', step: 30 });
    expect(await training.ended('second')).toMatchObject({ state: 'finished', step: 2 });
    expect(runs.show(first.id).states.map(({ state }) => state)).toEqual([
      'queued',
      'running',
      'paused',
      'running',
      'finished',
    ]);
  });
});
