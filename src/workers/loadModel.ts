import { loadWeights } from '../core/formats/loadWeights.ts';
import type { LoadedModel } from '../core/inference/restorer.ts';
import type { RestoreModel } from '../shared/batches.ts';

/**
 * Reads the weights of a model that was checked before. A graph's file is read where it is opened.
 * @throws AppError `conflict` where the file has changed since, or what reading it throws
 */
export async function loadModel({ file, graph, ...model }: RestoreModel): Promise<LoadedModel> {
  if (!file) return { ...model, weights: new Map() };
  if (graph) return { ...model, weights: new Map(), graph: { ...graph, file: file.path, hash: file.hash } };
  return { ...model, weights: await loadWeights(file) };
}
