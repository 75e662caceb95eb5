import { describe } from 'vitest';
import { hasRedis } from './redisServer.ts';

/** `describe` for tests that need Redis; skipped, and counted as such, where it is not installed. */
export const describeWithRedis = (name: string, tests: () => void): void => {
  describe.skipIf(!hasRedis)(`${name} (with redis-server)`, tests);
};
