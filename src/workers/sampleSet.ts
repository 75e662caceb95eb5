import { drawSampleSet } from '../services/training/drawSampleSet.ts';
import { sampleContract } from '../shared/sampleMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that draws the sample pictures. It may render SVG, so it never opens a user's file. */
serveChild(sampleContract, {
  draw: async ({ folder }, emit) => {
    await drawSampleSet(folder, emit);
    return {};
  },
});
