import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';

/** The child process that loads the engine and reports facts about it. */

/** Facts about the engine; see core/engine/device.ts. */
export const engineFacts = z.object({
  tensorflow: z.string(),
  device: z.object({
    kind: z.enum(['cpu', 'gpu']),
    name: z.string(),
    memory: z.number(),
    threads: z.int(),
    bf16: z.array(z.string()),
  }),
});
export type EngineFacts = z.infer<typeof engineFacts>;

export const engineContract = childContract('engineFacts', {
  facts: childCall(z.object({}), engineFacts),
});
