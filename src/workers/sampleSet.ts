import { drawSampleSet } from '../services/training/drawSampleSet.ts';
import { sampleSetContract } from '../shared/jobMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that draws the sample pictures. It may render SVG, so it opens no file of a user's. */
serveChild(sampleSetContract, {
  draw: async ({ folder }, tell) => {
    await drawSampleSet(folder, tell);
    return {};
  },
});
