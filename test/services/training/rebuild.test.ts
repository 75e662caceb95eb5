import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunFolder } from '../../../src/core/training/runFolder.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { openServices } from '../../../src/services/app/openServices.ts';
import { writeRunRecord } from '../../../src/services/training/runRecord.ts';

let home: Home;
beforeAll(() => {
  home = openHome(mkdtempSync(join(tmpdir(), 'mcir-test-')));
});
afterAll(() => rmSync(home.root, { recursive: true, force: true }));

function leaveRun(id: string, config: string): void {
  const folder = new RunFolder(join(home.runs, id)).create();
  writeFileSync(folder.config, config);
  writeRunRecord(folder, {
    id,
    name: id,
    state: 'finished',
    created: 1,
    changed: 2,
    note: '',
    tags: ['kept'],
    states: [{ at: 2, state: 'finished' }],
  });
}

it('imports a lost history from the run folders, including those of other versions, and names what it cannot read', async () => {
  leaveRun('000001', 'network: { type: ffanet }\nseed: 3\nsteps: 9\nmcir: { negatives: [{}, {}] }\n');
  leaveRun('000002', 'this: is no configuration\n');
  leaveRun('000003', 'network: { type: a network of later }\nseed: 4\nsteps: 8\nlater: true\n');
  const services = await openServices(home);
  try {
    expect(services.runs.list()).toMatchObject([
      { id: '000003', network: 'a network of later', negatives: 0, seed: 4, tags: ['kept'] },
      { id: '000001', network: 'ffanet', negatives: 2, seed: 3, steps: 9 },
    ]);
    expect(services.notices).toEqual([
      expect.stringContaining('2 runs were recovered'),
      expect.stringMatching(/000002 could not be added to the history again: its config.yml is not/),
    ]);
  } finally {
    await services.close();
  }
});
