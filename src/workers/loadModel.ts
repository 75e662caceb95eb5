import { loadWeights } from '../core/formats/loadWeights.ts';
import type { LoadedModel } from '../core/inference/restorer.ts';
import type { RestoreModel } from '../shared/batches.ts';

/**
 * Reads the weights of a model that was checked before. The file of a graph is read when it is opened.
 * @throws AppError `conflict` if the file has changed since, and the errors of reading it
 */
export async function loadModel({ file, graph, ...model }: RestoreModel): Promise<LoadedModel> {
  if (!file) return { ...model, weights: new Map() };
  if (graph) return { ...model, weights: new Map(), graph: { ...graph, file: file.path, hash: file.hash } };
  return { ...model, weights: await loadWeights(file) };
}
