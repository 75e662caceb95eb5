import { drawSampleSet } from '../services/training/drawSampleSet.ts';
import { sampleContract } from '../shared/sampleMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that draws the sample pictures. It may render SVG, so it opens no file of a user's. */
serveChild(sampleContract, {
  draw: async ({ folder }, emit) => {
    await drawSampleSet(folder, emit);
    return {};
  },
});
