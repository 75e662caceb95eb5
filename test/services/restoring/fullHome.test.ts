import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { expect, describe, it } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { openServices } from '../../../src/services/app/openServices.ts';
import { readSettings } from '../../../src/services/app/settings.ts';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { effect, exportSettings } from '../../../src/shared/batches.ts';
import { temporaryFolder } from '../../photographs.ts';
import { fillDisk, smallDisk, whyNoSmallDisk } from '../../smallDisk.ts';

const root = temporaryFolder();

describe.skipIf(whyNoSmallDisk)(`a full disk under the data folder${whyNoSmallDisk && ` (${whyNoSmallDisk})`}`, () => {
  it('makes a batch wait and resume: every picture is done once, and the state is stored', async () => {
    const inputs = join(root, 'in');
    const out = join(root, 'out');
    for (const folder of [inputs, out]) mkdirSync(folder);
    for (let i = 0; i < 8; i++)
      await sharp({ create: { width: 300, height: 200, channels: 3, background: { r: 20 * i, g: 90, b: 30 } } })
        .png()
        .toFile(join(inputs, `${i}.png`));
    // Smaller than the room that a batch wants on a usual disk.
    const disk = smallDisk(40);
    try {
      const home = openHome(join(disk.path, 'home'));
      const services = await openServices(home);
      try {
        services.history.settings.change({ threads: 3 });
        const { batches } = services;
        const { files } = await collectSources([inputs], false);
        const settings = { out, effect: effect.parse({}), export: exportSettings.parse({}) };
        const { id } = await batches.create(files, ['identity'], settings);
        const empty = fillDisk(disk.path);
        await setTimeout(6000);
        expect(() => services.history.settings.change({ threads: 5 })).toThrow(
          "The disk with MCIR Studio's data is full.",
        );
        expect(readSettings(home).threads).toBe(3);
        expect(['queued', 'running', 'paused']).toContain(batches.find(id).state);
        empty();
        expect(await batches.ended(id)).toMatchObject({
          state: 'finished',
          done: 8,
          failed: 0,
          waiting: 0,
          running: 0,
        });
        expect(readdirSync(out).sort()).toEqual(Array.from({ length: 8 }, (_, i) => `${i}.png`));
        expect(services.history.settings.change({ threads: 5 }).threads).toBe(5);
      } finally {
        await services.close();
      }
    } finally {
      disk.remove();
    }
  });
});
