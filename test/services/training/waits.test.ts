import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices } from '../../../src/services/app/openServices.ts';
import { openStudio } from '../../../src/services/studio/studio.ts';
import { readConfigFile } from '../../../src/services/training/configFile.ts';
import type { StudioEvent } from '../../../src/shared/contract.ts';
import type { Run } from '../../../src/shared/contract/training.ts';
import { newFolder, tinyTraining } from '../../cli/program.ts';
import { fillDisk, smallDisk, whyNoSmallDisk } from '../../smallDisk.ts';

const folder = newFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(whyNoSmallDisk)(`a training whose disk is full${whyNoSmallDisk && ` (${whyNoSmallDisk})`}`, () => {
  it('is shown in the window with its reason until it resumes', async () => {
    const config = readConfigFile(await tinyTraining(folder, { steps: 40, saveEvery: 2, validateEvery: 20 }));
    const disk = smallDisk(16);
    try {
      const services = await openServices(openHome(join(disk.path, 'home')));
      const studio = await openStudio(services, () => Promise.resolve());
      try {
        const events: StudioEvent[] = [];
        studio.subscribe((event) => events.push(event));
        const list = async (): Promise<Run[]> => ((await studio.call('runs.list', {})) as { value: Run[] }).value;
        const { id } = services.training.start(config);
        await expect.poll(async () => (await list())[0]?.step, { timeout: 60_000 }).toBeGreaterThan(1);
        const empty = fillDisk(disk.path);
        const reason = "The disk with MCIR Studio's data is full. Free some space on it.";
        await expect
          .poll(async () => (await list())[0], { timeout: 60_000 })
          .toMatchObject({ state: 'running', waitsFor: reason });
        expect(await studio.call('runs.show', { run: id })).toMatchObject({ value: { waitsFor: reason } });
        const told = (): (string | undefined)[] =>
          events.flatMap((event) => (event.name === 'run' ? [event.data.waitsFor] : []));
        expect(told()).toContain(reason);
        empty();
        await services.training.ended(id);
        await services.training.stored();
        expect((await list())[0]).toMatchObject({ state: 'finished', step: 40 });
        expect((await list())[0]).not.toHaveProperty('waitsFor');
        expect(told().at(-1)).toBeUndefined();
      } finally {
        await studio.close();
        await services.close();
      }
    } finally {
      disk.remove();
    }
  }, 180_000);
});
