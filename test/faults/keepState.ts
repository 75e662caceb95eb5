/**
 * A program as the window's services are one, for tests: it changes settings, imports a data set, saves a preset and writes a
 * note, and prints a line for each that was kept. Each is tried again while the disk is to blame, as a person would.
 */
import { setTimeout } from 'node:timers/promises';
import { openServices } from '../../src/services/app/openServices.ts';
import { DatasetList } from '../../src/services/datasets/datasetList.ts';
import { savePreset } from '../../src/services/restoring/restorePresets.ts';
import { effect } from '../../src/shared/batches.ts';
import { messageOf } from '../../src/shared/errors.ts';
import { storageTrouble } from '../../src/shared/storageTrouble.ts';

const [pictures = '', tag = ''] = process.argv.slice(2);
const TRIES = 60;

async function kept<Value>(what: string, work: () => Value | Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      const value = await work();
      process.stdout.write(`${what}\n`);
      return value;
    } catch (error) {
      if (storageTrouble(error) === undefined || tries === TRIES) throw error;
      await setTimeout(100);
    }
  }
}

try {
  const services = await kept('opened', () => openServices());
  const { home, history } = services;
  const list = new DatasetList(home, history.datasets);
  for (let i = 0; i < 5; i++) await kept(`threads ${i + 1}`, () => history.settings.change({ threads: i + 1 }));
  const { id } = await kept(`dataset ${tag}`, () => list.add({ name: tag, target: pictures, clean: true }));
  await kept(`renamed ${tag}`, () => list.change(id, { name: `${tag} renamed` }));
  await kept(`preset ${tag}`, () => savePreset({ name: tag, models: ['identity'], effect: effect.parse({}) }, home));
  await services.close();
  process.stdout.write('closed\n');
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
