import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';

/** The child process that draws the sample pictures into a folder, and reports how many are done. */
export const sampleContract = childContract('sampleSet', {
  draw: childCall(z.object({ folder: z.string() }), z.object({}), z.int()),
});
