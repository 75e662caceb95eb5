import { expect, it } from 'vitest';
import { killBatch } from '../../../scripts/machines/killBatch.ts';
import { describeWithRedis } from '../../withRedis.ts';

describeWithRedis('a batch whose workers and Redis are killed repeatedly', () => {
  it('has every good picture once, names every bad one, and leaves the originals as they were', async () => {
    const found = await killBatch({
      workers: 3,
      pictures: 90,
      broken: 9,
      workerKills: 6,
      redisKills: 1,
      ms: 60,
      seed: 5,
    });
    expect(found).toMatchObject({
      state: 'finished',
      results: 81,
      wrongResults: 0,
      failed: 9,
      wronglyNamed: 0,
      originalsChanged: 0,
      left: [],
    });
    expect(found.workerKills).toBe(6);
    expect(found.redisKills).toBe(1);
  });
});
