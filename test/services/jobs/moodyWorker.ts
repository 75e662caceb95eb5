import { AppError } from '../../../src/shared/errors.ts';
import { serveChild } from '../../../src/workers/serveChild.ts';
import { moodyContract } from './moodyContract.ts';

const hoarded: Buffer[] = [];
const never = (): Promise<never> => new Promise(() => undefined);
let noticed = Promise.withResolvers<string>();

serveChild(
  moodyContract,
  {
    double: ({ value }, emit) => {
      emit(`doubling ${value}`);
      return { value: value * 2 };
    },
    environment: ({ name }) => process.env[name] ?? null,
    refuse: () => {
      throw new AppError('bad-input', 'No.', { details: { why: 'mood' } });
    },
    die: ({ signal }) => {
      if (signal === undefined) process.exit(7);
      process.kill(process.pid, signal);
      return never();
    },
    lie: () => ({ honest: false }) as never,
    hoard: async ({ bytes }) => {
      for (let held = 0; held < bytes; held += 2 ** 24) {
        hoarded.push(Buffer.alloc(2 ** 24, 1));
        await new Promise(setImmediate);
      }
      return never();
    },
    hang: () => {
      for (;;);
    },
    waitForNotice: () => noticed.promise,
  },
  {
    onNotice: (notice) => {
      noticed.resolve(notice);
      noticed = Promise.withResolvers();
    },
  },
);
