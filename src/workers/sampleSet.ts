import { z } from 'zod';
import { drawSampleSet } from '../services/training/drawSampleSet.ts';
import { serveJob } from './host.ts';

/** The child process that draws the sample pictures. It may render SVG, so it opens no file of a user's. */
serveJob(async (payload, job) => {
  const { folder } = z.object({ folder: z.string() }).parse(payload);
  await drawSampleSet(folder, (done) => job.emit(done));
  return { state: 'finished' };
});
