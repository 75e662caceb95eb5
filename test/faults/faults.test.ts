import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './bench.ts';
import { whyNoFaults } from './faultyDisk.ts';

/** A few faults of `npm run faults`, each in the middle of a whole run of a real program. */
const cases = [
  ['state', { kind: 'failing', at: 80, ms: 1500 }],
  ['model', { kind: 'refused', at: 2, ms: 0 }],
  ['batch', { kind: 'full', at: 200, ms: 1500 }],
  ['train', { kind: 'failing', at: 200, ms: 1500 }],
  ['batch', { kind: 'killed', at: 220, ms: 0 }],
] as const;

describe.skipIf(whyNoFaults)(`a disk that fails at a write of state${whyNoFaults && ` (${whyNoFaults})`}`, () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench.close());

  it.each(cases)('loses, hangs and ends nothing: %s, %o', { timeout: 180_000 }, async (work, fault) => {
    const { hits, problems } = await bench.meet(work, fault);
    expect(problems).toEqual([]);
    expect(hits).toBeGreaterThan(0);
  });
});
