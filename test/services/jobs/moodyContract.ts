import { z } from 'zod';
import { childCall, childContract } from '../../../src/shared/childMessages.ts';

/** A child for tests that behaves well or badly, as it is asked. */
export const moodyContract = childContract(
  '../../test/services/jobs/moodyWorker',
  {
    double: childCall(z.object({ value: z.number() }), z.object({ value: z.number() }), z.string()),
    environment: childCall(z.object({ name: z.string() }), z.string().nullable()),
    refuse: childCall(z.object({}), z.object({})),
    die: childCall(z.object({ signal: z.string().optional() }), z.object({})),
    /** Answers something else than its contract says. */
    lie: childCall(z.object({}), z.object({ honest: z.literal(true) })),
    /** Holds this many bytes of memory, and never answers. */
    hoard: childCall(z.object({ bytes: z.number() }), z.object({})),
    /** Never answers, and hears nothing meanwhile. */
    hang: childCall(z.object({}), z.object({})),
    waitForNotice: childCall(z.object({}), z.string()),
  },
  z.string(),
);
