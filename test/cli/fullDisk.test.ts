import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '../../src/shared/runs.ts';
import { fillDisk, smallDisk, whyNoSmallDisk } from '../smallDisk.ts';
import { endPrograms, Mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

const folder = newFolder();
afterEach(() => {
  endPrograms();
  rmSync(folder, { recursive: true, force: true });
});

const steps = 30;

describe.skipIf(whyNoSmallDisk)(`a disk that fills up${whyNoSmallDisk && ` (${whyNoSmallDisk})`}`, () => {
  it('makes a training wait with a sentence; it resumes when there is space, and nothing is missing', async () => {
    const config = await tinyTraining(folder, { steps, saveEvery: 5, validateEvery: 10 });
    const disk = smallDisk(16);
    try {
      const home = join(disk.path, 'home');
      const training = new Mcir(home, ['train', config]);
      await training.said(/Starting/);
      for (let i = 0; i < 2; i++) {
        const empty = fillDisk(disk.path);
        await new Promise((resolve) => setTimeout(resolve, 4000));
        empty();
        await new Promise((resolve) => setTimeout(resolve, 1500));
      }
      const { code, stderr } = await training.ended;
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toMatch(/is full\. Free some space on it\. The training waits/);
      const { runs } = await mcirJson<{ runs: RunDetail[] }>(home, 'runs', 'list');
      expect(runs).toMatchObject([{ state: 'finished', step: steps }]);
      const id = runs[0]?.id ?? '';
      const lines = readFileSync(join(home, 'runs', id, 'metrics.jsonl'), 'utf8')
        .trimEnd()
        .split('\n');
      const trained = lines.map((line) => JSON.parse(line) as { step: number; values: Record<string, number> });
      const own = trained.filter(({ values }) => 'lr' in values).map(({ step }) => step);
      expect(own).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    } finally {
      disk.remove();
    }
  });
});
