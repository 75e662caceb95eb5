import { openGraphModel } from '../core/formats/graphModels.ts';
import { toWire } from '../shared/errors.ts';

/** Child process: opens a graph model, tells its format and scale, and ends. */
try {
  const { path, graph } = JSON.parse(process.argv[2] ?? '{}') as {
    path: string;
    graph: { range: number; multipleOf: number };
  };
  const model = await openGraphModel(path, graph);
  process.send?.({ answer: { format: model.format, scale: model.scale } });
  await model.dispose();
} catch (error) {
  process.send?.({ error: toWire(error) });
}
