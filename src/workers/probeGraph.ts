import { openGraphModel } from '../core/formats/graphModels.ts';
import { graphContract } from '../shared/engineMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that opens a graph model and tells its format and scale. */
serveChild(graphContract, {
  probe: async ({ path, graph }) => {
    const model = await openGraphModel(path, graph);
    const { format, scale } = model;
    await model.dispose();
    return { format, scale };
  },
});
