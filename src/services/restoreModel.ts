import type { ModelReference, RestoreModel } from '../shared/restore.ts';
import type { Home } from './home.ts';
import { type ResolvedModel, resolveModel } from './models.ts';

/**
 * A model by what people call it (see resolveModel; `identity` is the one that changes nothing), as the worker and as the
 * ledger need it.
 * @throws AppError as resolveModel does
 */
export async function findModel(ref: string, home: Home): Promise<{ model: RestoreModel; reference: ModelReference }> {
  if (ref === 'identity') return { model: { title: 'identity', network: 'identity', options: {}, weights: new Map() }, reference: { ref, title: 'identity', hash: '', scale: 1 } };
  const resolved = await resolveModel(ref, home);
  const { title, hash, scale, run } = resolved;
  return { model: toRestoreModel(resolved), reference: { ref, title, hash, scale, ...(run === undefined ? {} : { run }) } };
}

/** What the worker needs of a model: the weights, or the file of a finished graph. */
export function toRestoreModel({ title, network, options, inputNorm, weights, file, graph }: ResolvedModel): RestoreModel {
  return { title, network, options, weights, ...(inputNorm && { inputNorm }), ...(graph && { graph: { ...graph, file } }) };
}
